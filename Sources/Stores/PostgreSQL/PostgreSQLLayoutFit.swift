import Model

/// What a layout makes of a shape.
struct PostgreSQLLayoutFit {
    private let layout: PostgreSQLLayout
    private let model: PostgreSQLModel
    private let available: PostgreSQLExtension
    private let wanted: Collection

    static func fit(
        _ wanted: Collection, into existing: Collection?, _ layout: PostgreSQLLayout, _ available: PostgreSQLExtension
    ) -> Fit {
        guard let model = layout.model(for: wanted.name) else {
            let why = layout.kind.hint(wanted.name)
            let detail = "layout=\(layout.kind.rawValue) has no table for it\(why.map { ": \($0)" } ?? "")"
            return Fit(collection: wanted, verdicts: [Verdict("collection \(wanted.name)", .impossible, detail)])
        }
        return PostgreSQLLayoutFit(layout: layout, model: model, available: available, wanted: wanted).fit(existing)
    }

    private func fit(_ existing: Collection?) -> Fit {
        let shape = existing ?? made
        var verdicts = [key] + vectors(shape)
        verdicts += wanted.fields.map { field($0, shape) }
        if wanted.isOpen, !shape.isOpen {
            verdicts.append(Verdict("open payload", .lossy, "\(model.table) holds the fields that it knows"))
        }
        verdicts += wanted.indexes.map { Verdict("index \($0.name)", .lossy, "`index` builds one afterwards") }
        return Fit(collection: shape, verdicts: verdicts, changes: changes(shape))
    }

    private var key: Verdict {
        if case .text = wanted.key.type { return Verdict("key", .exact, "beside workspace \"\(layout.workspace)\"") }
        return Verdict("key", .impossible, "\(model.table) has keys of text, not \(wanted.key.type)")
    }

    // MARK: The shape

    /// All that the table has room for, whether it is wanted or not.
    private var made: Collection {
        var shape = Collection(name: wanted.name, key: KeyField(type: .text(maxLength: nil)))
        shape.fields = model.columns.map { column in
            let isJSON = wanted.fields.first { $0.name == column.field }?.type == .json
            return Field(
                name: column.field, type: isJSON ? .json : column.type, isNullable: model.key != nil)
        }
        if model.packed != nil {
            shape.isOpen = wanted.isOpen
            shape.fields += wanted.isOpen ? [] : packed.map { Field(name: $0.name, type: $0.type) }
        }
        if model.vector != nil {
            shape.vectors = wanted.vectors.filter { $0.name == PostgreSQLModel.embedding }.map { vector in
                var vector = vector
                (vector.isNullable, vector.metric) = (true, .cosine)
                return vector
            }
        }
        return shape
    }

    private var packed: [Field] {
        wanted.fields.filter { field in
            !model.columns.contains { $0.field == field.name } && PostgreSQLModel.packs(field.type)
                && !isKeyAgain(field)
        }
    }

    /// LightRAG's files say the key of a record in it once more.
    private func isKeyAgain(_ field: Field) -> Bool { field.name == "_id" && model.packed == nil }

    // MARK: Verdicts

    private func vectors(_ shape: Collection) -> [Verdict] {
        let there = shape.vectors.first
        var verdicts = wanted.vectors.map { vector($0, there) }
        if model.vector != nil, !wanted.vectors.contains(where: { $0.name == PostgreSQLModel.embedding }) {
            verdicts.append(Verdict("vectors", .impossible, "there is none called \"embedding\": `rename` one"))
        }
        return verdicts
    }

    private func vector(_ vector: VectorField, _ there: VectorField?) -> Verdict {
        let subject = "vector \(vector.name)"
        guard vector.name == PostgreSQLModel.embedding, let there else {
            return Verdict(subject, .lossy, "left out: \(model.table) has no column for it")
        }
        guard vector.layout == .dense, vector.element == there.element, vector.element == .float32 else {
            return Verdict(subject, .impossible, "\(model.table) holds dense vectors of float32")
        }
        guard let dimension = vector.dimension, available.wire(vector) != nil else {
            return Verdict(subject, .impossible, "the server has no pgvector, or not for so many dimensions")
        }
        guard there.dimension == nil || there.dimension == dimension else {
            return Verdict(
                subject, .impossible,
                "\(model.table) has dimension \(there.dimension ?? 0), not \(dimension): `alter` it")
        }
        if let metric = vector.metric, metric != .cosine {
            return Verdict(subject, .converted, "LightRAG compares by cosine, not by \(metric.rawValue)")
        }
        return Verdict(subject, .exact)
    }

    private func field(_ field: Field, _ shape: Collection) -> Verdict {
        let subject = "field \(field.name)"
        if isKeyAgain(field) { return Verdict(subject, .converted, "left out: it is the key once more") }
        if let column = model.columns.first(where: { $0.field == field.name }) {
            guard let there = shape.fields.first(where: { $0.name == field.name }),
                column.takes(field.type), (there.type == .json) == (field.type == .json) || column.kind == .json
            else {
                return Verdict(subject, .impossible, "\(model.table).\(column.column) does not hold \(field.type)")
            }
            return Verdict(subject, .exact, column.column == field.name ? "" : "in column \(column.column)")
        }
        guard model.packed != nil else {
            return Verdict(subject, .lossy, "left out: \(model.table) has no column for it")
        }
        guard
            shape.isOpen && wanted.isOpen
                || shape.fields.contains(where: { $0.name == field.name && $0.type == field.type })
        else {
            return Verdict(subject, .impossible, "\(model.table) does not hold such a field in \(model.packed ?? "")")
        }
        return Verdict(subject, .exact, "in \(model.packed ?? "")")
    }

    private func changes(_ shape: Collection) -> [Change] {
        let nullable = shape.fields.filter(\.isNullable).map { Change.absentAsNull(field: $0.name) }
        let vectors = shape.vectors.map { Change.absentAsNull(field: $0.name) }
        let spelled = shape.fields.filter { $0.type == .json }.map { Change.reserialised(field: $0.name) }
        let names = shape.fields.map(\.name)
        let dropped = wanted.fields.filter { !names.contains($0.name) }.map { Change.dropped(field: $0.name) }
        let lostVectors = wanted.vectors.filter { vector in !shape.vectors.contains { $0.name == vector.name } }
            .map { Change.dropped(field: $0.name) }
        return nullable + vectors + spelled + dropped + lostVectors
            + (shape.isOpen ? [.reserialised(field: PostgreSQLColumn.payloadName)] : [])
    }
}
