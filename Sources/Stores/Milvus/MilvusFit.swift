import JSON
import Model

/// What a Milvus would make of a shape, and how well that holds it.
struct MilvusFit: Sendable {
    let engine: MilvusEngine
    private(set) var table: MilvusTable
    private(set) var verdicts: [Verdict] = []

    /// A new collection.
    init(_ wanted: Collection, _ engine: MilvusEngine) {
        self.engine = engine
        table = MilvusTable(schema: MilvusSchema(name: wanted.name, isOpen: wanted.isOpen))
        table.number = engine.kind == .server ? 1 : 0
        table.consistency = MilvusTable.usualConsistency
        checkName(wanted.name)
        takeKey(wanted)
        for vector in wanted.vectors { take(vector) }
        for field in wanted.fields { take(field) }
        if !wanted.vectors.contains(where: { taken($0.name) }) {
            verdicts.append(Verdict("vectors", .impossible, "Milvus holds no collection without a vector"))
        }
        if wanted.isOpen { verdicts.append(Verdict("open payload", engine.respellsJSON ? .converted : .exact)) }
        takePartitions(wanted)
        if let native = wanted.native["milvus"] { take(native) }
        for index in wanted.indexes { take(index, wanted) }
        addIndexes(wanted)
        table.indexes.sort { Text($0.name) < Text($1.name) }
    }

    var fit: Fit {
        Fit(collection: table.collection, verdicts: verdicts, changes: Self.changes(table.collection, engine))
    }

    static func changes(_ shape: Collection, _ engine: MilvusEngine) -> [Change] {
        shape.fields.filter(\.isNullable).map { .absentAsNull(field: $0.name) }
            + shape.vectors.filter(\.isNullable).map { .absentAsNull(field: $0.name) }
            + (engine.respellsJSON ? [.reserialised(field: Change.everyField)] : [])
            + (shape.key.isInvented && !engine.takesGivenKeys ? [.rekeyed] : [])
    }

    private func taken(_ name: String) -> Bool { table.schema.fields.contains { $0.name == name } }

    private mutating func judge(_ subject: String, _ grade: Grade, _ detail: String = "") {
        verdicts.append(Verdict(subject, grade, detail))
    }

    private mutating func checkName(_ name: String) {
        guard let why = engine.objection(to: name) else { return }
        judge("name", .impossible, why)
    }

    // MARK: Key

    private mutating func takeKey(_ wanted: Collection) {
        var field = MilvusField(name: wanted.key.name, type: .varChar, isKey: true)
        field.isAutomatic = wanted.key.isInvented
        switch wanted.key.type {
        case .int64: field.type = .int64
        case .text(let limit): field.params["max_length"] = String(min(limit ?? .max, Self.longestText))
        case .uint64, .uuid, .id:
            field.params["max_length"] = "36"
            if engine.kind == .lite {
                table.properties[MilvusMark.key] = "\(wanted.key.type)"
            } else {
                field.params[MilvusMark.key] = "\(wanted.key.type)"
            }
        }
        table.schema.fields.append(field)
        if let why = engine.objection(to: field.name) { return judge("key", .impossible, why) }
        judgeKey(wanted.key)
    }

    private mutating func judgeKey(_ key: KeyField) {
        if key.isInvented {
            let why = "the server makes up new keys; `keep_id_as=FIELD` keeps the old ones in a field"
            return engine.takesGivenKeys ? judge("key", .exact) : judge("key", .lossy, why)
        }
        switch key.type {
        case .int64: judge("key", .exact)
        case .text(let limit) where limit ?? .max > Self.longestText:
            judge("key", .converted, "at most \(Self.longestText) bytes; a longer one is refused")
        case .text: judge("key", .exact)
        case .uint64, .uuid, .id: judge("key", .exact, "kept as text")
        }
    }

    static let longestText = 65_535

    // MARK: Vectors

    private mutating func take(_ vector: VectorField) {
        let subject = "vector \(vector.name)"
        if let why = objection(to: vector) { return judge(subject, .impossible, why) }
        var field = MilvusField(name: vector.name, type: vector.milvusType)
        if let dimension = vector.dimension { field.params["dim"] = String(dimension) }
        field.isNullable = vector.isNullable && engine.hasNullableVectors
        table.schema.fields.append(field)
        let isHeld = vector.isNullable == field.isNullable
        judge(subject, isHeld ? .exact : .converted, isHeld ? "" : Self.mustHaveValue)
    }

