import JSON
import Model

/// What the file knows of its collections, in three tables of ours; a file without them holds none.
extension SQLiteConnection {
    /// The version of the tables that this program writes.
    private static let catalogVersion: Int64 = 1

    /// Whether this file has a catalog; throws if a newer program wrote it.
    func hasCatalog() throws(StoreError) -> Bool {
        guard try number("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_vecsh_catalog'") == 1 else {
            return false
        }
        let found = try number("SELECT value FROM _vecsh_catalog WHERE name = 'version'") ?? 0
        guard (1...Self.catalogVersion).contains(found) else {
            throw StoreError(
                .unsupported,
                "the catalog of \(file.path) has version \(found), this program knows \(Self.catalogVersion)",
                help: "a newer vecsh wrote this file; read it with that one")
        }
        return true
    }

    func makeCatalog() throws(StoreError) {
        guard try !hasCatalog() else { return }
        guard try text("PRAGMA encoding") == "UTF-8" else {
            throw StoreError(
                .unsupported, "\(file.path) keeps text as UTF-16, which may change it", help: "use another file")
        }
        try run("CREATE TABLE _vecsh_catalog (name TEXT PRIMARY KEY, value)")
        try run("INSERT INTO _vecsh_catalog VALUES ('version', \(Self.catalogVersion)), ('settled', 0)")
        try run(
            """
            CREATE TABLE _vecsh_collections (
                name TEXT PRIMARY KEY, identity TEXT NOT NULL UNIQUE, table_name TEXT NOT NULL UNIQUE,
                columns TEXT NOT NULL, shape TEXT NOT NULL
            )
            """)
        try run("CREATE TABLE _vecsh_aliases (alias TEXT PRIMARY KEY, name TEXT NOT NULL)")
    }

    func collectionNames() throws(StoreError) -> [String] {
        try rows("SELECT name FROM _vecsh_collections ORDER BY name") { $0.string(0) }
    }

    func aliases() throws(StoreError) -> [(String, String)] {
        try rows("SELECT alias, name FROM _vecsh_aliases ORDER BY alias") { ($0.string(0), $0.string(1)) }
    }

    func isAlias(_ name: String) throws(StoreError) -> Bool {
        try number("SELECT 1 FROM _vecsh_aliases WHERE alias = ?", [.text(name)]) == 1
    }

    func aliases(of name: String) throws(StoreError) -> [String] {
        try rows("SELECT alias FROM _vecsh_aliases WHERE name = ? ORDER BY alias", [.text(name)]) { $0.string(0) }
    }

    /// The table of the collection of this name, not of an alias.
    func collection(_ name: String) throws(StoreError) -> SQLiteTable? {
        let sql = "SELECT identity, table_name, columns, shape FROM _vecsh_collections WHERE name = ?"
        return try rows(sql, [.text(name)]) { row throws(StoreError) in
            do {
                let shape = try JSONValue(Array(row.bytes(3)))
                guard let columns = SQLiteColumns(json: try JSONValue(Array(row.bytes(2)))) else { throw damaged(name) }
                return SQLiteTable(
                    try Collection(json: shape), identity: Identity(row.string(0)), name: row.string(1),
                    columns: columns)
            } catch { throw damaged(name) }
        }.first
    }

    private func damaged(_ name: String) -> StoreError {
        StoreError(
            .malformed, "the catalog of \(file.path) says nothing sensible of \"\(name)\"",
            help: "`SELECT * FROM _vecsh_collections` shows it")
    }

    /// The table behind a name or an alias.
    func table(_ name: String) throws(StoreError) -> SQLiteTable {
        let target = try text("SELECT name FROM _vecsh_aliases WHERE alias = ?", [.text(name)])
        guard let table = try collection(target ?? name) else { throw .noCollection(name) }
        return table
    }

    /// The names of tables and indexes that are taken in this file.
    func takenNames() throws(StoreError) -> SQLiteNames {
        SQLiteNames(taken: try rows("SELECT name FROM sqlite_schema") { $0.string(0) })
    }

    /// Notes that records of a table have changed; what other programs do to it is not counted.
    func countChange(of table: SQLiteTable) throws(StoreError) {
        try run(
            "INSERT INTO _vecsh_catalog VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1",
            [.text(table.revisionName)])
    }

    /// How often the records of a table were changed.
    func revision(of table: SQLiteTable) throws(StoreError) -> Int64 {
        try number("SELECT value FROM _vecsh_catalog WHERE name = ?", [.text(table.revisionName)]) ?? 0
    }

    func forgetRevision(of table: SQLiteTable) throws(StoreError) {
        try run("DELETE FROM _vecsh_catalog WHERE name = ?", [.text(table.revisionName)])
    }

    /// Notes a collection, new or changed; collections are told apart by their identity.
    func save(_ table: SQLiteTable) throws(StoreError) {
        try run(
            """
            INSERT INTO _vecsh_collections (name, identity, table_name, columns, shape) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (identity) DO UPDATE SET
                name = excluded.name, table_name = excluded.table_name, columns = excluded.columns, shape = excluded.shape
            """,
            [
                .text(table.collection.name), .text(table.identity.token), .text(table.name),
                .text(table.columns.json.text), .text(table.collection.json.text),
            ])
    }

    /// Makes a collection with its table and its indexes.
    func make(_ collection: Collection) throws(StoreError) -> SQLiteTable {
        var names = try takenNames()
        let identity = Identity(UUID.random().description)
        var table = SQLiteTable(collection, identity: identity, taken: &names)
        try run(table.creation)
        if !collection.vectors.isEmpty { try run(table.rowsIndex(names.claim("\(table.name)_rows"))) }
        for index in collection.indexes { try build(index, on: &table, &names) }
        try save(table)
        return table
    }

    /// Builds what an index asks for in the file, and notes its name.
    func build(_ index: Index, on table: inout SQLiteTable, _ names: inout SQLiteNames) throws(StoreError) {
        guard index.type == "btree", let column = table.column(ofField: index.field) else { return }
        let name = names.claim("\(table.name)_\(index.name)")
        try run("CREATE INDEX \(name.quoted) ON \(table.name.quoted) (\(column.quoted))")
        table.columns.indexes[index.name] = name
    }

    func describe(_ table: SQLiteTable) throws(StoreError) -> Description {
        var states: [String: IndexState] = [:]
        if !table.collection.indexes.isEmpty {
            let count = Int(try number("SELECT count(*) FROM \(table.name.quoted)") ?? 0)
            for index in table.collection.indexes { states[index.name] = IndexState(.finished, indexed: count) }
        }
        return Description(
            collection: table.collection, identity: table.identity,
            aliases: try aliases(of: table.collection.name), states: states)
    }
}

extension SQLiteTable {
    fileprivate var revisionName: String { "revision of \(identity.token)" }

    /// The column of a declared payload field.
    func column(ofField name: String) -> String? {
        collection.fields.firstIndex { $0.name == name }.map { columns.fields[$0] }
    }
}
