import JSON
import Model

extension ChromaStore: Searching {
    /// By Chroma's index where the metric is the collection's; else every record is looked at.
    package func nearest(
        _ queries: Column, count: Int, field name: String, in collection: String, metric: Metric?,
        where filter: Filter?, limit: Int
    ) async throws(StoreError) -> [[Hit]] {
        let reading = try await reading(collection)
        let shape = reading.description.collection
        let field = try shape.vector(named: name)
        let wanted = try field.metric(or: metric)
        if let filter { _ = try BoundFilter(filter, shape) }
        let condition = filter.map { ChromaCondition($0, reading) } ?? ChromaCondition()
        guard field.metric == wanted, limit > 0, let condition else {
            return try await ExactSearch(reading)
                .nearest(queries, count: count, field: name, metric: metric, where: filter, limit: limit)
        }
        guard count > 0, case .dense(let vectors) = queries.values else { return [] }
        let body = Self.body(vectors, count, field, condition, limit)
        let answer = try await server.line.bytes("POST", server.path(reading.table, "query"), body, about: collection)
        do { return try ChromaHits(answer, wanted, shape).lists } catch let error as StoreError { throw error } catch {
            throw StoreError(.malformed, "\(server.line.address): \(error)")
        }
    }

    private static func body(
        _ vectors: [UInt8], _ count: Int, _ field: VectorField, _ condition: ChromaCondition, _ limit: Int
    ) -> [UInt8] {
        var body = JSONWriter()
        body.raw(#"{"include":["distances"],"query_embeddings":"#)
        vectors.withUnsafeBytes { buffer in
            body.list(0..<count) { body, row in
                body.floats(UnsafeRawBufferPointer(rebasing: buffer[row * field.stride..<(row + 1) * field.stride]))
            }
        }
        condition.write(to: &body)
        body.name("n_results".utf8)
        body.integer(limit)
        body.raw("}")
        return body.bytes
    }
}

/// What a search answers: for each query ids and distances.
private struct ChromaHits {
    private(set) var lists: [[Hit]] = []

    init(_ answer: [UInt8], _ metric: Metric, _ shape: Collection) throws {
        var (ids, distances): ([[Text]], [[Float]]) = ([], [])
        try answer.withScanner { scanner throws(JSONError) in
            try scanner.object { (scanner, name) throws(JSONError) in
                switch String(decoding: try scanner.decoded(name), as: UTF8.self) {
                case "ids":
                    try scanner.array { scanner throws(JSONError) in
                        var list: [Text] = []
                        try scanner.array { scanner throws(JSONError) in list.append(Text(utf8: try scanner.string())) }
                        ids.append(list)
                    }
                case "distances":
                    try scanner.array { scanner throws(JSONError) in
                        var list: [Float] = []
                        try scanner.floats(into: &list)
                        distances.append(list)
                    }
                default: try scanner.skip()
                }
            }
        }
        guard ids.map(\.count) == distances.map(\.count) else {
            throw StoreError(.malformed, "Chroma sends other numbers of ids and distances")
        }
        for (ids, distances) in zip(ids, distances) {
            lists.append(
                try zip(ids, distances).map {
                    Hit(key: try shape.key(spelled: $0), score: Self.score($1, metric))
                })
        }
    }

    /// Chroma's own is the square for l2, and one less the similarity for the others.
    private static func score(_ distance: Float, _ metric: Metric) -> Float {
        metric == .l2 ? max(0, distance).squareRoot() : 1 - distance
    }
}
