import Model

/// How well a shape fits a collection that is there.
struct MilvusMatch: Sendable {
    private let engine: MilvusEngine

    init(_ engine: MilvusEngine) { self.engine = engine }

    func fit(_ wanted: Collection, _ existing: Collection) -> Fit {
        let columns = wanted.vectors.map { vector($0, existing) } + wanted.fields.map { field($0, existing) }
        let open = wanted.isOpen && !existing.isOpen
        return Fit(
            collection: existing,
            verdicts: [key(wanted.key, existing)] + columns
                + [
                    Verdict(
                        "open payload", open ? .impossible : .exact,
                        open ? "\(existing.name) takes no other fields" : "")
                ],
            changes: MilvusFit.changes(existing, engine))
    }

    private func key(_ wanted: KeyField, _ existing: Collection) -> Verdict {
        if existing.key.isInvented, !engine.takesGivenKeys {
            return Verdict(
                "key", .lossy, "\(existing.name) makes up its keys; `keep_id_as=FIELD` keeps the old ones in a field")
        }
        return switch (wanted.type, existing.key.type) {
        case (.text, .text), (.int64, .int64): Verdict("key", .exact)
        case let (a, b):
            Verdict(
                "key", a == b ? .exact : .impossible, a == b ? "" : "\(existing.name) has keys of type \(b), not \(a)")
        }
    }

    private func vector(_ wanted: VectorField, _ existing: Collection) -> Verdict {
        let subject = "vector \(wanted.name)"
        guard let there = existing.vectors.first(where: { $0.name == wanted.name }) else {
            return Verdict(subject, .impossible, "\(existing.name) has none of this name")
        }
        let fits = (there.layout, there.element, there.dimension) == (wanted.layout, wanted.element, wanted.dimension)
        return Verdict(subject, fits ? .exact : .impossible, fits ? "" : "\(existing.name) has another of this name")
    }

    private func field(_ wanted: Field, _ existing: Collection) -> Verdict {
        let subject = "field \(wanted.name)"
        guard let there = existing.fields.first(where: { $0.name == wanted.name }) else {
            return Verdict(subject, .impossible, "\(existing.name) has none of this name")
        }
        let made = MilvusFit(
            Collection(name: "x", key: KeyField(name: "x", type: .int64), fields: [wanted]), engine)
        if there.type.takes(made.table.collection.fields.first?.type) { return Verdict(subject, .exact) }
        return Verdict(subject, .impossible, "it is \(there.type) in \(existing.name), not \(wanted.type)")
    }
}

extension FieldType {
    /// Whether every value that the other holds can be held; what is longer than it may be is refused by name.
    fileprivate func takes(_ other: FieldType?) -> Bool {
        switch (self, other) {
        case (.text, .text): true
        case (.array(.text), .array(.text)): true
        case (let mine, let other?):
            mine == other
                || mine.integerRange.map { range in
                    other.integerRange.map { range.contains($0.lowerBound) && range.contains($0.upperBound) } ?? false
                } ?? false
        default: false
        }
    }
}
