import Model

/// What a copy brings of a collection.
package enum Part: String, Hashable, Sendable, CaseIterable {
    case schema, data, indexes, aliases, partitions

    /// What is brought where nothing is said. Partitions are part of how a store holds data: where it has none, they go.
    private static let usual: Set<Part> = [.schema, .data, .indexes, .partitions]

    /// `including` one of schema, data and indexes is bringing only those that it names; the others are brought too.
    package static func brought(including: [String], excluding: [String]) -> Set<Part> {
        let named = Set(including.compactMap(Part.init(rawValue:)))
        let chosen = named.intersection([.schema, .data, .indexes])
        let parts = chosen.isEmpty ? usual.union(named) : named.union([.partitions])
        return parts.subtracting(excluding.compactMap(Part.init(rawValue:)))
    }
}

extension Context {
    package func brings(_ part: Part) -> Bool { including.contains(part.rawValue) }
}
