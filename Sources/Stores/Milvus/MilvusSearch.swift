import Model
import Wire

extension MilvusStore: Searching {
    /// By the index where it has the metric that is wanted; else every record is looked at.
    package func nearest(
        _ queries: Column, count: Int, field name: String, in collection: String, metric: Metric?,
        where filter: Filter?, limit: Int
    ) async throws(StoreError) -> [[Hit]] {
        let reading = try await reading(collection)
        let field = try reading.description.collection.vector(named: name)
        let wanted = try field.metric(or: metric)
        let conjuncts = filter?.conjuncts ?? []
        guard field.metric == wanted, (1...MilvusReading.mostRows).contains(limit), field.layout != .multi,
            conjuncts.allSatisfy(reading.answers)
        else {
            return try await ExactSearch(reading)
                .nearest(queries, count: count, field: name, metric: metric, where: filter, limit: limit)
        }
        if let filter { _ = try BoundFilter(filter, reading.description.collection) }
        guard count > 0 else { return [] }
        let search = MilvusSearch(
            queries: queries, count: count, field: field, metric: wanted, condition: try reading.condition(filter),
            limit: limit)
        return try await search.answer(reading)
    }
}

/// One search, as Milvus is asked for it.
struct MilvusSearch: Sendable {
    let queries: Column
    let count: Int
    let field: VectorField
    let metric: Metric
    let condition: String
    let limit: Int

    func answer(_ reading: MilvusReading) async throws(StoreError) -> [[Hit]] {
        let server = reading.server
        var hits = MilvusHits()
        try await server.ask("Search", request(reading), about: reading.table.schema.name) { field in
            if field.number == 2 { try hits.take(field, reading.table) }
        }
        return hits.lists.prefix(count).map { list in list.map { Hit(key: $0.key, score: score($0.score)) } }
    }

    /// Milvus' own is the square.
    private func score(_ score: Float) -> Float { metric == .l2 ? max(0, score).squareRoot() : score }

    private func request(_ reading: MilvusReading) -> ProtoWriter {
        let table = reading.table
        var request = reading.server.request(table.schema.name)
        request.text(5, condition)
        request.bytes(6, placeholders.message)
        request.integer(7, 1)
        request.text(8, table.schema.key?.name ?? "")
        for (name, value) in [
            ("anns_field", field.name), ("topk", String(limit)), ("metric_type", metric.rawValue.uppercased()),
            ("params", "{}"), ("round_decimal", "-1"),
        ] {
            request.pair(9, name, value)
        }
        request.integer(11, reading.timestamp)
        request.integer(12, count)
        request.integer(14, reading.server.consistency(reading.timestamp))
        return request
    }

    private var placeholders: ProtoWriter {
        ProtoWriter { group in
            group.message(1) { writer in
                writer.text(1, "$0")
                writer.integer(2, type.rawValue)
                for row in 0..<count { writer.bytes(3, query(row)) }
            }
        }
    }

    private var type: MilvusType {
        guard field.layout == .dense else { return .sparseVector }
        return switch field.element {
        case .float16: .float16Vector
        case .bfloat16: .bfloat16Vector
        case .int8: .int8Vector
        case .bit: .binaryVector
        case .float32, .uint8: .floatVector
        }
    }

    private func query(_ row: Int) -> [UInt8] {
        switch queries.values {
        case .dense(let bytes): Array(bytes[row * field.stride..<(row + 1) * field.stride])
        case .sparse(let indices, let weights):
            MilvusSparse.packed(indices[row], weights[indices.range(of: row)])
        case .bools, .integers, .floats, .bytes, .multi: []
        }
    }
}

/// What a search answers: for each query keys and scores.
private struct MilvusHits {
    private(set) var lists: [[Hit]] = []

    mutating func take(_ results: ProtoField, _ table: MilvusTable) throws {
        var (scores, counts): ([UInt8], [Int64]) = ([], [])
        var keys: [Key] = []
        try results.forEach { field in
            switch field.number {
            case 4: try field.appendFloats(to: &scores)
            case 5: try field.forEach { keys += try MilvusHits.keys($0, table) }
            case 6: try field.append(to: &counts)
            default: break
            }
        }
        guard scores.count == keys.count * 4, counts.reduce(0, +) == keys.count else {
            throw StoreError(.malformed, "Milvus sends other numbers of keys and scores")
        }
        var place = 0
        for count in counts {
            lists.append((place..<place + Int(count)).map { Hit(key: keys[$0], score: MilvusHits.score(scores, $0)) })
            place += Int(count)
        }
    }

    private static func score(_ bytes: [UInt8], _ place: Int) -> Float {
        bytes.withUnsafeBytes {
            Float(bitPattern: UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: place * 4, as: UInt32.self)))
        }
    }

    private static func keys(_ ids: ProtoField, _ table: MilvusTable) throws -> [Key] {
        var (numbers, keys): ([Int64], [Key]) = ([], [])
        try ids.forEach { field in
            guard field.number == 1 else { return }
            guard ids.number == 2 else { return try field.append(to: &numbers) }
            let text = Text(utf8: Array(try field.bytes()))
            if case .text = table.keyType { return keys.append(.text(text)) }
            guard let key = table.keyType.key(spelled: text.description) else {
                throw StoreError(.malformed, "the key \"\(text)\" is not of type \(table.keyType)")
            }
            keys.append(key)
        }
        return numbers.map(Key.integer) + keys
    }
}
