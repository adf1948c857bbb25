import CPQ
import JSON
import Model

/// Records on their way into a table.
extension PostgreSQLConnection {
    /// Inserts records by a plain COPY, which fails as a whole if one of them is there already.
    func copy(_ batch: Batch, into table: PostgreSQLTable) throws(StoreError) {
        let columns = table.written.map(\.name.quoted).joined(separator: ", ")
        try copy(batch, of: table, "COPY \(table.name.sql) (\(columns)) FROM STDIN (FORMAT binary)")
    }

    /// Inserts or replaces by key: a COPY into a table of our own, and from there in one statement.
    func upsert(_ batch: Batch, into table: PostgreSQLTable) throws(StoreError) {
        let kept = batch.lastOfEachKey
        do throws(StoreError) {
            try transaction { () throws(StoreError) in
                try run(table.stage)
                try copy(
                    kept.map { batch.rows($0) } ?? batch, of: table,
                    "COPY pg_temp._vecsh_stage FROM STDIN (FORMAT binary)")
                try check(table)
                try run(table.insertion)
            }
        } catch {
            var error = error
            if let kept { error.rows = error.rows.map { kept[$0] } }
            // A second unique column: no other record may have this value.
            if error.code == .conflict { error.code = .rejected }
            throw error
        }
    }

    /// Throws if a record that has arrived cannot stand in the table as it is.
    private func check(_ table: PostgreSQLTable) throws(StoreError) {
        guard let way = table.way, let condition = way.condition else { return }
        let key = table.writtenKey.name.quoted
        let wrong = try run("SELECT \(key) FROM pg_temp._vecsh_stage WHERE (\(condition)) IS NOT TRUE LIMIT 1").rows
            .first
        guard let wrong else { return }
        throw StoreError(
            .rejected,
            "record \(wrong.string(0)) of \(table.collection.name) has a key that its fields do not say",
            help: way.rule)
    }

    private func copy(_ batch: Batch, of table: PostgreSQLTable, _ statement: String) throws(StoreError) {
        let isAlone = !isInTransaction
        try run(statement)
        do throws(StoreError) { try send(batch, of: table) } catch {
            if !isLost {
                _ = pq_put_end(handle, "a record is refused")
                drain()
            }
            throw error
        }
        guard pq_put_end(handle, nil) == 0 else { throw lost() }
        defer { drain() }
        do throws(StoreError) { _ = try answer(pq_next_result(handle)) } catch {
            var error = error
            error.mayHaveWritten = isLost && isAlone
            throw error
        }
    }

    private func send(_ batch: Batch, of table: PostgreSQLTable) throws(StoreError) {
        var bytes = PostgreSQLBytes(room: sendSize + sendSize / 4)
        let cells = PostgreSQLCells.all(of: batch, table)
        for number: UInt64 in [0x5047_434F_5059_0AFF] { bytes.append(number) }
        for byte: UInt8 in [0x0D, 0x0A, 0, 0, 0, 0, 0, 0, 0, 0, 0] { bytes.append(byte) }
        for row in 0..<batch.count {
            bytes.append(Int16(cells.count))
            for cell in cells { try cell.append(row, to: &bytes, batch) }
            if bytes.count >= sendSize { try put(&bytes) }
        }
        bytes.append(Int16(-1))
        try put(&bytes)
    }

    private func put(_ bytes: inout PostgreSQLBytes) throws(StoreError) {
        guard pq_put(handle, bytes.pointer, Int32(bytes.count)) == 0 else { throw lost() }
        bytes.clear()
    }

    private func drain() {
        while let rest = pq_next_result(handle) { pq_clear(rest) }
    }
}

/// How much is handed over at once: more costs memory, less costs calls.
private let sendSize = 1 << 20

extension PostgreSQLTable {
    /// A table of this transaction, with columns as they travel.
    fileprivate var stage: String {
        let columns = written.map { "\($0.name.quoted) \($0.isCast ? "text" : $0.type)" }
        return "CREATE TEMP TABLE _vecsh_stage (\(columns.joined(separator: ", "))) ON COMMIT DROP"
    }

    fileprivate var insertion: String { way?.insertion(into: name) ?? plainInsertion }

    private var plainInsertion: String {
        let columns = written
        let keys = key.columns.map(\.name)
        let changes = columns.filter { !keys.contains($0.name) }.map {
            "\($0.name.quoted) = excluded.\($0.name.quoted)"
        }
        // In the order of the keys two writers never wait for each other in a circle.
        return """
            INSERT INTO \(name.sql) (\(columns.map(\.name.quoted).joined(separator: ", "))) OVERRIDING SYSTEM VALUE
            SELECT \(columns.map(\.arriving).joined(separator: ", ")) FROM pg_temp._vecsh_stage ORDER BY \(key.order)
            ON CONFLICT (\(key.order)) DO \(changes.isEmpty ? "NOTHING" : "UPDATE SET \(changes.joined(separator: ", "))")
            """
    }

    /// Whether records can go straight into the table.
    var takesCopy: Bool { way == nil && !written.contains(where: \.isCast) }
}

extension Batch {
    /// The last row of each key; nil if every key stands there once.
    fileprivate var lastOfEachKey: [Int]? {
        var last: [Key: Int] = [:]
        last.reserveCapacity(count)
        for (row, key) in keys.enumerated() { last[key] = row }
        return last.count == count ? nil : last.values.sorted()
    }
}
