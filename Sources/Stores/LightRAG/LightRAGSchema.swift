import Model

/// What a kind of file makes of a shape.
struct LightRAGSchema {
    private let name: LightRAGName
    private(set) var made: Collection
    private(set) var verdicts: [Verdict] = []
    private(set) var changes: [Change] = []

    init(_ wanted: Collection, _ name: LightRAGName) {
        self.name = name
        made = wanted
        (made.native, made.partitions, made.indexes) = ([:], [], [])
        verdicts.append(Verdict("key", .exact))
        fitVectors(wanted)
        fitFields(wanted)
        if wanted.isOpen, name.isGraph {
            made.isOpen = false
            verdicts.append(Verdict("open payload", .lossy, "a graph's file declares every attribute"))
            changes.append(.dropped(field: Change.everyField))
        }
        verdicts += wanted.partitions.map { Verdict("partition \($0)", .lossy, "LightRAG has no partitions") }
        verdicts += wanted.indexes.map { Verdict("index \($0.name)", .lossy, "LightRAG looks at every record") }
    }

    // MARK: Vectors

    private mutating func fitVectors(_ wanted: Collection) {
        let main = name.kind == .vectors ? wanted.vectors.first { $0.layout == .dense && $0.element == .float32 } : nil
        made.vectors = []
        for vector in wanted.vectors {
            if vector == main {
                fit(embedding: vector)
            } else if let main, vector.isPacked(beside: main) {
                keep(vector, .exact, "as halves in each row")
            } else {
                let what = name.kind == .vectors ? "one vector of float32 a record" : "no vectors"
                verdicts.append(Verdict("vector \(vector.name)", .lossy, "\(name.name) holds \(what)"))
                changes.append(.dropped(field: vector.name))
            }
        }
        guard name.kind == .vectors, main == nil else { return }
        verdicts.append(Verdict("vectors", .impossible, "\(name.name) must have a dense vector of float32"))
    }

    private mutating func fit(embedding vector: VectorField) {
        var field = vector
        field.metric = .cosine
        field.isNullable = false
        if let metric = vector.metric, metric != .cosine {
            keep(field, .lossy, "LightRAG compares by cosine only, not by \(metric.rawValue)")
        } else if vector.isNullable {
            keep(field, .converted, "every record must have one: those without are refused")
        } else {
            keep(field, .exact, "LightRAG brings it to length one when it opens the file")
        }
    }

    private mutating func keep(_ vector: VectorField, _ grade: Grade, _ detail: String) {
        made.vectors.append(vector)
        verdicts.append(Verdict("vector \(vector.name)", grade, detail))
    }

    // MARK: Fields

    private mutating func fitFields(_ wanted: Collection) {
        made.fields = []
        for field in wanted.fields {
            let (grade, detail) = verdict(field)
            verdicts.append(Verdict("field \(field.name)", grade, detail))
            if grade == .lossy { changes.append(.dropped(field: field.name)) }
            if grade == .impossible || grade == .lossy { continue }
            made.fields.append(field)
            if name.isGraph, field.isNullable { changes.append(.nullAsAbsent(field: field.name)) }
        }
        guard name.kind == .edges else { return }
        for end in LightRAGGraph.ends where !made.fields.contains(where: { $0.name == end.name }) {
            verdicts.append(Verdict("field \(end.name)", .impossible, "an edge must say which nodes it joins"))
        }
    }

    private func verdict(_ field: Field) -> (Grade, String) {
        if name.kind == .vectors, [LightRAGOutline.key, "__vector__"].contains(field.name) {
            return (.impossible, "nano-vectordb uses this name itself: `rename` it")
        }
        if name.kind == .vectors, made.vectors.contains(where: { $0.element == .float16 && $0.name == field.name }) {
            return (.impossible, "its name is that of a vector in the same row: `rename` it")
        }
        guard name.isGraph else { return (.exact, "") }
        if field.name == LightRAGOutline.key { return (.impossible, "this is what a row's id is called: `rename` it") }
        switch field.type {
        case .array: return (.lossy, "a graph holds text, numbers and yes or no")
        case .json: return (.converted, "as far as it is text, numbers, yes or no; lists and objects are refused")
        default: return (.exact, "")
        }
    }
}

extension VectorField {
    /// Whether this is what LightRAG keeps in each row beside the matrix.
    fileprivate func isPacked(beside main: VectorField) -> Bool {
        layout == .dense && element == .float16 && name == LightRAGShape.halves && dimension == main.dimension
    }
}

extension LightRAGSchema {
    /// The fit of a shape, into what exists or as something new.
    static func fit(_ wanted: Collection, into existing: Collection?) -> Fit {
        guard let name = LightRAGName(wanted.name) else {
            return Fit(
                collection: wanted,
                verdicts: [Verdict("name", .impossible, StoreError.lightRAG(noName: wanted.name).help ?? "")])
        }
        let schema = LightRAGSchema(wanted, name)
        let made = (try? schema.made.throughJSON) ?? schema.made
        guard let existing else { return schema.fit(made, schema.verdicts) }
        let lost = schema.verdicts.filter { $0.grade == .lossy || $0.grade == .impossible }
        return schema.fit(existing, Fit.exact(made, into: existing.like(made)).verdicts + lost)
    }

    /// A vector that is left out is named once, by its own verdict.
    private func fit(_ collection: Collection, _ verdicts: [Verdict]) -> Fit {
        var fit = Fit(collection: collection, verdicts: verdicts, changes: changes)
        let own = Set(verdicts.map(\.subject))
        fit.verdicts.removeAll { verdict in
            !own.contains(verdict.subject) && own.contains("vector" + verdict.subject.dropFirst("field".count))
        }
        return fit
    }
}

extension Collection {
    /// The same, with those of the other's fields that differ only in whether they may be missing: what a file was
    /// seen to hold is no promise.
    fileprivate func like(_ other: Collection) -> Collection {
        var shape = self
        shape.fields = fields.map { field in
            other.fields.first { $0.name == field.name && $0.type == field.type } ?? field
        }
        return shape
    }
}
