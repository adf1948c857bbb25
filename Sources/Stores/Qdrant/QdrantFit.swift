import JSON
import Model

/// What a Qdrant would make of a shape, and how well that holds it.
struct QdrantFit: Sendable {
    private let engine: QdrantEngine
    private(set) var collection: Collection
    private(set) var verdicts: [Verdict] = []

    /// A new collection.
    init(_ wanted: Collection, _ engine: QdrantEngine) {
        self.engine = engine
        collection = Collection(name: wanted.name, key: KeyField(name: wanted.key.name, type: .id), isOpen: true)
        if let why = engine.objection(to: wanted.name) { judge("name", .impossible, why) }
        verdicts.append(QdrantFit.key(wanted.key))
        for vector in wanted.vectors { take(vector) }
        takeFields(wanted)
        if wanted.isOpen { judge("open payload", .exact) }
        takeNative(wanted)
        if !wanted.partitions.isEmpty { judge("partitions", .lossy, "records come together in one collection") }
        takeIndexes(wanted)
        if !engine.hasMetadata {
            collection.key.name = "id"
            collection.vectors.sort {
                ($0.layout == .sparse ? 1 : 0, $0.name) < ($1.layout == .sparse ? 1 : 0, $1.name)
            }
        }
    }

    var fit: Fit { Fit(collection: collection, verdicts: verdicts, changes: Self.changes(collection)) }

    /// What Qdrant does to values.
    static func changes(_ shape: Collection) -> [Change] {
        var changes: [Change] = [.reserialised(field: Change.everyField)]
        for vector in shape.vectors {
            changes.append(.nullAsAbsent(field: vector.name))
            let isBytes = vector.element == .uint8
            if vector.metric == .cosine, vector.layout != .sparse, !isBytes {
                changes.append(.normalised(vector: vector.name))
            }
        }
        return changes
    }

    private mutating func judge(_ subject: String, _ grade: Grade, _ detail: String = "") {
        verdicts.append(Verdict(subject, grade, detail))
    }

    // MARK: Key

    static func key(_ key: KeyField) -> Verdict {
        if key.isInvented { return Verdict("key", .converted, "keys are kept as they come; Qdrant makes up none") }
        return switch key.type {
        case .id, .uint64, .uuid: Verdict("key", .exact)
        case .int64: Verdict("key", .exact, "whole numbers from 0 on; a record with a negative key is refused")
        case .text:
            Verdict(
                "key", .impossible,
                "Qdrant's keys are whole numbers and UUIDs, not text; say `with ids=uuid5`, `ids=hash` or `ids=auto`, "
                    + "and `keep_id_as=FIELD` keeps the old ones in a field")
        }
    }

    // MARK: Vectors

    private mutating func take(_ vector: VectorField) {
        let subject = "vector \(vector.name)"
        if let why = objection(to: vector) { return judge(subject, .impossible, why) }
        var made = vector
        made.isNullable = true
        if vector.layout == .sparse {
            made.metric = .ip
            collection.vectors.append(made)
            let isSame = vector.metric ?? .ip == .ip
            return judge(
                subject, isSame ? .exact : .lossy, isSame ? "" : "Qdrant compares sparse vectors by ip alone")
        }
        var details: [String] = []
        if vector.element == .bfloat16 || vector.element == .int8 {
            made.element = .float32
            details.append("kept as float32, which holds the same numbers")
        }
        if vector.metric == nil {
            made.metric = .ip
            details.append("it has no metric, and Qdrant wants one: ip, by which vectors stay as they are")
        }
        collection.vectors.append(made)
        judge(subject, details.isEmpty ? .exact : .converted, details.joined(separator: "; "))
    }

    private func objection(to vector: VectorField) -> String? {
        if vector.name.isEmpty { return "a vector without a name; give it one with `rename`" }
        if collection.vectors.contains(where: { $0.name == vector.name }) { return "another vector has its name" }
        switch vector.layout {
        case .sparse: return engine.hasSparseVectors ? nil : "this server has no sparse vectors: Qdrant 1.7 has"
        case .multi where !engine.hasMultiVectors: return "this server holds no lists of vectors: Qdrant 1.10 does"
        case .multi, .dense: break
        }
        switch vector.element {
        case .bit: return "Qdrant has no binary vectors"
        case .float16, .uint8:
            if !engine.has(vector.element) { return "this server has no vectors of \(vector.element.rawValue)" }
        case .float32, .bfloat16, .int8: break
        }
        if let metric = vector.metric, !QdrantTable.metrics.contains(where: { $0.metric == metric }) {
            return "Qdrant does not compare by \(metric.rawValue)"
        }
        return vector.dimension ?? 0 > 65_536 ? "at most 65,536 dimensions" : nil
    }

    // MARK: Fields

