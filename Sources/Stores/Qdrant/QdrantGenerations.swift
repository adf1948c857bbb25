import JSON
import Model

/// Generations are collections called `docs_generation_1` and so on; `docs` is an alias, and so are `docs_previous` and
/// those before it. Qdrant renames no collection, and one that is itself called `docs` cannot be replaced.
extension QdrantStore: Generations {
    /// Aliases that change in one request change for all readers at once.
    package var isAtomic: Bool { true }
    package var isByAlias: Bool { true }

    package func staging(for name: String) async throws(StoreError) -> String {
        let names = Set(try await server.names())
        guard !names.contains(name) else { throw .notByAlias(name) }
        let taken = Set(try await server.aliases().values)
        for number in 1... {
            let candidate = GenerationName.behind(name, number)
            if !taken.contains(candidate) { return candidate }
        }
        return GenerationName.behind(name, 1)
    }

    package func list(_ name: String) async throws(StoreError) -> [Description] {
        let aliases = try await server.aliases()
        let names = Set(aliases.keys).union(try await server.names())
        let holders = Dictionary(names.map { ($0, Identity($0)) }) { $1 }
        var found: [Description] = []
        for name in GenerationNames(holders).generations(of: name) {
            var description = try await server.table(aliases[name] ?? name, aliases).description
            description.collection.name = name
            found.append(description)
        }
        return found
    }

    package func swap(_ moves: [Move]) async throws(StoreError) {
        let names = Set(try await server.names())
        if let move = moves.first(where: { names.contains($0.name) }) { throw .notByAlias(move.name) }
        let aliases = try await server.aliases()
        let swap = QdrantSwap(
            moves: moves, aliases: aliases, names: names, identities: try await identities(moves, aliases, names))
        let actions = try swap.actions()
        guard !actions.isEmpty else { return }
        try await server.change(aliases: actions)
        forget()
    }

    /// Of the collections that the moves are about.
    private func identities(
        _ moves: [Move], _ aliases: [String: String], _ names: Set<String>
    ) async throws(StoreError) -> [String: Identity] {
        var wanted = Set(moves.flatMap { [$0.from, $0.to] }.compactMap { $0?.qdrantName })
        let meant = Set(moves.map(\.name))
        for (alias, name) in aliases where meant.contains(GenerationName.kept(alias)?.name ?? alias) {
            wanted.insert(name)
        }
        var identities: [String: Identity] = [:]
        for name in wanted.intersection(names) { identities[name] = try await server.table(name, aliases).identity }
        return identities
    }
}

extension Identity {
    /// The name of the collection that has it: Qdrant renames none.
    fileprivate var qdrantName: String { String(token.prefix { $0 != "/" }) }
}

extension StoreError {
    fileprivate static func notByAlias(_ name: String) -> StoreError {
        StoreError(
            .conflict, "\"\(name)\" is a collection, and Qdrant renames none, so that no other can take its name",
            help: "choose a name that is free or an alias, and let readers use that")
    }
}

/// What moves come to in aliases.
private struct QdrantSwap {
    let moves: [Move]
    let aliases: [String: String]
    let names: Set<String>
    let identities: [String: Identity]

    /// Everything in one request; nothing if all is done.
    func actions() throws(StoreError) -> [JSONValue] {
        let renamed = try GenerationNames(holders, aliases: others).after(moves)
        var creations: [String: String] = [:]
        // What gets a collection's own name back has no alias any more.
        for (identity, name) in renamed where !names.contains(name) { creations[name] = identity.qdrantName }
        for move in moves where renamed[move.to] != nil {
            guard let old = move.from?.qdrantName else { continue }
            // What people have called the live one goes on with the name.
            for (alias, name) in aliases where name == old && !isGeneration(alias) {
                creations[alias] = move.to.qdrantName
            }
        }
        let moved = Set(renamed.keys.map(\.qdrantName))
        let deletions = aliases.filter { isGeneration($0.key) && moved.contains($0.value) && creations[$0.key] == nil }
        return creations.sorted { $0.key < $1.key }.map { .creating($0.key, of: $0.value) }
            + deletions.keys.sorted().map { .deleting($0) }
    }

    private func isGeneration(_ alias: String) -> Bool {
        moves.contains { $0.name == (GenerationName.kept(alias)?.name ?? alias) }
    }

    private var others: Set<String> { Set(aliases.keys.filter { !isGeneration($0) }) }

    /// Each collection by the name that it has as a generation, or by its own.
    private var holders: [String: Identity] {
        var holders: [String: Identity] = [:]
        var named: Set<String> = []
        for (alias, name) in aliases where isGeneration(alias) {
            holders[alias] = identities[name]
            named.insert(name)
        }
        for name in names where !named.contains(name) { holders[name] = identities[name] ?? Identity(name) }
        return holders
    }
}
