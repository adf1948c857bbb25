import Model

/// How well a shape fits a collection that is there.
struct ChromaMatch: Sendable {
    private let engine: ChromaEngine
    private let existing: Collection

    init(_ existing: Collection, _ engine: ChromaEngine) { (self.existing, self.engine) = (existing, engine) }

    func fit(_ wanted: Collection) -> Fit {
        let made = filled(wanted)
        let columns = wanted.vectors.map { vector($0, made) } + wanted.fields.map(field)
        return Fit(
            collection: made,
            verdicts: [key(wanted.key)] + columns + (wanted.isOpen ? [Verdict("open payload", .exact)] : []),
            changes: ChromaFit.changes(made))
    }

    /// The first record gives a collection its dimension.
    private func filled(_ wanted: Collection) -> Collection {
        guard ChromaTable.isUnfilled(existing), var vector = wanted.vectors.first, vector.layout == .dense else {
            return existing
        }
        var made = existing
        vector.name = ChromaTable.embedding
        vector.element = .float32
        vector.isNullable = engine.hasVectorless
        made.vectors = [vector]
        return made
    }

    private func key(_ wanted: KeyField) -> Verdict {
        switch (wanted.type, existing.key.type) {
        case (.text, .text): Verdict("key", .exact)
        case (let a, let b) where a == b: Verdict("key", .exact)
        case (let a, let b): Verdict("key", .impossible, "\(existing.name) has keys of type \(b), not \(a)")
        }
    }

    private func vector(_ wanted: VectorField, _ made: Collection) -> Verdict {
        let subject = "vector \(wanted.name)"
        guard let there = made.vectors.first, there.name == wanted.name, wanted.layout == .dense else {
            let name = made.vectors.first?.name ?? ChromaTable.embedding
            return Verdict(subject, .impossible, "\(existing.name) has one vector, \"\(name)\"")
        }
        guard there.dimension == wanted.dimension, wanted.element != .bit else {
            return Verdict(subject, .impossible, "\(existing.name) has one of dimension \(there.dimension ?? 0)")
        }
        let details = [
            wanted.element == .float32 ? nil : "kept as float32",
            wanted.isNullable && !there.isNullable ? "must have a value here; a record without one is refused" : nil,
        ].compactMap(\.self)
        return Verdict(subject, details.isEmpty ? .exact : .converted, details.joined(separator: "; "))
    }

    private func field(_ wanted: Field) -> Verdict {
        let subject = "field \(wanted.name)"
        guard let there = existing.fields.first(where: { $0.name == wanted.name }) else {
            return Verdict(subject, .exact)
        }
        if there.type == .json || there.type.takes(wanted.type) { return Verdict(subject, .exact) }
        return Verdict(subject, .impossible, "it is \(there.type) in \(existing.name), not \(wanted.type)")
    }
}
