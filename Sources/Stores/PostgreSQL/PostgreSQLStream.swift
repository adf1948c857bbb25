import CPQ
import Model

/// Where a row lies in its table.
struct PostgreSQLPlace: Hashable, Sendable {
    var block: UInt32
    var item: UInt16

    var sql: String { "'(\(block),\(item))'::tid" }
}

/// A place in a scan: which of a table's parts, and where in it.
struct PostgreSQLCursor: Hashable, Sendable {
    var part: UInt32
    var place: PostgreSQLPlace

    var cursor: Cursor { Cursor("\(part)/\(place.block)/\(place.item)") }

    init(part: UInt32, place: PostgreSQLPlace) {
        self.part = part
        self.place = place
    }

    init(_ cursor: Cursor, in table: PostgreSQLTable) throws(StoreError) {
        let words = cursor.token.split(separator: "/")
        guard words.count == 3, let part = UInt32(words[0]), let block = UInt32(words[1]), let item = UInt16(words[2]),
            table.parts.contains(part)
        else {
            throw StoreError(
                .malformed, "\"\(cursor.token)\" is no place in \(table.collection.name)", help: "start anew")
        }
        self.init(part: part, place: PostgreSQLPlace(block: block, item: item))
    }
}

/// What is read, and as it was when.
struct PostgreSQLSource: Sendable {
    var table: PostgreSQLTable
    /// Exported by a transaction that stays open as long as anything is read.
    var snapshot: String
}

extension PostgreSQLConnection {
    /// Begins a transaction that sees what the snapshot saw.
    func begin(_ source: PostgreSQLSource) throws(StoreError) {
        try run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        do throws(StoreError) { try run("SET TRANSACTION SNAPSHOT \(source.snapshot.literal)") } catch {
            guard !isLost else { throw error }
            throw StoreError(
                .expired, "the moment at which \(source.table.collection.name) was read is over: \(error.message)",
                help: "read it as it is now")
        }
    }

    /// The name that a table has now, which stays until the transaction ends.
    func lockedName(_ oid: UInt32, _ source: PostgreSQLSource) throws(StoreError) -> String {
        for _ in 0..<8 {
            let name = try run("SELECT \(oid)::oid::regclass::text").rows.first?.string(0) ?? ""
            guard UInt32(name) == nil else { break }
            do throws(StoreError) {
                try run("SAVEPOINT named; LOCK TABLE \(name) IN ACCESS SHARE MODE")
                if try run("SELECT to_regclass($1)::oid", [name]).rows.first?.number(0) == Int(oid) { return name }
            } catch {
                guard !isLost, error.code == .notFound else { throw error }
            }
            // It was renamed in between.
            try run("ROLLBACK TO SAVEPOINT named")
        }
        throw StoreError(
            .expired, "\(source.table.collection.name) was dropped while it was read", help: "start anew")
    }

    /// Runs `body` with what the snapshot saw, and the table's name.
    func seeing<Result>(
        _ source: PostgreSQLSource, _ body: (String) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try begin(source)
        let result = try body(lockedName(source.table.oid, source))
        try run("COMMIT")
        return result
    }

    /// The next row of a COPY, to be freed; nil at its end, which is awaited.
    func nextRow() throws(StoreError) -> UnsafeMutableRawBufferPointer? {
        var row: UnsafeMutablePointer<CChar>?
        let length = pq_get(handle, &row)
        if length >= 0, let row { return UnsafeMutableRawBufferPointer(start: row, count: Int(length)) }
        guard length == -1 else { throw lost() }
        defer { while let rest = pq_next_result(handle) { pq_clear(rest) } }
        _ = try answer(pq_next_result(handle))
        return nil
    }

