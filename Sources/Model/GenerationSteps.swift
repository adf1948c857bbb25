/// What a swap comes to in a store that renames one collection at a time, so that for a moment a name stands for nothing.
package struct GenerationSteps: Sendable {
    /// Each into a name that is free when its turn comes.
    package private(set) var renames: [(from: String, to: String)] = []

    /// `holders` are the collections of the store by name. A swap that was cut off goes on from where it stands.
    package init(
        _ moves: [Move], _ holders: [String: Identity], aliases: Set<String> = []
    ) throws(StoreError) {
        var seen = holders
        // Cut off between its two steps, it has left the name empty.
        for move in moves where seen[move.name] == nil {
            guard let old = move.from, let place = holders.first(where: { $0.value == old })?.key,
                place == move.keepingOldAs || place.hasSuffix(Self.aside)
            else { continue }
            seen[place] = nil
            seen[move.name] = old
        }
        try order(GenerationNames(seen, aliases: aliases).after(moves), from: holders)
    }

    private static let aside = "_moving_aside"

    /// Where they only change places one steps aside.
    private mutating func order(_ wanted: [Identity: String], from real: [String: Identity]) throws(StoreError) {
        var holders = real
        var open = wanted.filter { holders[$0.value] != $0.key }
        while let step = open.first(where: { holders[$0.value] == nil }) ?? open.first {
            guard let name = holders.first(where: { $0.value == step.key })?.key else { throw .changed(step.value) }
            let target = holders[step.value] == nil ? step.value : name + Self.aside
            renames.append((name, target))
            holders[name] = nil
            holders[target] = step.key
            if target == step.value { open[step.key] = nil }
        }
    }
}
