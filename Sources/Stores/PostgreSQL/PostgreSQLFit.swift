import JSON
import Model

/// What a PostgreSQL with this extension makes of a shape.
struct PostgreSQLFit {
    let available: PostgreSQLExtension

    func fit(_ wanted: Collection, into existing: Collection?) -> Fit {
        guard let existing else { return made(wanted) }
        return Fit(
            collection: existing,
            verdicts: [key(wanted, existing)] + wanted.vectors.map { vector($0, existing) }
                + wanted.fields.map { field($0, existing) }
                + [
                    Verdict(
                        "open payload", !wanted.isOpen || existing.isOpen ? .exact : .impossible,
                        !wanted.isOpen || existing.isOpen
                            ? "" : "\(existing.name) has no column \"payload\" of type jsonb")
                ],
            changes: changes(existing))
    }

    // MARK: A new table

    private func made(_ wanted: Collection) -> Fit {
        var shape = wanted
        shape.key.isInvented = false
        shape.partitions = []
        shape.native = native(wanted)
        var verdicts = [keyVerdict(wanted)]
        verdicts += wanted.vectors.map(verdict)
        verdicts += wanted.fields.map { verdict($0, native: nativeType($0, wanted)) }
        if wanted.isOpen {
            verdicts.append(Verdict("open payload", .exact, "kept as jsonb, which has its own spelling of JSON"))
        }
        if wanted.name.lastPart.isTooLongForPostgreSQL {
            verdicts.append(Verdict("name", .impossible, "PostgreSQL takes names of at most 63 bytes"))
        }
        if !wanted.partitions.isEmpty {
            verdicts.append(Verdict("partitions", .lossy, "records come together in one table"))
        }
        let indexes = wanted.indexes.map { PostgreSQLIndexFit(available, wanted).fit($0) }
        shape.indexes = indexes.compactMap(\.index)
        return Fit(collection: shape, verdicts: verdicts + indexes.map(\.verdict), changes: changes(shape))
    }

    private func keyVerdict(_ wanted: Collection) -> Verdict {
        guard !wanted.key.isInvented else {
            return Verdict("key", .converted, "keys are kept as they come; PostgreSQL makes up none")
        }
        return Verdict("key", .exact, wanted.postgreSQL("key")?.string ?? "")
    }

    private func verdict(_ vector: VectorField) -> Verdict {
        let subject = "vector \(vector.name)"
        guard let wire = available.wire(vector) else { return Verdict(subject, .impossible, whyNot(vector)) }
        switch wire {
        case .sparse:
            return Verdict(
                subject, .exact, "a record's indices are below 1,000,000,000, and at most 16,000 are not zero")
        case .vector(let element, _), .vectors(let element, _):
            return Verdict(
                subject, .exact, element.natural == vector.element ? "" : "kept as \(available.sqlType(wire))")
        default: return Verdict(subject, .exact)
        }
    }

    func whyNot(_ vector: VectorField) -> String {
        guard available.version != nil || vector.element == .bit && vector.layout != .sparse else {
            return "the server has no pgvector: install it there, then CREATE EXTENSION vector"
        }
        if vector.layout == .sparse { return "pgvector \(available.version ?? "") has no sparsevec: 0.7 has" }
        return "pgvector's vectors have at most 16,000 dimensions, not \(vector.dimension ?? 0)"
    }

    private func verdict(_ field: Field, native: String?) -> Verdict {
        let subject = "field \(field.name)"
        if let native { return Verdict(subject, .exact, "of type \(native)") }
        switch field.type {
        case .array where field.type.postgreSQL == .jsonb: return Verdict(subject, .exact, "kept as jsonb")
        case .json: return Verdict(subject, .exact, "kept as jsonb, which has its own spelling of JSON")
        default: return Verdict(subject, .exact)
        }
    }

    private func nativeType(_ field: Field, _ wanted: Collection) -> String? {
        wanted.postgreSQL("types")?[field.name]?.string
    }

