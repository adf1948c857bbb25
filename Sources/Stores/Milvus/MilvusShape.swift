import JSON
import Model

/// What Milvus says of a collection, in terms that every store understands.
extension MilvusTable {
    var description: Description {
        Description(
            collection: collection, identity: identity, aliases: aliases,
            states: Dictionary(shownIndexes.map { ($0.name, $0.indexState) }) { $1 })
    }

    var collection: Collection {
        let given = schema.given.filter { !$0.isKey }
        return Collection(
            name: schema.name, key: keyField, vectors: given.compactMap { vector($0) }, fields: given.compactMap(field),
            isOpen: schema.isOpen, indexes: shownIndexes.map { $0.index(on: schema) }, partitions: partitions,
            native: native.isEmpty ? [:] : ["milvus": .object(native)])
    }

    /// Those that people asked for, on what they gave.
    private var shownIndexes: [MilvusIndex] {
        let given = Set(schema.given.map(\.name) + [MilvusSchema.hidden])
        return indexes.filter { !$0.isForReading && given.contains($0.field.prefix { $0 != "[" }.description) }
    }

    private var keyField: KeyField {
        let key = schema.key
        return KeyField(name: key?.name ?? "id", type: keyType, isInvented: key?.isAutomatic == true)
    }

    /// Keys of other kinds are kept as text, and which kind stands in a mark of ours.
    var keyType: KeyType {
        let marked = (schema.key?.params[MilvusMark.key] ?? properties[MilvusMark.key]).flatMap { KeyType($0) }
        if schema.key?.type == .int64 { return .int64 }
        return marked ?? .text(maxLength: schema.key?.number("max_length"))
    }

    private func vector(_ field: MilvusField) -> VectorField? {
        guard let (layout, element) = field.type.vector else { return nil }
        let index = indexes.first { $0.field == field.name && !$0.isForReading }
        return VectorField(
            name: field.name, layout: layout, element: element,
            dimension: layout == .sparse ? nil : field.number("dim"),
            metric: index?.metric, isNullable: field.isNullable)
    }

    private func field(_ field: MilvusField) -> Field? {
        field.type.vector == nil ? Field(name: field.name, type: field.fieldType, isNullable: field.isNullable) : nil
    }

    /// Milvus' number of a collection stays with it; in Milvus Lite a mark of ours does.
    var identity: Identity {
        if number != 0 { return Identity(String(number)) }
        let mark = properties[MilvusMark.identity] ?? schema.key?.params[MilvusMark.identity]
        return Identity(mark ?? "named \(schema.name)")
    }
}

/// What this program notes in the collections that it makes.
enum MilvusMark {
    static let identity = "vecsh.identity"
    static let key = "vecsh.key"
    static let indexForReading = "vecsh_reading_"
    static let given = "vecsh.given"
    static let all: Set<String> = [identity, key, given]
}

extension MilvusType {
    var vector: (VectorField.Layout, Element)? {
        switch self {
        case .floatVector: (.dense, .float32)
        case .float16Vector: (.dense, .float16)
        case .bfloat16Vector: (.dense, .bfloat16)
        case .int8Vector: (.dense, .int8)
        case .binaryVector: (.dense, .bit)
        case .sparseVector: (.sparse, .float32)
        default: nil
        }
    }
}

extension MilvusField {
    var fieldType: FieldType {
        switch type {
        case .array: .array(of: MilvusField.plain(element ?? .varChar, limit: number("max_length")))
        default: MilvusField.plain(type, limit: number("max_length"))
        }
    }

    private static func plain(_ type: MilvusType, limit: Int?) -> FieldType {
        switch type {
        case .json: .json
        case .timestamp: .timestamp
        case .varChar, .text: .text(maxLength: limit)
        default: MilvusType.plain.first { $0.type == type }?.holding ?? .text(maxLength: nil)
        }
    }
}

extension MilvusType {
    /// Truths and numbers, with what a field of that type holds.
    static let plain: [(type: MilvusType, holding: FieldType)] = [
        (.bool, .bool), (.int8, .int8), (.int16, .int16), (.int32, .int32), (.int64, .int64), (.float, .float),
        (.double, .double),
    ]
}

extension MilvusIndex {
    /// Whether this program made it, so that a collection could be read.
    var isForReading: Bool { name.hasPrefix(MilvusMark.indexForReading) }

    var metric: Metric? { params["metric_type"].flatMap { Metric(spelled: $0) } }

    func index(on schema: MilvusSchema) -> Index {
        Index(
            name: name, field: field, type: (params["index_type"] ?? "").lowercased(),
            metric: schema.fields.first { $0.name == field }?.type.vector == nil ? nil : metric, params: ownParams)
    }

    /// Some servers keep the parameters together as JSON, some each for itself.
    private var ownParams: [String: JSONValue] {
        let flat = params.filter { !MilvusIndex.common.contains($0.key) }.mapValues(MilvusIndex.value)
        let together = params["params"].flatMap { try? JSONValue($0) }?.dictionary ?? [:]
        return flat.merging(together) { $1 }.filter { !MilvusIndex.common.contains($0.key) }
    }

    private static let common: Set<String> = ["index_type", "metric_type", "params", "dim"]

    private static func value(_ text: String) -> JSONValue {
        guard let value = try? JSONValue(text), value.double != nil || value.bool != nil else { return .string(text) }
        return value
    }

    var indexState: IndexState {
        let phase: IndexState.Phase =
            switch state {
            case 3: pending > 0 ? .building : .finished
            case 4: .failed
            case 0: pending > 0 ? .building : .finished
            default: .building
            }
        return IndexState(phase, indexed: indexed, pending: max(pending, phase == .building ? total - indexed : 0))
    }
}
