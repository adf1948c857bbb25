import JSON
import Model

extension ChromaStore: Renaming {
    package func rename(_ name: String, to newName: String) async throws(StoreError) {
        let table = try await server.table(name)
        if let why = engine.objection(to: newName) {
            throw StoreError(.unsupported, "\"\(newName)\" is no name here: \(why)")
        }
        guard try await server.existing(newName) == nil else { throw .isCollection(newName) }
        try await move(table, to: newName)
    }

    private func move(_ table: ChromaTable, to name: String) async throws(StoreError) {
        let body = JSONValue.object([.init("new_name", .string(name))])
        _ = try await server.line.bytes("PUT", server.path(table, ""), Array(body.text.utf8), about: table.name)
        forget()
    }
}

/// Generations are collections under names of their own. Chroma renames one at a time, so that for a moment a name stands
/// for nothing; a swap that was cut off goes on from where it stands.
extension ChromaStore: Generations {
    package var isAtomic: Bool { false }

    package func course(of name: String) -> String? {
        "Chroma renames one collection after the other, and for a moment nothing has the name"
    }

    package func staging(for name: String) async throws(StoreError) -> String { GenerationName.staging(name) }

    package func list(_ name: String) async throws(StoreError) -> [Description] {
        let tables = try await server.tables()
        let holders = Dictionary(tables.map { ($0.name, $0.identity) }) { $1 }
        return GenerationNames(holders).generations(of: name).compactMap { name in
            tables.first { $0.name == name }?.description(engine)
        }
    }

    package func swap(_ moves: [Move]) async throws(StoreError) {
        guard !moves.isEmpty else { return }
        var tables: [String: ChromaTable] = [:]
        for table in try await server.tables() { tables[table.name] = table }
        for step in try GenerationSteps(moves, tables.mapValues(\.identity)).renames {
            guard let table = tables.removeValue(forKey: step.from) else { throw .changed(step.from) }
            try await move(table, to: step.to)
            tables[step.to] = table
        }
    }
}