    private static let mustHaveValue = "must have a value here; a record without one is refused"

    private func objection(to vector: VectorField) -> String? {
        if let why = engine.objection(to: vector.name) { return why }
        if taken(vector.name) { return "another field has its name" }
        if !engine.hasSeveralVectors, table.schema.fields.contains(where: { $0.type.vector != nil }) {
            return "this server holds one vector a record: Milvus 2.4 holds several"
        }
        switch vector.layout {
        case .multi: return "Milvus holds no lists of vectors"
        case .sparse: return engine.hasSparseVectors ? nil : "this server has no sparse vectors: Milvus 2.4 has"
        case .dense: break
        }
        if !engine.has(vector.element) { return "this server has no vectors of \(vector.element.rawValue)" }
        let dimension = vector.dimension ?? 0
        if dimension > 32_768 { return "at most 32,768 dimensions" }
        return vector.element == .bit && !dimension.isMultiple(of: 8) ? "its dimension is no multiple of 8" : nil
    }

    // MARK: Fields

    private mutating func take(_ wanted: Field) {
        let subject = "field \(wanted.name)"
        if let why = engine.objection(to: wanted.name) { return judge(subject, .impossible, why) }
        if taken(wanted.name) { return judge(subject, .impossible, "another field has its name") }
        var field = MilvusField(name: wanted.name, type: .json)
        let detail = field.take(wanted.type, engine)
        field.isNullable = wanted.isNullable && engine.hasNullableFields
        table.schema.fields.append(field)
        let isHeld = wanted.isNullable == field.isNullable
        let details = [detail, isHeld ? nil : Self.mustHaveValue].compactMap(\.self)
        judge(subject, details.isEmpty ? .exact : .converted, details.joined(separator: "; "))
    }

    private mutating func takePartitions(_ wanted: Collection) {
        guard !wanted.partitions.isEmpty else { return }
        guard engine.hasPartitions else {
            return judge("partitions", .lossy, "Milvus Lite 2 has none; their records come together")
        }
        table.partitions = wanted.partitions.filter { engine.objection(to: $0) == nil }
        for name in wanted.partitions where !table.partitions.contains(name) {
            judge("partition \(name)", .lossy, engine.objection(to: name) ?? "")
        }
    }

    // MARK: What Milvus said of itself

    private mutating func take(_ native: JSONValue) {
        let keepsNotes = engine.kind != .lite
        if keepsNotes { table.schema.note = native["description"]?.string ?? "" }
        if engine.kind == .server {
            table.consistency = native["consistency"]?.integer.map { Int($0) } ?? table.consistency
            table.shards = native["shards"]?.integer.map { Int($0) } ?? 1
            table.keyPartitions = native["partitions"]?.integer.map { Int($0) } ?? 0
        }
        if engine.kind != .nativeLite {
            table.properties.merge(native["properties"]?.dictionary?.compactMapValues(\.string) ?? [:]) { $1 }
        }
        takeFunctions(native)
        for place in table.schema.fields.indices {
            guard let own = native["fields"]?[table.schema.fields[place].name] else { continue }
            table.schema.fields[place].take(own)
            if !keepsNotes { table.schema.fields[place].note = "" }
            if engine.kind == .nativeLite { table.schema.fields[place].isPartitionKey = false }
        }
        if table.schema.hasPartitionKey { table.partitions = [] }
    }

    private mutating func takeFunctions(_ native: JSONValue) {
        let functions = (native["functions"]?.array ?? []).compactMap(MilvusFunction.init)
        guard engine.hasFunctions else {
            for function in functions {
                judge("function \(function.name)", .lossy, "this server has none, and \(function.outputs) are not kept")
            }
            return
        }
        for function in functions where function.inputs.allSatisfy(taken) {
            table.schema.functions.append(function)
            for output in function.outputs where !taken(output) {
                table.schema.fields.append(MilvusField(name: output, type: .sparseVector, isOutput: true))
            }
            judge("function \(function.name)", .exact)
        }
        for index in native["indexes"]?.array?.compactMap({ MilvusIndex(native: $0) }) ?? [] where taken(index.field) {
            table.indexes.append(index)
        }
    }

