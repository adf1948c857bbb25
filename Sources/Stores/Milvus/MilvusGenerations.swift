import Model
import Wire

/// Generations are collections under names of their own. Milvus renames one at a time, so that for a moment a name stands
/// for nothing; a swap that was cut off goes on from where it stands. Where the live name is an alias, that moves instead.
extension MilvusStore: Generations {
    package var isAtomic: Bool { false }
    package var mayBeByAlias: Bool { true }

    package func course(of name: String) async throws(StoreError) -> String? {
        if try await server.aliases(of: "").contains(name) { return "the alias \(name) moves, in one step" }
        return
            "aliases move first, each in one step; then Milvus renames one collection after the other, and for a moment "
            + "nothing has the name"
    }

    package func staging(for name: String) async throws(StoreError) -> String {
        let aliases = try await aliases()
        guard aliases[name] != nil else { return GenerationName.staging(name) }
        let taken = Set(aliases.values)
        for number in 1... {
            let candidate = GenerationName.behind(name, number)
            if !taken.contains(candidate) { return candidate }
        }
        return GenerationName.behind(name, 1)
    }

    package func list(_ name: String) async throws(StoreError) -> [Description] {
        let aliases = try await aliases()
        var holders = Dictionary(try await server.collectionNames().map { ($0, Identity($0)) }) { $1 }
        if let live = aliases[name] {
            for (alias, other) in aliases where GenerationName.kept(alias)?.name == name && other != live {
                holders[alias] = Identity(other)
            }
            holders[name] = Identity(live)
        }
        var found: [Description] = []
        for name in GenerationNames(holders).generations(of: name) {
            var description = try await describe(name)
            description.collection.name = name
            found.append(description)
        }
        return found
    }

    package func swap(_ moves: [Move]) async throws(StoreError) {
        guard !moves.isEmpty else { return }
        let (holders, aliases) = (try await holders(), try await aliases())
        let renaming = moves.filter { aliases[$0.name] == nil }
        var turns: [MilvusAliasSwap] = []
        for move in moves where aliases[move.name] != nil { turns.append(try MilvusAliasSwap(move, holders, aliases)) }
        let steps = try GenerationSteps(renaming, holders, aliases: Set(aliases.keys))
        // Milvus' aliases stay with a collection; these are to stay with the name, and move first, each in one step.
        for move in renaming { try await moveAliases(move, holders) }
        for step in steps.renames { try await self.move(step.from, to: step.to) }
        for turn in turns {
            for step in turn.pointings { try await point(step.alias, to: step.name) }
            for alias in turn.removals { try await remove(alias: alias) }
        }
    }

    private func moveAliases(_ move: Move, _ holders: [String: Identity]) async throws(StoreError) {
        guard let old = move.from, let from = holders.first(where: { $0.value == old })?.key,
            let to = holders.first(where: { $0.value == move.to })?.key, from != to, to != move.name
        else { return }
        for alias in try await server.aliases(of: from) { try await point(alias, to: to) }
    }

    private func holders() async throws(StoreError) -> [String: Identity] {
        var holders: [String: Identity] = [:]
        for name in try await server.collectionNames() {
            holders[name] = try await server.described(name).identity
        }
        return holders
    }
}

/// A move of a live name that is an alias: it points to another collection then, and what was live is kept by an alias of
/// its own, `docs_previous`. No collection gets another name.
struct MilvusAliasSwap {
    /// In the order in which they are safe: the live name last.
    private(set) var pointings: [(alias: String, name: String)] = []
    private(set) var removals: [String] = []

    init(_ move: Move, _ holders: [String: Identity], _ aliases: [String: String]) throws(StoreError) {
        func isGeneration(_ alias: String) -> Bool { (GenerationName.kept(alias)?.name ?? alias) == move.name }
        var generations: [String: Identity] = [:]
        for (alias, name) in aliases where isGeneration(alias) {
            // It is kept already by a swap that was cut off.
            if alias == move.keepingOldAs, holders[name] == move.from { continue }
            generations[alias] = holders[name]
        }
        let held = Set(generations.values)
        generations.merge(holders.filter { !held.contains($0.value) }) { $1 }
        let others = Set(aliases.keys.filter { !isGeneration($0) })
        let renamed = try GenerationNames(generations, aliases: others).after([move])
        guard !renamed.isEmpty else { return }
        let names = Dictionary(holders.map { ($0.value, $0.key) }) { $1 }
        for (identity, alias) in renamed {
            guard let name = names[identity], name != alias else { continue }
            guard holders[alias] == nil else { throw .isCollection(alias) }
            pointings.append((alias, name))
        }
        // What people have called the live one goes on with the name.
        if let old = move.from, let from = names[old], let to = names[move.to] {
            pointings += aliases.filter { $0.value == from && others.contains($0.key) }.map { ($0.key, to) }
        }
        pointings.sort { Self.rank($0.alias, move) > Self.rank($1.alias, move) }
        let made = Set(pointings.map(\.alias))
        let moved = Set(renamed.keys.compactMap { names[$0] })
        removals = aliases.filter { isGeneration($0.key) && moved.contains($0.value) && !made.contains($0.key) }.keys
            .sorted()
    }

    /// The oldest generation first, the live name last.
    private static func rank(_ alias: String, _ move: Move) -> Int {
        alias == move.name ? 0 : GenerationName.kept(alias).map { $0.name == move.name ? 1 + $0.age : 1 } ?? 1
    }
}
