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
        var pairs: [SIMD2<Int>: Pair] = [:]
        try await eachShared { owner, number, key, _ in
            pairs[[owner, number], default: Pair(first: owner, second: number, example: key, count: 0)].count += 1
        }
        return pairs.values.sorted { ($0.first, $0.second) < ($1.first, $1.second) }
    }

    /// By source, the keys of records that give way to those of other sources.
    package func givingWay(by rule: CollisionRule) async throws -> [Set<Key>] {
        var shared: Set<UInt64> = []
        try await eachShared { _, _, _, hash in if shared.count <= Self.mostListed { shared.insert(hash) } }
        guard shared.count <= Self.mostListed else {
            throw JobError(
                "more than \(Self.mostListed) keys stand in several sources: too many to deal with one by one",
                help: "say `with ids=uuid5, keep_id_as=FIELD`: keys are then made of collection and key")
        }
        var keys = Array(repeating: Set<Key>(), count: sources.count)
        guard !shared.isEmpty else { return keys }
        // By the keys themselves: two of one hash are no collision.
        var owners: [Key: (source: Int, key: Key)] = [:]
        for (number, source) in sources.enumerated() {
            try await each(of: source) { key, new in
                guard shared.contains(Hash.of(new)) else { return }
                guard let owner = owners[new], owner != (number, key) else { return owners[new] = (number, key) }
                guard rule == .last else { return _ = keys[number].insert(key) }
                keys[owner.source].insert(owner.key)
                owners[new] = (number, key)
            }
        }
        return keys
    }

    private static let mostListed = 10_000

    /// Calls `body` for each key that an earlier source has, too: the sources, the key and the hash of what it becomes.
    private func eachShared(_ body: (_ owner: Int, _ number: Int, Key, UInt64) -> Void) async throws {
        var total = 0
        for source in sources {
            total += try await source.store.read(source.collection, at: nil).closing { try await $0.count(nil) }
        }
        let rounds = UInt64(total / held + 1)
        for round in 0..<rounds {
            var owners: [UInt64: Int] = [:]
            for (number, source) in sources.enumerated() {
                try await each(of: source) { key, new in
                    let hash = Hash.of(new)
                    guard hash % rounds == round, let owner = owners.updateValue(number, forKey: hash),
                        owner != number || source.mapping.keys == .hash
                    else { return }
                    body(owner, number, key, hash)
                }
            }
        }
    }

    private func each(of source: Source, _ body: (_ key: Key, _ new: Key) -> Void) async throws {
        try await source.store.read(source.collection, at: nil).closing { reading in
            var left = sample ?? .max
            let filter = source.mapping.condition(source.filter)
            for try await page in FilteredPages(
                reading, filter, wanted: .keys, budget: Budget(records: min(10_000, left)))
            {
                try Task.checkCancellation()
                let keys = page.batch.keys.prefix(left)
                for (key, new) in zip(keys, source.mapping.newKeys(Array(keys))) { body(key, new) }
                left -= keys.count
                if left <= 0 { return }
            }
        }
    }
}