    // MARK: Indexes

    private mutating func take(_ index: Index, _ wanted: Collection) {
        let subject = "index \(index.name)"
        guard let field = table.schema.fields.first(where: { $0.name == index.field }) else {
            return judge(subject, .lossy, "nothing of that name is kept to index")
        }
        let metric = index.metric ?? wanted.vectors.first { $0.name == index.field }?.metric
        switch MilvusIndexing(engine).made(index, on: field, metric: metric) {
        case .success(let made):
            guard !table.indexes.contains(where: { $0.field == made.index.field }) else {
                return judge(subject, .lossy, "Milvus has one index a field")
            }
            table.indexes.append(made.index)
            judge(subject, made.detail == nil ? .exact : .converted, made.detail ?? "")
        case .failure(let objection): judge(subject, .lossy, objection.why)
        }
    }

    /// Milvus reads nothing of a collection while one of its vectors has no index, and keeps the metric in that.
    private mutating func addIndexes(_ wanted: Collection) {
        for vector in wanted.vectors {
            guard let metric = vector.metric, !table.indexes.contains(where: { $0.field == vector.name }),
                let field = table.schema.fields.first(where: { $0.name == vector.name })
            else { continue }
            let plain = Index(
                name: "\(vector.name)_index", field: vector.name, type: field.type.plainIndex, metric: metric)
            guard case .success(let made) = MilvusIndexing(engine).made(plain, on: field, metric: metric) else {
                judge("metric of \(vector.name)", .lossy, "Milvus has no \(metric.rawValue) for such vectors")
                continue
            }
            table.indexes.append(made.index)
            judge("index \(made.index.name)", .exact, "added, as Milvus keeps the metric there")
        }
    }
}

extension VectorField {
    /// Of those that Milvus has.
    fileprivate var milvusType: MilvusType {
        guard layout == .dense else { return .sparseVector }
        return switch element {
        case .float32, .uint8: .floatVector
        case .float16: .float16Vector
        case .bfloat16: .bfloat16Vector
        case .int8: .int8Vector
        case .bit: .binaryVector
        }
    }
}

extension MilvusField {
    /// Becomes a field for such values; answers what that changes.
    fileprivate mutating func take(_ wanted: FieldType, _ engine: MilvusEngine) -> String? {
        switch wanted {
        case .json: return nil
        case .timestamp:
            type = engine.hasTimestamps ? .timestamp : .int64
            return engine.hasTimestamps ? nil : "kept as int64: microseconds since 1970"
        case .array(let inner): return take(elements: inner, engine)
        case .text(let limit):
            type = .varChar
            params["max_length"] = String(min(limit ?? .max, MilvusFit.longestText))
            return limit ?? .max > MilvusFit.longestText
                ? "at most \(MilvusFit.longestText) bytes; longer ones are refused" : nil
        default:
            type = wanted.milvusScalar ?? .json
            return nil
        }
    }

    private mutating func take(elements inner: FieldType, _ engine: MilvusEngine) -> String? {
        var plain = MilvusField(name: name, type: .json)
        if case .text = inner { _ = plain.take(inner, engine) } else { plain.type = inner.milvusScalar ?? .json }
        guard plain.type != .json else { return "kept as JSON" }
        type = .array
        element = plain.type
        if engine.kind != .lite { params["max_length"] = plain.params["max_length"] }
        params["max_capacity"] = String(MilvusField.usualCapacity)
        return nil
    }
}

extension FieldType {
    fileprivate var milvusScalar: MilvusType? { MilvusType.plain.first { $0.holding == self }?.type }
}

extension MilvusEngine {
    var hasFunctions: Bool { kind == .lite || kind == .server && !version.lexicographicallyPrecedes([2, 5]) }

    /// Why this cannot be a name; nil if it can.
    func objection(to name: String) -> String? {
        if name.isEmpty || name == MilvusSchema.hidden { return "\"\(name)\" is no name here" }
        guard checksNames else { return nil }
        let isPlain = name.utf8.allSatisfy {
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20 || $0.isDigit || $0 == 0x5F
        }
        guard isPlain, name.utf8.first?.isDigit == false, name.utf8.count <= 255 else {
            return "Milvus takes letters, digits and _ in a name, at most 255, and no digit first"
        }
        return nil
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }
}
