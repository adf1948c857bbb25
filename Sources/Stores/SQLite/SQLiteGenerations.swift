import Model

/// Generations are collections under names of their own; a swap renames them in one transaction.
extension SQLiteStore: Generations {
    package nonisolated var isAtomic: Bool { true }

    package func staging(for name: String) throws(StoreError) -> String {
        if let connection = try opened(), try connection.isAlias(name) { throw .isAlias(name) }
        return GenerationName.staging(name)
    }

    package func list(_ name: String) throws(StoreError) -> [Description] {
        guard let connection = try opened() else { return [] }
        var found: [Description] = []
        for name in try connection.generationNames().generations(of: name) {
            if let table = try connection.collection(name) { found.append(try connection.describe(table)) }
        }
        return found
    }

    package func swap(_ moves: [Move]) throws(StoreError) {
        guard let first = moves.first else { return }
        let connection = try opened(for: first.name)
        try connection.transaction { () throws(StoreError) in
            try connection.rename(connection.generationNames().after(moves))
        }
    }
}

extension SQLiteConnection {
    fileprivate func generationNames() throws(StoreError) -> GenerationNames {
        let rows = try rows("SELECT name, identity FROM _vecsh_collections") { ($0.string(0), Identity($0.string(1))) }
        return GenerationNames(Dictionary(rows) { $1 }, aliases: Set(try aliases().map(\.0)))
    }

    /// Gives collections new names, which may be those of others that get new ones; indexes go with their tables.
    fileprivate func rename(_ renamed: [Identity: String]) throws(StoreError) {
        var tables: [SQLiteTable] = []
        for identity in renamed.keys {
            let sql = "SELECT name FROM _vecsh_collections WHERE identity = ?"
            guard let name = try text(sql, [.text(identity.token)]), let table = try collection(name) else { continue }
            tables.append(table)
        }
        for place in tables.indices { try move(&tables[place], to: "_moving_\(tables[place].identity.token)") }
        for place in tables.indices { try move(&tables[place], to: renamed[tables[place].identity] ?? "") }
    }

    private func move(_ table: inout SQLiteTable, to name: String) throws(StoreError) {
        var names = try takenNames()
        let newTable = names.claim(name)
        try run("ALTER TABLE \(table.name.quoted) RENAME TO \(newTable.quoted)")
        table.name = newTable
        table.collection.name = name
        try save(table)
    }
}
