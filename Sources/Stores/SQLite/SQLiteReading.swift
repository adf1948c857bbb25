import Model

/// One collection as it was when the reading was opened: a read transaction on a connection of its own.
actor SQLiteReading: Reading {
    private let queue = BlockingQueue("sqlite reading")
    nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    nonisolated let moment = Moment(token: "now", life: .session)
    nonisolated let description: Description
    nonisolated let table: SQLiteTable
    nonisolated let revision: String?
    private var connection: SQLiteConnection?

    /// Waits on the disk, so that the caller must be where one may.
    static func open(_ file: SQLiteFile, _ name: String) throws(StoreError) -> SQLiteReading {
        let connection = try file.connect()
        try connection.run("PRAGMA query_only = ON")
        try SQLiteScore.register(in: connection)
        try connection.run("BEGIN")
        guard try connection.hasCatalog() else { throw .noCollection(name) }
        let table = try connection.table(name)
        let revision = String(try connection.revision(of: table))
        return SQLiteReading(connection, table, try connection.describe(table), revision)
    }

    private init(
        _ connection: sending SQLiteConnection, _ table: SQLiteTable, _ description: Description, _ revision: String
    ) {
        self.connection = connection
        self.table = table
        self.description = description
        self.revision = revision
    }

    nonisolated func answers(_ conjunct: Filter) -> Bool { SQLiteFilter(table).condition(conjunct) != nil }

    func count(_ filter: Filter?) throws(StoreError) -> Int {
        let condition = try condition(filter)
        let sql = "SELECT count(*) FROM \(table.name.quoted) WHERE \(condition.sql)"
        return Int(try connected().number(sql, condition.values) ?? 0)
    }

    func slices(atMost count: Int) throws(StoreError) -> [Slice] {
        let total = try self.count(nil)
        let pieces = max(1, min(count, total))
        let row = table.columns.row.quoted
        let sql = "SELECT \(row) FROM \(table.name.quoted) WHERE \(row) >= ? ORDER BY \(row) LIMIT 1 OFFSET ?"
        var slices = [Slice()]
        var start = Int64.min
        for piece in 1..<pieces {
            let size = total * piece / pieces - total * (piece - 1) / pieces
            guard let cut = try connected().number(sql, [.integer(start), .integer(Int64(size - 1))]) else { break }
            slices[piece - 1].through = Cursor(row: cut)
            slices.append(Slice(index: piece, after: Cursor(row: cut)))
            start = cut + 1
        }
        return slices
    }

    func page(_ scan: Scan) throws(StoreError) -> Page? {
        let first = try scan.slice.after.map { after throws(StoreError) in try after.row(in: table) }
        let last = try scan.slice.through.map { through throws(StoreError) in try through.row(in: table) } ?? .max
        guard first != .max else { return nil }
        let condition = try condition(scan.filter, isOrdered: true)
        let row = table.columns.row.quoted
        var rows = SQLiteRows(table, scan.wanted)
        let statement = try connected().prepared(
            """
            SELECT \(rows.selection) FROM \(table.name.quoted) WHERE \(row) >= ? AND \(row) <= ? AND \(condition.sql) \
            ORDER BY \(row) LIMIT ?
            """)
        defer { statement.reset() }
        let bounds: [SQLiteValue] = [.integer(first.map { $0 + 1 } ?? .min), .integer(last)]
        let limit = SQLiteValue.integer(Int64(max(1, scan.budget.records)))
        try statement.bind(bounds + condition.values + [limit])
        try rows.take(statement, atMost: scan.budget.bytes)
        return rows.last.map { Page(batch: rows.batch, end: Cursor(row: $0)) }
    }

    func fetch(_ keys: [Key], _ wanted: Projection) throws(StoreError) -> Batch {
        var rows = SQLiteRows(table, wanted)
        let key = table.columns.key.quoted
        let sql = "SELECT \(rows.selection) FROM \(table.name.quoted) WHERE \(key) = ?"
        for key in Set(keys) where table.collection.key.type.accepts(key) {
            let statement = try connected().prepared(sql)
            defer { statement.reset() }
            try statement.bind([SQLiteValue(key)])
            try rows.take(statement, atMost: .max)
        }
        return rows.batch
    }

    func close() { connection = nil }

    // MARK: Steps

    func connected() throws(StoreError) -> SQLiteConnection {
        guard let connection else { throw StoreError(.expired, "this reading is closed", help: "open another") }
        return connection
    }

    func condition(_ filter: Filter?, isOrdered: Bool = false) throws(StoreError) -> SQLiteCondition {
        guard let filter else { return .always }
        // A condition that stands alone cannot close the brackets that it is put into.
        for text in filter.natives {
            _ = try connected().prepared("SELECT 1 FROM \(table.name.quoted) WHERE \(text)\n")
        }
        guard let condition = SQLiteFilter(table, isOrdered: isOrdered).condition(filter) else {
            throw StoreError(.unsupported, "SQLite does not answer this filter", help: "ask for the parts it answers")
        }
        return condition
    }
}

extension Cursor {
    /// The place just behind a row.
    fileprivate init(row: Int64) { self.init(String(row)) }

    fileprivate func row(in table: SQLiteTable) throws(StoreError) -> Int64 {
        guard let row = Int64(token) else {
            throw StoreError(.malformed, "\"\(token)\" is no place in \(table.collection.name)", help: "start anew")
        }
        return row
    }
}
