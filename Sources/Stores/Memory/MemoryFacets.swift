import Model

extension MemoryStore: Searching {}

/// Indexes are kept as they are described; nothing needs them here.
extension MemoryStore: Indexing {
    package nonisolated var kinds: [IndexKind] {
        [
            IndexKind("flat", on: .vector, "every vector is looked at"),
            IndexKind("hnsw", on: .vector, "kept as described, not built", params: ["M", "efConstruction"]),
            IndexKind("inverted", on: .field, "kept as described, not built"),
        ]
    }

    package func create(_ index: Index, on name: String) throws(StoreError) {
        let collection = try table(name).collection
        try collection.checkField(index.field)
        if let existing = collection.indexes.first(where: { $0.name == index.name }) {
            guard existing == index else { throw .indexDiffers(index.name, name) }
            return
        }
        tables[collection.name]?.collection.indexes.append(index)
    }

    package func drop(index: String, on name: String) throws(StoreError) {
        let collection = try table(name).collection
        guard collection.indexes.contains(where: { $0.name == index }) else { throw .noIndex(index, collection) }
        tables[collection.name]?.collection.indexes.removeAll { $0.name == index }
    }
}

extension MemoryStore: Aliasing {
    package func aliases() -> [String: String] { targets }

    package func point(_ alias: String, to name: String) throws(StoreError) {
        guard tables[alias] == nil else { throw .isCollection(alias) }
        targets[alias] = try table(name).collection.name
    }

    package func remove(alias: String) throws(StoreError) {
        guard targets.removeValue(forKey: alias) != nil else { throw .noAlias(alias) }
    }
}

extension MemoryStore: Renaming {
    package func rename(_ name: String, to newName: String) throws(StoreError) {
        guard targets[name] == nil else { throw .isAlias(name) }
        guard tables[newName] == nil else { throw .isCollection(newName) }
        guard targets[newName] == nil else { throw .isAlias(newName) }
        guard var table = tables.removeValue(forKey: name) else { throw .noCollection(name) }
        table.collection.name = newName
        tables[newName] = table
        targets = targets.mapValues { $0 == name ? newName : $0 }
    }
}

extension MemoryStore: Altering {
    package func alter(_ part: ShapePart, of name: String) throws(StoreError) {
        var table = try table(name)
        let shape = try table.collection.altering(part)
        table.collection = shape
        table.rows = table.rows.mapValues { $0.emptying(part, shape) }
        tables[shape.name] = table
    }
}

extension Batch {
    /// One record without a value in a part of the shape.
    fileprivate func emptying(_ part: ShapePart, _ shape: Collection) -> Batch {
        var batch = self
        switch part {
        case .vector(let vector):
            var builder = ColumnBuilder(vector)
            builder.append(missing: .null)
            if let place = shape.vectors.firstIndex(where: { $0.name == vector.name }) {
                batch.vectors[place] = builder.column()
            }
        case .field(let field):
            var builder = ColumnBuilder(field.type)
            builder.append(missing: .null)
            if let place = shape.fields.firstIndex(where: { $0.name == field.name }) {
                batch.fields[place] = builder.column()
            }
        }
        return batch
    }
}
