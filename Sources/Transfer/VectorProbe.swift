import Model

/// Compares vectors that no hash can: those of a page of the source with those of the same keys in the target.
struct VectorProbe: Sendable {
    private struct Pair: Sendable {
        var source: Int
        var sourceField: VectorField
        var target: Int
        var targetField: VectorField
        var comparison: VectorComparison
    }

    private let reading: any Reading
    private let wanted: Projection
    private let pairs: [Pair]
    private static let most = 1_000

    /// Nil where hashes say all; `shape` is that of the source's records behind the mapping.
    init?(_ reading: any Reading, _ rules: ValueRules, shape: Collection) {
        let target = reading.description.collection
        var names: Set<String> = []
        for case (let name, .compared) in rules.vectors { names.insert(name) }
        wanted = Projection(vectors: names, fields: [], rest: false)
        let there = wanted.shape(of: target).vectors
        self.reading = reading
        pairs = shape.vectors.enumerated().compactMap { place, field in
            guard case .compared(let comparison)? = rules.vectors[field.name],
                let other = there.firstIndex(where: { $0.name == field.name }), there[other].layout == field.layout
            else { return nil }
            return Pair(
                source: place, sourceField: field, target: other, targetField: there[other], comparison: comparison)
        }
        if pairs.isEmpty { return nil }
    }

    /// The rows whose vectors differ from those that the target has under the same keys.
    func unlike(_ batch: Batch) async throws(StoreError) -> [Int] {
        var unlike: [Int] = []
        for start in stride(from: 0, to: batch.count, by: Self.most) {
            let rows = start..<min(start + Self.most, batch.count)
            let found = try await reading.fetch(Array(batch.keys[rows]), wanted)
            var places: [Key: [Int]] = [:]
            for (place, key) in found.keys.enumerated() { places[key, default: []].append(place) }
            unlike += rows.filter { row in
                places[batch.keys[row]]?.contains { !isAlike(batch, row, found, $0) } ?? false
            }
        }
        return unlike
    }

    private func isAlike(_ a: Batch, _ row: Int, _ b: Batch, _ other: Int) -> Bool {
        pairs.allSatisfy { pair in
            let (left, right) = (a.vectors[pair.source], b.vectors[pair.target])
            // Whether there is one at all is hashed.
            guard left.mark(row) == .value, right.mark(other) == .value else { return true }
            return pair.comparison.isAlike(
                VectorNumbers(pair.sourceField, left, row: row), VectorNumbers(pair.targetField, right, row: other))
        }
    }
}
