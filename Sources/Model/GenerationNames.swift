/// How generations are called where a store keeps each as a collection of its own: `docs_staging` is being prepared,
/// `docs` is live, `docs_previous` was live before it, and `docs_previous_2` before that.
package enum GenerationName {
    package static func staging(_ name: String) -> String { name + "_staging" }

    /// The generation that was live so many promotions ago.
    package static func previous(_ name: String, _ age: Int = 1) -> String {
        age == 1 ? name + "_previous" : "\(name)_previous_\(age)"
    }

    /// A collection that an alias makes live.
    package static func behind(_ name: String, _ number: Int) -> String { "\(name)_generation_\(number)" }

    /// The alias that such a collection is for; nil for every other name.
    package static func alias(for name: String) -> String? {
        guard let mark = name.firstRange(of: "_generation_"), let number = Int(name[mark.upperBound...]) else {
            return nil
        }
        let live = String(name[..<mark.lowerBound])
        return behind(live, number) == name ? live : nil
    }

    /// The name that something is prepared for; nil if this is no such name.
    package static func staged(for name: String) -> String? {
        name.hasSuffix("_staging") ? String(name.dropLast("_staging".count)) : nil
    }

    /// The live name and the age of what was kept; nil for every other name.
    package static func kept(_ name: String) -> (name: String, age: Int)? {
        if name.hasSuffix("_previous") { return (String(name.dropLast("_previous".count)), 1) }
        guard let mark = name.lastIndex(of: "_"), let age = Int(name[name.index(after: mark)...]), age > 1,
            name[..<mark].hasSuffix("_previous")
        else { return nil }
        let live = String(name[..<mark].dropLast("_previous".count))
        return previous(live, age) == name ? (live, age) : nil
    }

    /// What is being prepared, or has been replaced, is never meant by a pattern.
    package static func isOne(_ name: String) -> Bool { staged(for: name) != nil || kept(name) != nil }
}

/// What a swap comes to in a store that keeps generations by name: which collection is called what afterwards.
package struct GenerationNames: Sendable {
    private let holders: [String: Identity]
    private let names: [Identity: String]
    private let aliases: Set<String>

    /// The collections of a store by name.
    package init(_ holders: [String: Identity], aliases: Set<String> = []) {
        self.holders = holders
        self.aliases = aliases
        names = Dictionary(holders.map { ($0.value, $0.key) }) { first, _ in first }
    }

    /// The new names of the collections that get one; empty if every move is done already.
    package func after(_ moves: [Move]) throws(StoreError) -> [Identity: String] {
        var renamed: [Identity: String] = [:]
        let open = moves.filter { holders[$0.name] != $0.to }
        for move in open {
            guard !aliases.contains(move.name) else { throw .isAlias(move.name) }
            guard holders[move.name] == move.from else { throw .changed(move.name) }
            guard names[move.to] != nil, renamed[move.to] == nil else { throw .noGeneration(move.name) }
            renamed[move.to] = move.name
        }
        for move in open {
            guard let old = move.from, renamed[old] == nil else { continue }
            try keep(old, as: move.keepingOldAs ?? names[move.to] ?? move.name, &renamed)
        }
        guard Set(renamed.values).count == renamed.count else {
            throw StoreError(.rejected, "two collections would get one name", help: "name each collection once")
        }
        return renamed
    }

    /// Whatever was kept under this name grows older by one.
    private func keep(_ old: Identity, as name: String, _ renamed: inout [Identity: String]) throws(StoreError) {
        guard !aliases.contains(name) else { throw .isAlias(name) }
        if let occupant = holders[name], renamed[occupant] == nil {
            guard let kept = GenerationName.kept(name) else { throw .isCollection(name) }
            try keep(occupant, as: GenerationName.previous(kept.name, kept.age + 1), &renamed)
        }
        renamed[old] = name
    }

    /// The names behind a live one, which stands first if it is there, the newest kept one next.
    package func generations(of name: String) -> [String] {
        let kept = holders.keys.compactMap { other in
            GenerationName.kept(other).flatMap { $0.name == name ? (other, $0.age) : nil }
        }
        return (holders[name] == nil ? [] : [name]) + kept.sorted { $0.1 < $1.1 }.map(\.0)
    }
}

extension StoreError {
    fileprivate static func noGeneration(_ name: String) -> StoreError {
        StoreError(.notFound, "what should become \"\(name)\" is not there", help: "stage it again")
    }
}
