import JSON
import Model

extension QdrantStore: Searching {
    /// By Qdrant's own search where it has the metric and the condition; else every record is looked at.
    package func nearest(
        _ queries: Column, count: Int, field name: String, in collection: String, metric: Metric?,
        where filter: Filter?, limit: Int
    ) async throws(StoreError) -> [[Hit]] {
        let reading = QdrantReading(server, try await fresh(collection))
        let field = try reading.description.collection.vector(named: name)
        let wanted = try field.metric(or: metric)
        let isOwn = field.metric == wanted && field.layout != .multi && limit > 0
        guard isOwn, (filter?.conjuncts ?? []).allSatisfy(reading.answers) else {
            return try await ExactSearch(reading)
                .nearest(queries, count: count, field: name, metric: metric, where: filter, limit: limit)
        }
        if let filter { _ = try BoundFilter(filter, reading.description.collection) }
        let search = QdrantSearch(
            table: reading.table, field: field,
            filter: try QdrantFilter(reading.table, engine).whole(filter), limit: limit)
        var found: [[Hit]] = []
        for row in 0..<count { found.append(try await search.hits(queries, row, server)) }
        return found
    }
}

/// One search, as Qdrant is asked for it.
private struct QdrantSearch: Sendable {
    let table: QdrantTable
    let field: VectorField
    let filter: JSONValue?
    let limit: Int

    func hits(_ queries: Column, _ row: Int, _ server: QdrantServer) async throws(StoreError) -> [Hit] {
        let vector = try vector(queries, row)
        let isNew = server.engine.hasQuery
        var members: [JSONValue.Member] = [
            .init("limit", .integer(Int64(limit))), .init("with_payload", false), .init("with_vector", false),
        ]
        if let filter { members.append(.init("filter", filter)) }
        let name = field.name == table.unnamed ? nil : field.name
        if isNew {
            members.append(.init("query", vector))
            if let name { members.append(.init("using", .string(name))) }
        } else {
            members.append(.init("vector", name.map { ["name": .string($0), "vector": vector] } ?? vector))
        }
        let bytes = try await server.line.bytes(
            "POST", QdrantServer.path(table.name, isNew ? "/points/query" : "/points/search"),
            Array(JSONValue.object(members).text.utf8), about: table.name)
        do { return try Self.hits(bytes) } catch { throw server.line.malformed(error) }
    }

    private static func hits(_ bytes: [UInt8]) throws(JSONError) -> [Hit] {
        var hits: [Hit] = []
        try bytes.withScanner { scanner throws(JSONError) in
            try scanner.object { (scanner, name) throws(JSONError) in
                guard scanner.isName(name, "result") else { return _ = try scanner.skip() }
                guard try scanner.kind() == .object else { return try read(&scanner, into: &hits) }
                try scanner.object { (scanner, name) throws(JSONError) in
                    guard scanner.isName(name, "points") else { return _ = try scanner.skip() }
                    try read(&scanner, into: &hits)
                }
            }
        }
        return hits
    }

    private static func read(_ scanner: inout JSONScanner, into hits: inout [Hit]) throws(JSONError) {
        try scanner.array { scanner throws(JSONError) in
            var (key, score): (Key?, Float?) = (nil, nil)
            try scanner.object { (scanner, name) throws(JSONError) in
                if scanner.isName(name, "id") { return key = try QdrantKey.read(&scanner) }
                if scanner.isName(name, "score") { return score = try scanner.float() }
                try scanner.skip()
            }
            guard let key, let score else { throw JSONError("a point without id or score", at: scanner.offset) }
            hits.append(Hit(key: key, score: score))
        }
    }

    private func vector(_ queries: Column, _ row: Int) throws(StoreError) -> JSONValue {
        var json = JSONWriter()
        RecordWriter(Collection(name: "", key: KeyField(type: .id), vectors: [field]))
            .write(field, valueOf: queries, row: row, to: &json)
        return .raw(json.bytes)
    }
}