    private mutating func takeFields(_ wanted: Collection) {
        for field in wanted.fields {
            let detail = field.type == .timestamp ? "kept as text: RFC 3339" : ""
            guard engine.hasMetadata else {
                let types = "in the payload; this server has no room to note its type: Qdrant 1.16 has"
                judge("field \(field.name)", .exact, [detail, types].filter { !$0.isEmpty }.joined(separator: "; "))
                continue
            }
            collection.fields.append(Field(name: field.name, type: field.type))
            judge("field \(field.name)", .exact, detail)
        }
    }

    // MARK: What Qdrant said of itself

    private mutating func takeNative(_ wanted: Collection) {
        guard var members = wanted.qdrant?.members, wanted.qdrant?["types"] == nil else { return }
        if members.contains(where: { $0.name == "sharding_method" && $0.value.string == "custom" }) {
            members.removeAll { $0.name == "sharding_method" }
            judge("sharding", .lossy, "shard keys are not carried; points are spread by their keys")
        }
        if !engine.hasMetadata, members.contains(where: { $0.name == "metadata" }) {
            members.removeAll { $0.name == "metadata" }
            judge("metadata", .lossy, "this server keeps none: Qdrant 1.16 does")
        }
        for place in members.indices { members[place].value = ownNames(members[place]) }
        members.removeAll { $0.value == .object([]) }
        collection.native = [QdrantNative.engine: .object(members)]
        for vector in members.first(where: { $0.name == "vectors" })?.value.members ?? [] {
            guard let type = vector.value["datatype"]?.string else { continue }
            judge("vector \(vector.name)", .lossy, "rounded to \(type); compare with `vectors=tolerance`")
        }
    }

    /// What is said of vectors, of those that are kept.
    private func ownNames(_ member: JSONValue.Member) -> JSONValue {
        guard member.name == "vectors" || member.name == "sparse_vectors" else { return member.value }
        return .object(
            (member.value.members ?? []).filter { own in collection.vectors.contains { $0.name == own.name } })
    }

    // MARK: Indexes

    private mutating func takeIndexes(_ wanted: Collection) {
        var shape = collection
        // What has no room for its type has one all the same.
        shape.fields = wanted.fields
        let indexing = QdrantIndexing(shape)
        for index in wanted.indexes {
            let made = indexing.made(index)
            guard let found = made.index, !collection.indexes.contains(where: { $0.name == found.name }) else {
                let isTwin = made.index != nil
                verdicts.append(
                    isTwin ? Verdict("index \(index.name)", .lossy, "Qdrant has one index a field") : made.verdict)
                continue
            }
            collection.indexes.append(found)
            verdicts.append(made.verdict)
        }
        collection.indexes += indexing.unasked(besides: collection.indexes)
        collection.indexes.sort { Text($0.name) < Text($1.name) }
    }
}

/// How well a shape fits a collection that is there.
struct QdrantMatch: Sendable {
    let existing: Collection

    func fit(_ wanted: Collection) -> Fit {
        Fit(
            collection: existing,
            verdicts: [QdrantFit.key(wanted.key)] + wanted.vectors.map(vector) + wanted.fields.map(field)
                + [Verdict("open payload", .exact)],
            changes: QdrantFit.changes(existing))
    }

    private func vector(_ wanted: VectorField) -> Verdict {
        let subject = "vector \(wanted.name)"
        guard let there = existing.vectors.first(where: { $0.name == wanted.name }) else {
            let names = existing.vectors.map(\.name).joined(separator: ", ")
            return Verdict(subject, .impossible, "\(existing.name) has none of this name; it has \(names)")
        }
        guard there.layout == wanted.layout, there.dimension == wanted.dimension else {
            return Verdict(
                subject, .impossible,
                "\(existing.name) has it as \(there.layout.rawValue) with dimension \(there.dimension ?? 0)")
        }
        guard there.layout == .sparse || there.metric == wanted.metric || wanted.metric == nil else {
            return Verdict(
                subject, .lossy,
                "it is compared by \(there.metric?.rawValue ?? ""), not \(wanted.metric?.rawValue ?? "")")
        }
        if there.element == wanted.element { return Verdict(subject, .exact) }
        guard there.element != .float32 else { return Verdict(subject, .converted, "kept as float32") }
        return Verdict(subject, .lossy, "rounded to \(there.element.rawValue)")
    }

    private func field(_ wanted: Field) -> Verdict {
        let subject = "field \(wanted.name)"
        guard let there = existing.fields.first(where: { $0.name == wanted.name }) else {
            return Verdict(subject, .exact)
        }
        let fits = there.type.takes(wanted.type)
        return Verdict(
            subject, fits ? .exact : .impossible, fits ? "" : "it is noted as \(there.type) in \(existing.name)")
    }
}
