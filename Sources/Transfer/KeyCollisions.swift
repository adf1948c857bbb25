import Model

/// Keys that records of more than one source would have in one target, or several records of one.
package struct KeyCollisions: Sendable {
    /// A collection, and what its keys become.
    package struct Source: Sendable {
        package var store: any Store
        package var collection: String
        package var filter: Filter?
        package var mapping: Mapping

        package init(_ store: any Store, _ collection: String, _ filter: Filter? = nil, _ mapping: Mapping = .identity)
        {
            (self.store, self.collection, self.filter, self.mapping) = (store, collection, filter, mapping)
        }
    }

    /// Two sources that have keys in common; a source may be both.
    package struct Pair: Hashable, Sendable {
        package var first: Int
        package var second: Int
        /// One of the keys, as the second source has it.
        package var example: Key
        package var count = 1
    }

    private let sources: [Source]
    /// The most keys of each source that are looked at; nil is all.
    private let sample: Int?
    /// The most keys that are remembered at once; more are looked through in several rounds.
    var held = 4_000_000

    package init(of sources: [Source], sample: Int? = nil) { (self.sources, self.sample) = (sources, sample) }

    package func find() async throws -> [Pair] {
        var total = 0
        for source in sources {
            total += try await source.store.read(source.collection, at: nil).closing { try await $0.count(nil) }
        }
        let rounds = UInt64(total / held + 1)
        var pairs: [SIMD2<Int>: Pair] = [:]
        for round in 0..<rounds { try await find(in: round, of: rounds, &pairs) }
        return pairs.values.sorted { ($0.first, $0.second) < ($1.first, $1.second) }
    }

    private func find(in round: UInt64, of rounds: UInt64, _ pairs: inout [SIMD2<Int>: Pair]) async throws {
        var owners: [UInt64: Int] = [:]
        for (number, source) in sources.enumerated() {
            try await each(of: source) { key, hash in
                guard hash % rounds == round, let owner = owners.updateValue(number, forKey: hash),
                    owner != number || source.mapping.keys == .hash
                else { return }
                pairs[[owner, number], default: Pair(first: owner, second: number, example: key, count: 0)].count += 1
            }
        }
    }

    private func each(of source: Source, _ body: (Key, UInt64) -> Void) async throws {
        try await source.store.read(source.collection, at: nil).closing { reading in
            var left = sample ?? .max
            for try await page in FilteredPages(
                reading, source.filter, wanted: .keys, budget: Budget(records: min(10_000, left)))
            {
                try Task.checkCancellation()
                let keys = page.batch.keys.prefix(left)
                for (key, new) in zip(keys, source.mapping.newKeys(Array(keys))) { body(key, Hash.of(new)) }
                left -= keys.count
                if left <= 0 { return }
            }
        }
    }
}
