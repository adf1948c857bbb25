import Model
import Wire

extension MilvusStore: Aliasing {
    package func aliases() async throws(StoreError) -> [String: String] {
        var found: [String: String] = [:]
        for alias in try await server.aliases(of: "") { found[alias] = try await server.target(ofAlias: alias) }
        return found
    }

    package func point(_ alias: String, to name: String) async throws(StoreError) {
        let target = try await server.described(name).schema.name
        guard try await !server.collectionNames().contains(alias) else { throw .isCollection(alias) }
        var request = server.request(target)
        request.text(4, alias)
        let isKnown = try await server.aliases(of: "").contains(alias)
        // One step wherever it stood before.
        try await server.order(isKnown ? "AlterAlias" : "CreateAlias", request, about: target)
        forget(alias)
    }

    package func remove(alias: String) async throws(StoreError) {
        guard try await server.aliases(of: "").contains(alias) else { throw .noAlias(alias) }
        let request = ProtoWriter { writer in
            writer.text(2, server.database)
            writer.text(3, alias)
        }
        try await server.order("DropAlias", request, about: alias)
        forget(alias)
    }
}

extension MilvusStore: Renaming {
    package func rename(_ name: String, to newName: String) async throws(StoreError) {
        let names = try await server.collectionNames()
        let aliases = try await server.aliases(of: "")
        guard !aliases.contains(name) else { throw .isAlias(name) }
        guard names.contains(name) else { throw .noCollection(name) }
        guard !names.contains(newName) else { throw .isCollection(newName) }
        guard !aliases.contains(newName) else { throw .isAlias(newName) }
        if let why = engine.objection(to: newName) {
            throw StoreError(.rejected, "\"\(newName)\" cannot be a name: \(why)")
        }
        try await move(name, to: newName)
    }

    func move(_ name: String, to newName: String) async throws(StoreError) {
        let request = ProtoWriter { writer in
            writer.text(2, server.database)
            writer.text(3, name)
            writer.text(4, newName)
        }
        try await server.order("RenameCollection", request, about: name)
        await residence.renamed(name, to: newName)
        forget(name)
    }
}

extension MilvusStore: Residency {
    package func load(_ name: String) async throws(StoreError) {
        let table = try await fresh(name)
        if try await server.loadState(table.schema.name) != .loaded { try await server.load(table) }
        await residence.keep(table.schema.name)
    }

    package func release(_ name: String) async throws(StoreError) {
        let table = try await fresh(name)
        try await server.release(table.schema.name)
        for index in table.indexes where index.isForReading { try await server.drop(index, of: table.schema.name) }
        await residence.keep(table.schema.name)
        forget(name)
    }
}

extension MilvusStore: Indexing {
    package var kinds: [IndexKind] { MilvusIndexing(engine).kinds }

    package func create(_ index: Index, on name: String) async throws(StoreError) {
        let table = try await fresh(name)
        let shape = table.collection
        if let namesake = shape.indexes.first(where: { $0.name == index.name }), namesake.field != index.field {
            throw .indexDiffers(index.name, name)
        }
        let made = try buildable(index, on: table)
        if let existing = shape.indexes.first(where: { $0.name == made.name }) {
            guard existing == made.index(on: table.schema) else { throw .indexDiffers(index.name, name) }
            return
        }
        if let other = shape.indexes.first(where: { $0.field == index.field }) {
            throw StoreError(
                .conflict, "\"\(index.field)\" of \(name) has the index \"\(other.name)\", and Milvus has one a field",
                help: "drop it first: drop index … \(other.name)")
        }
        for old in table.indexes where old.isForReading && old.field == index.field {
            try await drop(old, of: table)
        }
        try await server.create(made, of: table.schema.name)
        try await checkKept(made, of: table.schema.name)
        forget(name)
    }

    private func buildable(_ index: Index, on table: MilvusTable) throws(StoreError) -> MilvusIndex {
        guard let field = table.schema.fields.first(where: { $0.name == index.field }) else {
            try table.collection.checkField(index.field)
            throw StoreError(
                .unsupported, "\"\(index.field)\" stands in the open payload, and Milvus indexes declared fields",
                help: "declare it when the collection is made")
        }
        let metric = index.metric ?? table.indexes.first { $0.field == field.name && !$0.isForReading }?.metric
        switch MilvusIndexing(engine).made(index, on: field, metric: metric) {
        case .success(let made): return made.index
        case .failure(let objection):
            throw StoreError(
                .rejected, "no \(index.type) index on \"\(index.field)\" of \(table.schema.name): \(objection.why)",
                help: metric == nil && field.type.vector != nil ? "say which: metric l2|ip|cosine" : nil)
        }
    }

    /// Some servers drop parameters without a word.
    private func checkKept(_ made: MilvusIndex, of name: String) async throws(StoreError) {
        let table = try await fresh(name)
        guard let kept = table.indexes.first(where: { $0.field == made.field && $0.name == made.name }) else { return }
        let wanted = made.index(on: table.schema).params
        let lost = wanted.filter { kept.index(on: table.schema).params[$0.key] != $0.value }.map(\.key).sorted()
        guard lost.isEmpty else {
            throw StoreError(
                .unsupported,
                "\(server.line.address) has built \"\(made.name)\" and not kept \(lost.joined(separator: ", "))",
                help: "leave that out, or use a server that keeps it")
        }
    }

    package func drop(index name: String, on collection: String) async throws(StoreError) {
        let table = try await fresh(collection)
        guard let index = table.indexes.first(where: { $0.name == name }) else {
            throw .noIndex(name, table.collection)
        }
        try await drop(index, of: table)
        forget(collection)
    }

    /// A server may refuse that while the collection is in memory; afterwards it is there again.
    private func drop(_ index: MilvusIndex, of table: MilvusTable) async throws(StoreError) {
        let name = table.schema.name
        let wasLoaded = try await server.loadState(name) == .loaded
        if wasLoaded { try await server.release(name) }
        try await server.drop(index, of: name)
        let isReadable =
            !engine.needsIndexes || table.schema.fields.first { $0.name == index.field }?.type.vector == nil
        if wasLoaded, isReadable { try await server.load(try await fresh(name)) }
    }
}
