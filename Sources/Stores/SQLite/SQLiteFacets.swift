import Model

extension SQLiteStore: Indexing {
    package nonisolated var kinds: [IndexKind] { SQLiteTable.indexKinds }

    package func create(_ index: Index, on name: String) throws(StoreError) {
        let connection = try opened(for: name)
        try connection.transaction { () throws(StoreError) in
            var table = try connection.table(name)
            if let existing = table.collection.indexes.first(where: { $0.name == index.name }) {
                guard existing == index else { throw .indexDiffers(index.name, name) }
                return
            }
            try table.collection.checkField(index.field)
            try table.collection.checkBuildable(index)
            var names = try connection.takenNames()
            try connection.build(index, on: &table, &names)
            table.collection.indexes.append(index)
            try connection.save(table)
        }
    }

    package func drop(index: String, on name: String) throws(StoreError) {
        let connection = try opened(for: name)
        try connection.transaction { () throws(StoreError) in
            var table = try connection.table(name)
            guard table.collection.indexes.contains(where: { $0.name == index }) else {
                throw .noIndex(index, table.collection)
            }
            if let built = table.columns.indexes.removeValue(forKey: index) {
                try connection.run("DROP INDEX IF EXISTS \(built.quoted)")
            }
            table.collection.indexes.removeAll { $0.name == index }
            try connection.save(table)
        }
    }
}

extension SQLiteTable {
    static let indexKinds = [
        IndexKind("btree", on: .field, "finds equal and ordered values of a field fast"),
        IndexKind("flat", on: .vector, "every vector is looked at: exact"),
    ]
}

extension Collection {
    /// Throws unless SQLite builds such an index on this field.
    func checkBuildable(_ index: Index) throws(StoreError) {
        guard let kind = SQLiteTable.indexKinds.first(where: { $0.type == index.type }) else {
            throw StoreError(
                .unsupported, "SQLite builds no \(index.type) index",
                help: "it has btree, on fields, and flat, on vectors")
        }
        guard index.params.isEmpty else {
            throw StoreError(.rejected, "a \(index.type) index in SQLite has no parameters", help: "leave them out")
        }
        let names = kind.subject == .vector ? vectors.map(\.name) : fields.filter(\.type.isOrdered).map(\.name)
        guard names.contains(index.field) else {
            throw StoreError(
                .rejected, "a \(index.type) index cannot stand on \"\(index.field)\" of \(name)",
                help: names.isEmpty ? "no field here can have one" : "it can stand on \(names.joined(separator: ", "))")
        }
    }
}

extension FieldType {
    fileprivate var isOrdered: Bool {
        switch self {
        case .bool, .int8, .int16, .int32, .int64, .float, .double, .timestamp, .text: true
        case .json, .array: false
        }
    }
}

extension SQLiteStore: Aliasing {
    package func aliases() throws(StoreError) -> [String: String] {
        Dictionary(uniqueKeysWithValues: try opened()?.aliases() ?? [])
    }

    package func point(_ alias: String, to name: String) throws(StoreError) {
        let connection = try opened(for: name)
        try connection.transaction { () throws(StoreError) in
            guard try connection.collection(alias) == nil else { throw .isCollection(alias) }
            let target = try connection.table(name).collection.name
            try connection.run(
                "INSERT INTO _vecsh_aliases VALUES (?, ?) ON CONFLICT (alias) DO UPDATE SET name = excluded.name",
                [.text(alias), .text(target)])
        }
    }

    package func remove(alias: String) throws(StoreError) {
        guard let connection = try opened() else { throw .noAlias(alias) }
        try connection.transaction { () throws(StoreError) in
            let sql = "DELETE FROM _vecsh_aliases WHERE alias = ?"
            guard try connection.change(sql, [.text(alias)]) == 1 else { throw .noAlias(alias) }
        }
    }
}

extension SQLiteStore: Renaming {
    package func rename(_ name: String, to newName: String) throws(StoreError) {
        let connection = try opened(for: name)
        try connection.transaction { () throws(StoreError) in
            guard try !connection.isAlias(name) else { throw .isAlias(name) }
            guard try connection.collection(newName) == nil else { throw .isCollection(newName) }
            guard try !connection.isAlias(newName) else { throw .isAlias(newName) }
            guard var table = try connection.collection(name) else { throw .noCollection(name) }
            var names = try connection.takenNames()
            let newTable = names.claim(newName)
            try connection.run("ALTER TABLE \(table.name.quoted) RENAME TO \(newTable.quoted)")
            table.name = newTable
            table.collection.name = newName
            try connection.save(table)
            try connection.run("UPDATE _vecsh_aliases SET name = ? WHERE name = ?", [.text(newName), .text(name)])
        }
    }
}
