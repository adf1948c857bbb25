import Model

/// Generations are collections under names of their own.
extension MemoryStore: Generations {
    package nonisolated var isAtomic: Bool { true }

    package func staging(for name: String) throws(StoreError) -> String {
        guard targets[name] == nil else { throw .isAlias(name) }
        return GenerationName.staging(name)
    }

    package func list(_ name: String) throws(StoreError) -> [Description] {
        var found: [Description] = []
        for name in names.generations(of: name) { found.append(try describe(name)) }
        return found
    }

    package func swap(_ moves: [Move]) throws(StoreError) {
        let renamed = try names.after(moves)
        let moved = tables.values.filter { renamed[$0.identity] != nil }
        for table in moved { tables[table.collection.name] = nil }
        for var table in moved {
            table.collection.name = renamed[table.identity] ?? table.collection.name
            tables[table.collection.name] = table
        }
    }

    private var names: GenerationNames {
        GenerationNames(tables.mapValues(\.identity), aliases: Set(targets.keys))
    }
}
