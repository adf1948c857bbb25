import Model
import Wire

/// Generations are collections under names of their own. Milvus renames one at a time, so that for a moment a name stands
/// for nothing; a swap that was cut off goes on from where it stands.
extension MilvusStore: Generations {
    package var isAtomic: Bool { false }

    package var course: String? {
        "aliases move first, each in one step; then Milvus renames one collection after the other, and for a moment "
            + "nothing has the name"
    }

    package func staging(for name: String) async throws(StoreError) -> String {
        guard try await !server.aliases(of: "").contains(name) else { throw .isAlias(name) }
        return GenerationName.staging(name)
    }

    package func list(_ name: String) async throws(StoreError) -> [Description] {
        let names = try await server.collectionNames()
        let holders = Dictionary(names.map { ($0, Identity($0)) }) { $1 }
        var found: [Description] = []
        for name in GenerationNames(holders).generations(of: name) { found.append(try await describe(name)) }
        return found
    }

    package func swap(_ moves: [Move]) async throws(StoreError) {
        guard !moves.isEmpty else { return }
        let real = try await holders()
        var holders = real
        // Cut off between its two steps, it has left the name empty.
        for move in moves where holders[move.name] == nil {
            guard let old = move.from, let place = real.first(where: { $0.value == old })?.key,
                place == move.keepingOldAs || place.hasSuffix(Self.aside)
            else { continue }
            holders[place] = nil
            holders[move.name] = old
        }
        let names = try await GenerationNames(holders, aliases: Set(server.aliases(of: ""))).after(moves)
        // Milvus' aliases stay with a collection; these are to stay with the name, and move first, each in one step.
        for move in moves { try await moveAliases(move, real) }
        try await rename(names, from: real)
    }

    private func moveAliases(_ move: Move, _ holders: [String: Identity]) async throws(StoreError) {
        guard let old = move.from, let from = holders.first(where: { $0.value == old })?.key,
            let to = holders.first(where: { $0.value == move.to })?.key, from != to, to != move.name
        else { return }
        for alias in try await server.aliases(of: from) {
            var request = server.request(to)
            request.text(4, alias)
            try await server.order("AlterAlias", request, about: to)
        }
    }

    private func holders() async throws(StoreError) -> [String: Identity] {
        var holders: [String: Identity] = [:]
        for name in try await server.collectionNames() {
            holders[name] = try await server.described(name).identity
        }
        return holders
    }

    private static let aside = "_moving_aside"

    /// One after the other into names that are free; where they only change places one steps aside.
    private func rename(_ wanted: [Identity: String], from holders: [String: Identity]) async throws(StoreError) {
        var holders = holders
        var open = wanted.filter { holders[$0.value] != $0.key }
        while let step = open.first(where: { holders[$0.value] == nil }) ?? open.first {
            guard let name = holders.first(where: { $0.value == step.key })?.key else { throw .changed(step.value) }
            let target = holders[step.value] == nil ? step.value : name + Self.aside
            try await move(name, to: target)
            holders[name] = nil
            holders[target] = step.key
            if target == step.value { open[step.key] = nil }
        }
    }
}
