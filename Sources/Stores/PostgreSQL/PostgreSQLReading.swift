import Model

/// One collection as it was when the reading was opened: a snapshot that several connections see.
final class PostgreSQLReading: Reading {
    let moment: Moment
    let description: Description
    private let source: PostgreSQLSource
    /// Holds the snapshot, and touches no table, so that nobody waits for it.
    private let holder: PostgreSQLLane
    private let lanes: PostgreSQLLanes

    static func open(
        _ server: PostgreSQLServer, _ found: (table: PostgreSQLTable, description: Description), at moment: Moment?
    ) async throws(StoreError) -> PostgreSQLReading {
        let holder = PostgreSQLLane(server)
        let snapshot: String
        if let moment {
            snapshot = moment.token
            let source = PostgreSQLSource(table: found.table, snapshot: snapshot)
            try await holder.run { connection throws(StoreError) in try connection.begin(source) }
        } else {
            snapshot = try await holder.run { connection throws(StoreError) in
                try connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                return try connection.run("SELECT pg_export_snapshot()").rows.first?.string(0) ?? ""
            }
        }
        return PostgreSQLReading(server, found, snapshot, holder)
    }

    private init(
        _ server: PostgreSQLServer, _ found: (table: PostgreSQLTable, description: Description), _ snapshot: String,
        _ holder: PostgreSQLLane
    ) {
        moment = Moment(token: snapshot, life: .session)
        description = found.description
        source = PostgreSQLSource(table: found.table, snapshot: snapshot)
        self.holder = holder
        lanes = PostgreSQLLanes(server, limit: PostgreSQLStore.readers)
    }

    func answers(_ conjunct: Filter) -> Bool { PostgreSQLFilter(source.table).condition(conjunct) != nil }

    func count(_ filter: Filter?) async throws(StoreError) -> Int {
        let source = source
        return try await lanes.run { connection throws(StoreError) in
            let condition = try PostgreSQLFilter(source.table).checked(filter, connection)
            return try connection.seeing(source) { name throws(StoreError) in
                try connection.run("SELECT count(*) FROM \(name) WHERE \(condition)").rows.first?.number(0) ?? 0
            }
        }
    }

    /// Cuts between blocks, counted through all parts of the table.
    func slices(atMost count: Int) async throws(StoreError) -> [Slice] {
        let parts = source.table.parts
        let sizes = try await lanes.run { connection throws(StoreError) in
            var sizes: [Int] = []
            for part in parts {
                let sql = "SELECT pg_relation_size(\(part)) / current_setting('block_size')::int"
                sizes.append(try connection.run(sql).rows.first?.number(0) ?? 0)
            }
            return sizes
        }
        let total = sizes.reduce(0, +)
        let pieces = max(1, min(count, total))
        var slices = [Slice()]
        for piece in 1..<pieces {
            let cut = Self.cut(total * piece / pieces, parts, sizes).cursor
            slices[piece - 1].through = cut
            slices.append(Slice(index: piece, after: cut))
        }
        return slices
    }

    /// The last place of the block before this one.
    private static func cut(_ block: Int, _ parts: [UInt32], _ sizes: [Int]) -> PostgreSQLCursor {
        var rest = block
        for (part, size) in zip(parts, sizes) {
            if rest <= size {
                return PostgreSQLCursor(part: part, place: PostgreSQLPlace(block: UInt32(max(0, rest - 1)), item: .max))
            }
            rest -= size
        }
        return PostgreSQLCursor(part: parts.last ?? 0, place: PostgreSQLPlace(block: .max - 1, item: .max))
    }

    func page(_ scan: Scan) async throws(StoreError) -> Page? {
        try source.table.checkReadable()
        return try await lanes.page(scan, source)
    }

    func fetch(_ keys: [Key], _ wanted: Projection) async throws(StoreError) -> Batch {
        try source.table.checkReadable()
        let source = source
        let condition = source.table.condition(keys: Array(Set(keys)))
        return try await lanes.run { connection throws(StoreError) in
            var rows = PostgreSQLRows(source.table, wanted)
            guard let condition else { return rows.take() }
            try connection.seeing(source) { name throws(StoreError) in
                let query = "SELECT \(rows.selection) FROM \(name) WHERE \(condition)"
                try connection.copyOut(query) { row throws(StoreError) in _ = try rows.append(row) }
            }
            return rows.take()
        }
    }

    func close() async {
        await lanes.close()
        await holder.close()
    }
}

extension PostgreSQLTable {
    /// The rows with one of these keys; nil if none of them can be a key here.
    func condition(keys: [Key]) -> String? { ownCondition(keys: keys).map { "\($0) AND \(scope)" } }

    private func ownCondition(keys: [Key]) -> String? {
        let wanted = keys.filter { collection.key.type.accepts($0) }.compactMap(\.spelling)
        guard !wanted.isEmpty else { return nil }
        guard key.columns.count > 1 else {
            let column = key.columns[0]
            return
                "\(column.reading ?? column.name.quoted) = ANY (\(PostgreSQLLiteral.array(wanted))::\(column.type)[])"
        }
        let several = wanted.map(\.jsonTexts).filter { $0.count == key.columns.count }
        guard !several.isEmpty else { return nil }
        let tuples = several.map { words in
            "(\(zip(words, key.columns).map { "\($0.literal)::\($1.type)" }.joined(separator: ", ")))"
        }
        return "(\(key.order)) IN (\(tuples.joined(separator: ", ")))"
    }
}

extension Key {
    /// Nil for a text that PostgreSQL cannot have.
    fileprivate var spelling: String? {
        let text = description
        return text.utf8.contains(0) ? nil : text
    }
}

/// Values in the text of a statement.
enum PostgreSQLLiteral {
    static func array(_ texts: [String]) -> String {
        let items = texts.map { text in
            "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        }
        return "{\(items.joined(separator: ","))}".literal
    }
}