    /// Of what the source says in words of its own, that which is about columns.
    private func native(_ wanted: Collection) -> [String: JSONValue] {
        let names = wanted.fields.map(\.name)
        let said = wanted.postgreSQL("types")?.dictionary ?? [:]
        let types = said.filter { names.contains($0.key) && $0.value.string != nil }
        let key = wanted.key.type == .uuid ? nil : wanted.postgreSQL("key")
        let sparse = wanted.postgreSQL("sparse")?.dictionary?.filter { name, _ in
            wanted.vectors.contains { $0.name == name && $0.layout == .sparse }
        }
        if types.isEmpty, key == nil, sparse?.isEmpty ?? true { return [:] }
        var native: [String: JSONValue] = ["types": .object(types)]
        native["key"] = key
        if let sparse, !sparse.isEmpty { native["sparse"] = .object(sparse) }
        return [PostgreSQLColumn.engine: .object(native)]
    }

    /// What the columns make of values.
    private func changes(_ shape: Collection) -> [Change] {
        let missing = shape.fields.filter(\.isNullable).map { Change.absentAsNull(field: $0.name) }
        let vectors = shape.vectors.filter(\.isNullable).map { Change.absentAsNull(field: $0.name) }
        let spelled = shape.fields.filter(\.type.isRespelled).map { Change.reserialised(field: $0.name) }
        return missing + vectors + spelled
            + (shape.isOpen ? [Change.reserialised(field: Change.everyField)] : [])
    }

    // MARK: A table that is there

    private func key(_ wanted: Collection, _ existing: Collection) -> Verdict {
        let fits = existing.key.type.takes(wanted.key.type)
        return Verdict(
            "key", fits ? .exact : .impossible,
            fits ? "" : "\(existing.name) has keys of type \(existing.key.type), not \(wanted.key.type)")
    }

    private func vector(_ wanted: VectorField, _ existing: Collection) -> Verdict {
        let subject = "vector \(wanted.name)"
        guard let there = existing.vectors.first(where: { $0.name == wanted.name }) else {
            return Verdict(subject, .impossible, "\(existing.name) has no such column")
        }
        guard there.layout == wanted.layout, there.element == wanted.element else {
            let what = "\(there.layout.rawValue) \(there.element.rawValue)"
            return Verdict(subject, .impossible, "\(existing.name) has it as \(what)")
        }
        guard there.dimension == wanted.dimension else {
            return Verdict(
                subject, .impossible,
                "\(existing.name) has dimension \(there.dimension ?? 0), not \(wanted.dimension ?? 0)")
        }
        guard !wanted.isNullable || there.isNullable else {
            return Verdict(subject, .lossy, "records without it are refused: the column is NOT NULL")
        }
        guard there.metric == nil || wanted.metric == nil || there.metric == wanted.metric else {
            return Verdict(subject, .converted, "it is compared by \(there.metric?.rawValue ?? ""), not as before")
        }
        return Verdict(subject, .exact)
    }

    private func field(_ wanted: Field, _ existing: Collection) -> Verdict {
        let subject = "field \(wanted.name)"
        guard let there = existing.fields.first(where: { $0.name == wanted.name }) else {
            return Verdict(subject, .impossible, "\(existing.name) has no such column")
        }
        guard there.type.takes(wanted.type) else {
            return Verdict(subject, .impossible, "\(existing.name) has it as \(there.type), not \(wanted.type)")
        }
        guard !wanted.isNullable || there.isNullable else {
            return Verdict(subject, .lossy, "records without it are refused: the column is NOT NULL")
        }
        return Verdict(subject, .exact)
    }
}

extension Collection {
    /// What the shape says for PostgreSQL alone.
    func postgreSQL(_ name: String) -> JSONValue? { native[PostgreSQLColumn.engine]?[name] }
}

extension FieldType {
    /// Whether PostgreSQL gives the JSON of such a value its own spelling.
    fileprivate var isRespelled: Bool {
        switch self {
        case .json, .array: true
        default: false
        }
    }
}

extension KeyType {
    fileprivate func takes(_ other: KeyType) -> Bool {
        switch (self, other) {
        case (.text(let limit), .text(let length)): limit ?? .max >= length ?? .max
        default: self == other
        }
    }
}

extension String {
    /// A table's own name, where the other is that of its schema.
    fileprivate var lastPart: String { utf8.count > 63 ? PostgreSQLName(dotted: self)?.table ?? self : self }
}
