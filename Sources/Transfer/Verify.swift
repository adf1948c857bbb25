import Model

/// Whether a collection holds the same as another, or as several together: every record of all, in memory that does
/// not grow with them.
package struct Verify: Sendable {
    let sources: [Side]
    let target: Side
    private let difference: RecordDifference
    /// Whether keys tell records apart; else what they hold does.
    let hasKeys: Bool
    private let mostExamples: Int
    /// Records whose keys may be held at once, when differing buckets are looked into.
    var roundSize = 1_000_000

    package init(_ sources: [Side], against target: Side, likeness: Likeness = .exact, mostExamples: Int = 10) {
        let rules = ValueRules(likeness, shapes: sources.map(\.shape) + [target.shape])
        self.target = target.alike(rules)
        self.sources = sources.map { $0.alike(rules, probing: target) }
        difference = RecordDifference(rules)
        hasKeys = !rules.isKeyless
        self.mostExamples = mostExamples
    }

    package struct Example: Sendable {
        package enum Presence: String, Sendable { case source, target, both }
        package var key: Key
        /// Where the record is.
        package var side: Presence
        package var why: String
        /// Which of several sources has it.
        package var origin = 0
    }

    package struct Result: Sendable {
        package var sourceCount = 0
        package var targetCount = 0
        package var compared = 0
        package var missing = 0
        package var extra = 0
        package var different = 0
        package var examples: [Example] = []
        /// What stores count and do not hand out, so that nothing can be said of it: the sources' and the target's.
        package var unread: (sources: Unread, target: Unread) = (Unread(), Unread())

        package var isEqual: Bool { missing == 0 && extra == 0 && different == 0 && sourceCount == targetCount }
    }

    package func run() async throws -> Result {
        let (a, b) = try await sketches()
        var result = Result()
        result.sourceCount = a.total.count
        result.targetCount = b.total.count
        result.unread = (
            try await unread(sources, seen: a.total.count), try await unread([target], seen: b.total.count)
        )
        // Digests nominate, comparison convicts.
        for buckets in rounds(a, b) { try await compare(records(in: buckets), target.records(in: buckets), &result) }
        result.compared = max(result.sourceCount, result.targetCount)
        return result
    }

    private func unread(_ sides: [Side], seen: Int) async throws -> Unread {
        var unread = Unread()
        for side in sides { unread = unread + (try await side.unread(seen: sides.count == 1 ? seen : nil)) }
        return unread
    }

    /// Only so many records, the same ones for the same seed.
    package func sample(_ size: Int, seed: UInt64) async throws -> Result {
        guard hasKeys else {
            throw JobError("no sample can be taken where the target makes its own keys", help: "leave `sample` out")
        }
        async let left = KeySample(sources, size: size, seed: seed)
        let right = try await KeySample([target], size: size, seed: seed)
        var (a, b) = (try await left, right)
        let limit = min(a.limit(), b.limit())
        var result = Result()
        result.sourceCount = a.total
        result.targetCount = b.total
        let (expected, found) = (a.entries(upTo: limit), b.entries(upTo: limit))
        result.compared = Set(expected.keys).union(found.keys).count
        try await compare(summed(expected, sources), summed(found, [target]), &result)
        return result
    }

    /// The buckets that differ, in groups small enough to be held in memory.
    func rounds() async throws -> [Set<Int>] {
        let (a, b) = try await sketches()
        return rounds(a, b)
    }

    private func sketches() async throws -> (Sketch, Sketch) {
        async let left = source()
        let right = try await target.sketch()
        return (try await left, right)
    }

    private func source() async throws -> Sketch {
        var sketch = Sketch()
        for side in sources { sketch = try await sketch + side.sketch() }
        return sketch
    }

    private func rounds(_ a: Sketch, _ b: Sketch) -> [Set<Int>] {
        var rounds: [Set<Int>] = []
        var size = roundSize
        for bucket in a.suspects(against: b) {
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

    // MARK: Records

    /// Keys and hashes of the sources' records whose bucket is wanted.
    func records(in wanted: Set<Int>) async throws -> [UInt64: Side.Entry] {
        var all: [UInt64: Side.Entry] = [:]
        for (origin, side) in sources.enumerated() {
            for (hash, entry) in try await side.records(in: wanted) {
                all[hash, default: Side.Entry(key: entry.key, origin: origin)].add(entry)
            }
        }
        return all
    }

    /// Entries of a sample with the hashes of their records.
    private func summed(_ entries: [UInt64: Side.Entry], _ sides: [Side]) async throws -> [UInt64: Side.Entry] {
        var summed = entries
        for (origin, side) in sides.enumerated() {
            let keys = entries.values.filter { $0.origin == origin }.map(\.key)
            for start in stride(from: 0, to: keys.count, by: 1_000) {
                try Task.checkCancellation()
                let (hashes, records) = try await side.hashes(Array(keys[start..<min(start + 1_000, keys.count)]))
                for (hash, record) in zip(hashes, records) { summed[hash]?.sum &+= record }
            }
        }
        return summed
    }

    private func compare(
        _ left: [UInt64: Side.Entry], _ right: [UInt64: Side.Entry], _ result: inout Result
    ) async throws {
        var right = right
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
            let why = "missing in the target"
            return add(Example(key: entry.key, side: .source, why: why, origin: entry.origin), &result)
        }
        let why = try await reason(entry, other)
        add(Example(key: other.key, side: .both, why: why, origin: entry.origin), &result)
    }

    private func add(_ example: Example, _ result: inout Result) {
        if result.examples.count < mostExamples { result.examples.append(example) }
    }

    private func reason(_ a: Side.Entry, _ b: Side.Entry) async throws -> String {
        guard a.count == b.count else { return "\(a.count) times in the source, \(b.count) times in the target" }
        let source = sources[a.origin]
        let (left, right) = (try await source.records([a.key]), try await target.records([b.key]))
        guard left.count == 1, right.count == 1 else { return "its values differ" }
        return difference.text(left, source.shape, right, target.shape) ?? "its values differ"
    }
}

extension Side.Entry {
    fileprivate mutating func add(_ other: Side.Entry) {
        count += other.count
        sum &+= other.sum
    }
}

extension KeySample {
    init(_ sides: [Side], size: Int, seed: UInt64) async throws {
        var sample = KeySample(size: size, seed: seed)
        for (origin, side) in sides.enumerated() {
            try await side.eachKey { keys, hashes in
                for (key, hash) in zip(keys, hashes) { sample.add(hash, Side.Entry(key: key, origin: origin)) }
            }
        }
        self = sample
    }
}
