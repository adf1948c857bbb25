import JSON
import Model

extension PostgreSQLStore: Altering {
    package func alter(_ part: ShapePart, of name: String) async throws(StoreError) {
        let available = state.available
        try await lanes.run { connection throws(StoreError) in
            try connection.transaction { () throws(StoreError) in
                let table = try PostgreSQLCatalog(connection).table(name)
                try connection.run("LOCK TABLE \(table.name.sql) IN ACCESS EXCLUSIVE MODE")
                for statement in try table.statements(altering: part, available) { try connection.run(statement) }
            }
        }
    }
}

extension PostgreSQLTable {
    fileprivate func statements(
        altering part: ShapePart, _ available: PostgreSQLExtension
    ) throws(StoreError) -> [String] {
        let made = try collection.altering(part)
        guard let old = column(of: part) else { throw .noCollection(collection.name) }
        guard !old.isGenerated, old.reading == nil else {
            throw StoreError(
                .unsupported, "\"\(part.name)\" of \(collection.name) is made of other columns, and cannot be altered")
        }
        // Of a shape with nothing else, the column that a new table would have.
        var shape = Collection(name: made.name, key: KeyField(name: "", type: .int64))
        switch part {
        case .vector: shape.vectors = made.vectors.filter { $0.name == part.name }
        case .field: shape.fields = made.fields.filter { $0.name == part.name }
        }
        guard var column = try PostgreSQLSchema(shape, name, available).columns.last else { return [] }
        try checkLayout(part)
        if Text(old.name) != Text(part.name) { column.note.name = part.name }
        if placement != nil { column.note = PostgreSQLNote() }
        let alter = "ALTER TABLE \(name.sql) ALTER COLUMN \(old.name.quoted)"
        let comment = column.note.comment.map(\.literal) ?? "NULL"
        return [
            "\(alter) DROP NOT NULL", "\(alter) DROP DEFAULT", "\(alter) TYPE \(column.type) USING NULL",
            "COMMENT ON COLUMN \(name.sql).\(old.name.quoted) IS \(comment)",
        ]
    }

    private func column(of part: ShapePart) -> PostgreSQLColumn? {
        switch part {
        case .vector: collection.vectors.firstIndex { $0.name == part.name }.map { vectors[$0] }
        case .field: collection.fields.firstIndex { $0.name == part.name }.map { fields[$0] }
        }
    }

    /// In a table that another program has laid out only the dimension is ours to choose.
    private func checkLayout(_ part: ShapePart) throws(StoreError) {
        guard placement != nil else { return }
        guard case .vector(let vector) = part, vector.layout == .dense, vector.element == .float32 else {
            throw StoreError(
                .unsupported, "table \(name.table) has the columns that its program wants",
                help: "only the dimension of its vectors can be altered")
        }
    }
}
