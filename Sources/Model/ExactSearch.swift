/// Nearest neighbours by looking at every record: for stores that keep no index of their own.
package struct ExactSearch: Sendable {
    private let reading: any Reading

    package init(_ reading: any Reading) { self.reading = reading }

    package func nearest(
        _ queries: Column, count: Int, field name: String, metric: Metric?, where filter: Filter?, limit: Int
    ) async throws(StoreError) -> [[Hit]] {
        let shape = reading.description.collection
        let field = try shape.vector(named: name)
        let metric = try field.metric(or: metric)
        var rankings: [Ranking] = []
        for row in 0..<count { rankings.append(try Ranking(queries, row, field, metric, limit: limit)) }
        let wanted = Projection(vectors: [name], fields: filter?.fields ?? [], rest: filter != nil)
        for try await page in FilteredPages(reading, filter, wanted: wanted) {
            for index in rankings.indices { rankings[index].rank(page.batch.vectors[0], keys: page.batch.keys) }
        }
        return rankings.map(\.hits)
    }
}

extension Collection {
    /// The vector field of this name; throws with the names that there are.
    package func vector(named wanted: String) throws(StoreError) -> VectorField {
        guard let field = vectors.first(where: { $0.name == wanted }) else {
            let names = vectors.map(\.name).joined(separator: ", ")
            throw StoreError(
                .notFound, "\(name) has no vector \"\(wanted)\"",
                help: names.isEmpty ? "it has no vectors" : "it has \(names)")
        }
        return field
    }
}

extension VectorField {
    /// The metric to search by; throws if none is known, as none is ever guessed.
    package func metric(or wanted: Metric?) throws(StoreError) -> Metric {
        guard let metric = wanted ?? metric else {
            let names = Metric.allCases.map(\.rawValue).joined(separator: "|")
            throw StoreError(.rejected, "vector \"\(name)\" has no metric", help: "say which: with metric=\(names)")
        }
        return metric
    }
}

/// The best records seen so far for one query.
private struct Ranking {
    private let field: VectorField
    private let metric: Metric
    private let limit: Int
    private let dense: [Distance]
    private let sparse: [(UInt32, Float)]
    private(set) var hits: [Hit] = []

    init(_ queries: Column, _ row: Int, _ field: VectorField, _ metric: Metric, limit: Int) throws(StoreError) {
        self.field = field
        self.metric = metric
        self.limit = limit
        var dense: [Distance] = []
        var sparse: [(UInt32, Float)] = []
        switch queries.values {
        case .dense(let bytes):
            dense = [try Distance(metric, field, to: Array(bytes[row * field.stride..<(row + 1) * field.stride]))]
        case .multi(let rows):
            let all = Array(rows[row])
            for start in stride(from: 0, to: all.count, by: max(1, field.stride)) {
                dense.append(try Distance(metric, field, to: Array(all[start..<start + field.stride])))
            }
        case .sparse(let indices, let weights):
            sparse = Array(zip(indices[row], weights[indices.range(of: row)]))
        case .bools, .integers, .floats, .bytes: preconditionFailure("no vector is kept like this")
        }
        if field.layout == .sparse, metric != .ip, metric != .cosine, metric != .l2 {
            throw StoreError(.unsupported, "\(metric.rawValue) has no meaning for sparse vectors")
        }
        self.dense = dense
        self.sparse = sparse
    }

    mutating func rank(_ column: Column, keys: [Key]) {
        switch column.values {
        case .dense(let bytes): rank(dense: bytes, column, keys)
        case .multi(let rows):
            for row in keys.indices where column.mark(row) == .value { offer(keys[row], similarity(Array(rows[row]))) }
        case .sparse(let indices, let weights):
            for row in keys.indices where column.mark(row) == .value {
                offer(keys[row], score(indices[row], weights[indices.range(of: row)]))
            }
        case .bools, .integers, .floats, .bytes: preconditionFailure("no vector is kept like this")
        }
    }

    private mutating func rank(dense bytes: [UInt8], _ column: Column, _ keys: [Key]) {
        let stride = field.stride
        bytes.withUnsafeBytes { buffer in
            for row in keys.indices where column.mark(row) == .value {
                let vector = UnsafeRawBufferPointer(rebasing: buffer[row * stride..<(row + 1) * stride])
                offer(keys[row], dense[0].score(vector))
            }
        }
    }

    /// For several vectors a record: each query vector's best match, summed (MaxSim).
    private func similarity(_ bytes: [UInt8]) -> Float? {
        guard !bytes.isEmpty else { return nil }
        return bytes.withUnsafeBytes { buffer in
            dense.reduce(Float?.some(0)) { total, query in
                let scores = stride(from: 0, to: buffer.count, by: field.stride).compactMap {
                    query.score(UnsafeRawBufferPointer(rebasing: buffer[$0..<$0 + field.stride]))
                }
                guard let total, let best = metric.prefersLarger ? scores.max() : scores.min() else { return nil }
                return total + best
            }
        }
    }

    private func score(_ indices: ArraySlice<UInt32>, _ weights: ArraySlice<Float>) -> Float? {
        var (dot, square) = (Float(0), Float(0))
        var query = sparse[...]
        for (index, weight) in zip(indices, weights) {
            square += weight * weight
            while let first = query.first, first.0 < index { query.removeFirst() }
            if let first = query.first, first.0 == index { dot += weight * first.1 }
        }
        let querySquare = sparse.reduce(0) { $0 + $1.1 * $1.1 }
        switch metric {
        case .ip: return dot
        case .l2: return max(0, square + querySquare - 2 * dot).squareRoot()
        default: return square * querySquare == 0 ? nil : dot / (square * querySquare).squareRoot()
        }
    }

    /// Equal scores rank by key, so that an answer is always the same.
    private mutating func offer(_ key: Key, _ score: Float?) {
        guard let score, limit > 0 else { return }
        let hit = Hit(key: key, score: score)
        if hits.count == limit, let last = hits.last, !precedes(hit, last) { return }
        let place = hits.partitioningIndex { precedes(hit, $0) }
        hits.insert(hit, at: place)
        if hits.count > limit { hits.removeLast() }
    }

    private func precedes(_ a: Hit, _ b: Hit) -> Bool {
        if a.score != b.score { return metric.prefersLarger ? a.score > b.score : a.score < b.score }
        return a.key < b.key
    }
}

extension [Hit] {
    /// The first position at which `isBehind` holds, given that it holds for all after the first.
    fileprivate func partitioningIndex(where isBehind: (Hit) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// A store that keeps no index of its own searches by looking at every record.
extension Searching where Self: Store {
    package func nearest(
        _ queries: Column, count: Int, field: String, in name: String, metric: Metric?, where filter: Filter?,
        limit: Int
    ) async throws(StoreError) -> [[Hit]] {
        try await read(name, at: nil).closing { reading throws(StoreError) in
            try await ExactSearch(reading)
                .nearest(queries, count: count, field: field, metric: metric, where: filter, limit: limit)
        }
    }
}