    /// Hands over the rows of a query, in binary.
    func copyOut(
        _ query: String, _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Void
    ) throws(StoreError) {
        try run("COPY (\(query)) TO STDOUT (FORMAT binary)")
        while let row = try nextRow() {
            defer { pq_free(row.baseAddress) }
            if let part = UnsafeRawBufferPointer(row).copiedRow { try body(part) }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The row in a message of a COPY, of which the first has a header and the last no row.
    var copiedRow: UnsafeRawBufferPointer? {
        let isFirst = count >= 19 && self[0] == UInt8(ascii: "P") && self[6] == 0x0A && self[7] == 0xFF
        let row = isFirst ? part(19, count - 19) : self
        return row.count < 2 || row.number(0, as: Int16.self) < 0 ? nil : row
    }
}

/// The rows behind a place, as a query hands them out: page after page, as long as they are asked for in order.
final class PostgreSQLStream {
    private let connection: PostgreSQLConnection
    private let source: PostgreSQLSource
    /// What comes next.
    private var scan: Scan
    private var rows: PostgreSQLRows
    private let condition: String
    private var parts: ArraySlice<UInt32>
    private let first: PostgreSQLCursor?
    private let last: PostgreSQLCursor?
    private var isOpen = false
    /// A row that did not fit the last page.
    private var pending: UnsafeMutableRawBufferPointer?

    init(_ scan: Scan, _ source: PostgreSQLSource, _ connection: PostgreSQLConnection) throws(StoreError) {
        let table = source.table
        self.connection = connection
        self.source = source
        self.scan = scan
        rows = PostgreSQLRows(table, scan.wanted)
        condition = try PostgreSQLFilter(table).checked(scan.filter, connection)
        first = try scan.slice.after.map { cursor throws(StoreError) in try PostgreSQLCursor(cursor, in: table) }
        last = try scan.slice.through.map { cursor throws(StoreError) in try PostgreSQLCursor(cursor, in: table) }
        let from = first.flatMap { table.parts.firstIndex(of: $0.part) } ?? 0
        let to = last.flatMap { table.parts.firstIndex(of: $0.part) } ?? table.parts.count - 1
        parts = from <= to ? table.parts[from...to] : []
    }

    deinit { if let pending { pq_free(pending.baseAddress) } }

    func continues(_ scan: Scan) -> Bool {
        scan.slice == self.scan.slice && scan.filter == self.scan.filter && scan.wanted == self.scan.wanted
    }

    /// Nil past the end.
    func page(_ budget: Budget) throws(StoreError) -> Page? {
        var end: PostgreSQLCursor?
        while let part = parts.first, end == nil {
            try open(part)
            end = try fill(budget, part)
        }
        guard let end else { return nil }
        scan.slice.after = end.cursor
        return Page(batch: rows.take(), end: end.cursor)
    }

    /// Answers where the last row lies; nil if the part had none, and is at its end.
    private func fill(_ budget: Budget, _ part: UInt32) throws(StoreError) -> PostgreSQLCursor? {
        var end: PostgreSQLCursor?
        while rows.count < max(1, budget.records) {
            guard let message = try nextMessage() else {
                parts.removeFirst()
                isOpen = false
                try connection.run("COMMIT")
                return end
            }
            pending = message
            guard let row = UnsafeRawBufferPointer(message).copiedRow else {
                free(message)
                continue
            }
            if rows.count > 0, rows.bytes + row.count > budget.bytes { return end }
            defer { free(message) }
            end = PostgreSQLCursor(part: part, place: try rows.append(row))
        }
        return end
    }

    private func nextMessage() throws(StoreError) -> UnsafeMutableRawBufferPointer? {
        if let pending { return pending }
        return try connection.nextRow()
    }

    private func free(_ message: UnsafeMutableRawBufferPointer) {
        pq_free(message.baseAddress)
        pending = nil
    }

    /// Rows come as they lie: the plans that could bring them in another order are ruled out.
    private func open(_ part: UInt32) throws(StoreError) {
        guard !isOpen else { return }
        try connection.begin(source)
        try connection.run(
            """
            SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_indexonlyscan = off;
            SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL synchronize_seqscans = off
            """)
        try connection.widen()
        let name = try connection.lockedName(part, source)
        var conditions = [condition]
        if let first, first.part == part { conditions.append("ctid > \(first.place.sql)") }
        if let last, last.part == part { conditions.append("ctid <= \(last.place.sql)") }
        let query = "SELECT \(rows.selection) FROM ONLY \(name) WHERE \(conditions.joined(separator: " AND "))"
        try connection.run("COPY (\(query)) TO STDOUT (FORMAT binary)")
        isOpen = true
    }

    /// Ends the query before its rows have all been read.
    func stop() {
        guard isOpen, !connection.isLost else { return }
        isOpen = false
        if let canceller = pq_canceller(connection.handle) {
            pq_cancel(canceller)
            pq_free_canceller(canceller)
        }
        while let row = try? connection.nextRow() { pq_free(row.baseAddress) }
        if connection.isInTransaction { _ = try? connection.run("ROLLBACK") }
    }
}
