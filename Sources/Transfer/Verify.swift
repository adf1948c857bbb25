import JSON
import Model

/// Whether two collections hold the same: every record of both, in memory that does not grow with them.
package struct Verify: Sendable {
    private let source: Side
    private let target: Side
    private let mostExamples: Int
    /// Records whose keys may be held at once, when differing buckets are looked into.
    var roundSize = 1_000_000

    package init(source: Side, target: Side, mostExamples: Int = 10) {
        self.source = source
        self.target = target
        self.mostExamples = mostExamples
    }

    package struct Example: Sendable {
        package enum Presence: String, Sendable { case source, target, both }
        package var key: Key
        /// Where the record is.
        package var side: Presence
        package var why: String
    }

    package struct Result: Sendable {
        package var sourceCount = 0
        package var targetCount = 0
        package var missing = 0
        package var extra = 0
        package var different = 0
        package var examples: [Example] = []

        package var isEqual: Bool { missing == 0 && extra == 0 && different == 0 }
    }

    package func run() async throws -> Result {
        async let left = source.sketch()
        let right = try await target.sketch()
        let (a, b) = (try await left, right)
        var result = Result()
        result.sourceCount = a.total.count
        result.targetCount = b.total.count
        // Digests nominate, comparison convicts.
        for round in rounds(a.suspects(against: b), a, b) { try await compare(round, &result) }
        return result
    }

    /// The buckets that differ, in groups small enough to be held in memory.
    func rounds() async throws -> [Set<Int>] {
        async let left = source.sketch()
        let right = try await target.sketch()
        let (a, b) = (try await left, right)
        return rounds(a.suspects(against: b), a, b)
    }

    /// Suspects in groups small enough to be held in memory.
    private func rounds(_ suspects: [Int], _ a: Sketch, _ b: Sketch) -> [Set<Int>] {
        var rounds: [Set<Int>] = []
        var size = roundSize
        for bucket in suspects {
            let count = a.buckets[bucket].count + b.buckets[bucket].count
            if size + count > roundSize {
                rounds.append([])
                size = 0
            }
            rounds[rounds.count - 1].insert(bucket)
            size += count
        }
        return rounds
    }

    private func compare(_ buckets: Set<Int>, _ result: inout Result) async throws {
        let left = try await source.records(in: buckets)
        var right = try await target.records(in: buckets)
        var differing: [(Side.Entry, Side.Entry?)] = []
        for (hash, entry) in left {
            let other = right.removeValue(forKey: hash)
            if entry.count != other?.count || entry.sum != other?.sum { differing.append((entry, other)) }
        }
        // By key, so that an answer is always the same.
        for (entry, other) in differing.sorted(by: { $0.0.key < $1.0.key }) {
            if other == nil { result.missing += 1 } else { result.different += 1 }
            try await addExample(entry, other, &result)
        }
        result.extra += right.count
        let extra = right.values.sorted { $0.key < $1.key }
        for entry in extra { add(Example(key: entry.key, side: .target, why: "only in the target"), &result) }
    }

    private func addExample(_ entry: Side.Entry, _ other: Side.Entry?, _ result: inout Result) async throws {
        guard result.examples.count < mostExamples else { return }
        guard let other else {
            return add(Example(key: entry.key, side: .source, why: "missing in the target"), &result)
        }
        add(Example(key: other.key, side: .both, why: try await reason(entry, other)), &result)
    }

    private func add(_ example: Example, _ result: inout Result) {
        if result.examples.count < mostExamples { result.examples.append(example) }
    }

    private func reason(_ a: Side.Entry, _ b: Side.Entry) async throws -> String {
        guard a.count == b.count else { return "\(a.count) times in the source, \(b.count) times in the target" }
        let (left, right) = (try await source.record(a.key), try await target.record(b.key))
        guard left.count == 1, right.count == 1 else { return "its values differ" }
        return RecordFields.difference(
            RecordFields(source.shape).values(left, 0), RecordFields(target.shape).values(right, 0))
            ?? "its values differ"
    }
}
