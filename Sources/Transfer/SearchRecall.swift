import Model

/// How alike two sides answer the same queries; the queries are vectors of the sources' own records.
package struct SearchRecall: Sendable {
    /// A side that can be searched.
    package struct Searched: Sendable {
        var side: Side
        var search: any Searching
        var name: String

        package init(_ side: Side, _ search: any Searching, name: String) {
            (self.side, self.search, self.name) = (side, search, name)
        }
    }

    package struct Found: Sendable {
        package var vector: String
        package var queries: Int
        /// How much of the sources' nearest the target finds among its own, from 0 to 1.
        package var recall: Double
        /// How many pairs of what both find stand in the same order on both sides, from 0 to 1.
        package var agreement: Double
    }

    private let sources: [Searched]
    private let target: Searched
    private let filter: Filter?
    private let limit: Int
    private static let most = 100

    /// `filter` is what the target is asked behind; the sources have their own.
    package init(_ sources: [Searched], against target: Searched, where filter: Filter? = nil, limit: Int = 10) {
        (self.sources, self.target, self.filter, self.limit) = (sources, target, filter, limit)
    }

    /// One for each vector that both sides have.
    package func measure(queries: Int, seed: UInt64) async throws -> [Found] {
        var sample = try await KeySample(sources.map(\.side), size: queries, seed: seed)
        let chosen = sample.entries(upTo: sample.limit()).values.sorted { $0.key < $1.key }
        let shape = sources[0].side.shape
        var found: [Found] = []
        for vector in target.side.shape.vectors where shape.vectors.contains(where: { $0.name == vector.name }) {
            var total = Total()
            for (origin, source) in sources.enumerated() {
                let keys = chosen.filter { $0.origin == origin }.map(\.key)
                for start in stride(from: 0, to: keys.count, by: Self.most) {
                    try Task.checkCancellation()
                    let some = Array(keys[start..<min(start + Self.most, keys.count)])
                    try await ask(source.side.records(some), of: source.side.shape, vector, &total)
                }
            }
            if total.queries > 0 { found.append(total.found(vector.name)) }
        }
        return found
    }

    private func ask(
        _ batch: Batch, of shape: Collection, _ vector: VectorField, _ total: inout Total
    ) async throws {
        guard let place = shape.vectors.firstIndex(where: { $0.name == vector.name }) else { return }
        let (field, column) = (shape.vectors[place], batch.vectors[place])
        let rows = (0..<batch.count).filter { column.mark($0) == .value }
        guard !rows.isEmpty else { return }
        let queries = column.rows(rows, of: batch.count)
        let asked = batch.rows(rows)
        let isSame = field.element == vector.element || field.layout == .sparse
        let converted = isSame ? queries : try field.converted(queries, to: vector.element, asked)
        let found = try await nearest(target, converted, rows.count, vector.name, filter)
        let expected = try await expected(queries, rows.count, vector.name)
        for (a, b) in zip(expected, found) { total.add(a.map { Hash.of($0.key) }, b.map { Hash.of($0.key) }) }
    }

    /// The nearest of all sources together, with the keys that they have behind the mapping.
    private func expected(_ queries: Column, _ count: Int, _ vector: String) async throws -> [[Hit]] {
        var all = [[Hit]](repeating: [], count: count)
        var isLarger = true
        for source in sources {
            guard let field = source.side.shape.vectors.first(where: { $0.name == vector }) else { continue }
            isLarger = field.metric?.prefersLarger ?? true
            let name = source.side.mapping.originalName(of: vector)
            let hits = try await nearest(source, queries, count, name, source.side.filter)
            for query in all.indices { all[query] += hits[query].map { source.side.arrived($0) } }
        }
        guard sources.count > 1 else { return all }
        return all.map { hits in
            Array(hits.sorted { isLarger ? $0.score > $1.score : $0.score < $1.score }.prefix(limit))
        }
    }

    private func nearest(
        _ side: Searched, _ queries: Column, _ count: Int, _ field: String, _ filter: Filter?
    ) async throws(StoreError) -> [[Hit]] {
        try await side.search.nearest(
            queries, count: count, field: field, in: side.name, metric: nil, where: filter, limit: limit)
    }

    private struct Total {
        var queries = 0
        private var recall = 0.0
        private var agreement = 0.0

        mutating func add(_ expected: [UInt64], _ found: [UInt64]) {
            let places = Dictionary(found.enumerated().map { ($1, $0) }) { first, _ in first }
            let common = expected.compactMap { places[$0] }
            queries += 1
            recall += expected.isEmpty ? 1 : Double(common.count) / Double(expected.count)
            agreement += Self.order(common)
        }

        /// The share of pairs that ascend.
        private static func order(_ places: [Int]) -> Double {
            guard places.count > 1 else { return 1 }
            var ascending = 0
            for (number, place) in places.enumerated() {
                ascending += places[(number + 1)...].count { $0 > place }
            }
            return Double(ascending) / Double(places.count * (places.count - 1) / 2)
        }

        func found(_ vector: String) -> Found {
            Found(
                vector: vector, queries: queries, recall: recall / Double(queries),
                agreement: agreement / Double(queries))
        }
    }
}

extension Side {
    /// A hit under the key that its record has behind the mapping.
    fileprivate func arrived(_ hit: Hit) -> Hit {
        guard let mapper else { return hit }
        return Hit(key: mapper.keys(of: Batch(keys: [hit.key]))[0], score: hit.score)
    }
}

extension Mapping {
    fileprivate func originalName(of name: String) -> String {
        rename.first { $0.value == name }?.key ?? name
    }
}
