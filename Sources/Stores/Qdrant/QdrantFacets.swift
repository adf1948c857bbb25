import JSON
import Model

extension QdrantStore: Aliasing {
    package func aliases() async throws(StoreError) -> [String: String] { try await server.aliases() }

    /// One action moves an alias wherever it stood before.
    package func point(_ alias: String, to name: String) async throws(StoreError) {
        let table = try await fresh(name)
        guard try await !server.names().contains(alias) else { throw .isCollection(alias) }
        if let why = engine.objection(to: alias) {
            throw StoreError(.rejected, "\"\(alias)\" cannot be an alias: \(why)")
        }
        try await server.change(aliases: [.creating(alias, of: table.name)])
        forget()
    }

    package func remove(alias: String) async throws(StoreError) {
        guard try await server.aliases()[alias] != nil else { throw .noAlias(alias) }
        try await server.change(aliases: [.deleting(alias)])
        forget()
    }
}

extension JSONValue {
    static func creating(_ alias: String, of name: String) -> JSONValue {
        ["create_alias": ["alias_name": .string(alias), "collection_name": .string(name)]]
    }

    static func deleting(_ alias: String) -> JSONValue { ["delete_alias": ["alias_name": .string(alias)]] }
}

extension QdrantStore: Indexing {
    package var kinds: [IndexKind] { QdrantIndexing.kinds }

    package func create(_ index: Index, on name: String) async throws(StoreError) {
        let table = try await fresh(name)
        let shape = table.collection
        if let namesake = shape.indexes.first(where: { $0.name == index.name }), namesake.field != index.field {
            throw .indexDiffers(index.name, name)
        }
        try shape.checkField(index.field)
        let made = QdrantIndexing(shape).made(index)
        guard let wanted = made.index else {
            throw StoreError(
                .rejected, "no \(index.type) index on \"\(index.field)\" of \(table.name): \(made.verdict.detail)")
        }
        if let there = shape.indexes.first(where: { $0.name == wanted.name }) {
            if there.holds(wanted) { return }
            guard there.isUnasked else { throw .indexDiffers(index.name, name) }
        }
        try await build(wanted, on: table.name, shape)
        forget()
        try await checkKept(wanted, of: table.name)
    }

    func build(_ index: Index, on name: String, _ shape: Collection) async throws(StoreError) {
        guard index.type == QdrantIndexing.vectorType else {
            let isField = shape.fields.contains { $0.name == index.field }
            let path = isField ? QdrantPath.name(index.field) ?? index.field : QdrantPath.path(index.field)
            let params = [.init("type", .string(index.type))] + (JSONValue.object(index.params).members ?? [])
            _ = try await server.line.result(
                "PUT", QdrantServer.path(name, "/index?wait=true"),
                ["field_name": .string(path), "field_schema": .object(params)], about: name)
            return
        }
        // A graph without edges is how Qdrant says that there is none.
        try await change(graph: index.field, index.params.isEmpty ? ["m": 16] : index.params, of: name)
    }

    private func change(
        graph vector: String, _ params: [String: JSONValue], of name: String
    ) async throws(StoreError) {
        let own = try await fresh(name).unnamed == vector ? "" : vector
        let change: JSONValue = .object([.init(own, ["hnsw_config": .object(params)])])
        _ = try await server.line.result("PATCH", QdrantServer.path(name), ["vectors": change], about: name)
    }

    /// A server leaves out what it does not know.
    private func checkKept(_ index: Index, of name: String) async throws(StoreError) {
        let kept = try await fresh(name).collection.indexes.first { $0.name == index.name }
        let lost = index.params.filter { kept?.params[$0.key] != $0.value }.map(\.key).sorted()
        guard kept == nil || !lost.isEmpty else { return }
        throw StoreError(
            .unsupported,
            kept == nil
                ? "\(server.line.address) has not built \"\(index.name)\""
                : "\(server.line.address) has built \"\(index.name)\" and not kept \(lost.joined(separator: ", "))",
            help: "leave that out, or use a server that keeps it")
    }

    package func drop(index name: String, on collection: String) async throws(StoreError) {
        let table = try await fresh(collection)
        guard let index = table.collection.indexes.first(where: { $0.name == name }) else {
            throw .noIndex(name, table.collection)
        }
        if index.type == QdrantIndexing.vectorType {
            try await change(graph: index.field, ["m": 0], of: table.name)
        } else {
            let isField = table.collection.fields.contains { $0.name == index.field }
            let path = isField ? QdrantPath.name(index.field) ?? index.field : QdrantPath.path(index.field)
            _ = try await server.line.result(
                "DELETE", QdrantServer.path(table.name, "/index/\(path.pathStep)?wait=true"), about: table.name)
        }
        forget()
    }
}

extension Index {
    /// Whether it is all that is wanted, and perhaps more.
    fileprivate func holds(_ wanted: Index) -> Bool {
        field == wanted.field && type == wanted.type && wanted.params.allSatisfy { params[$0.key] == $0.value }
    }

    /// Whether it is a graph that Qdrant builds of itself, so that nobody has wished for it to be as it is.
    fileprivate var isUnasked: Bool { type == QdrantIndexing.vectorType && params.isEmpty }
}
