import Language
import Model

/// `(id text key, v vector(3))` as a shape.
enum Definitions {
    static func collection(
        _ name: String, _ definitions: [ParsedCall.Definition], isOpen: Bool, at span: Span
    ) throws -> Model.Collection {
        let keys = definitions.filter(\.isKey)
        guard let key = keys.first, keys.count == 1 else {
            throw Failure(
                "E0416", keys.isEmpty ? "no field is the key" : "two fields are keys", at: keys.last?.name.span ?? span,
                help: ["write `key` behind the type of one: id text(64) key"])
        }
        try refuseTwins(definitions)
        let others = definitions.filter { !$0.isKey }
        return Model.Collection(
            name: name, key: try keyField(key), vectors: try others.compactMap { try vector($0) },
            fields: try others.compactMap { try vector($0) == nil ? field($0) : nil }, isOpen: isOpen)
    }

    private static func refuseTwins(_ definitions: [ParsedCall.Definition]) throws {
        var seen: [String: Span] = [:]
        for definition in definitions {
            if let first = seen[definition.name.value] {
                throw Failure(
                    Diagnostic(
                        "E0417", "a second field '\(definition.name.value)'", at: definition.name.span,
                        origin: Located("first here", at: first)))
            }
            seen[definition.name.value] = definition.name.span
        }
    }

    private static func keyField(_ definition: ParsedCall.Definition) throws -> KeyField {
        guard let type = KeyType(definition.type.value) else {
            throw Failure(
                "E0418", "'\(definition.type.value)' cannot be a key", at: definition.type.span,
                help: ["keys are text, text(N), int64, uint64, uuid or id"])
        }
        return KeyField(name: definition.name.value, type: type, isInvented: definition.isInvented)
    }

    static func field(_ definition: ParsedCall.Definition) throws -> Field {
        guard let type = FieldType(definition.type.value) else {
            throw Failure("E0419", "'\(definition.type.value)' is a type for keys only", at: definition.type.span)
        }
        try refuse(definition.metric, "only vectors have a metric")
        return Field(name: definition.name.value, type: type, isNullable: definition.isNullable)
    }

    /// Nil if it is no vector.
    static func vector(_ definition: ParsedCall.Definition) throws -> VectorField? {
        let parts = definition.type.value.split(separator: "(")
        guard let (layout, element) = kinds[String(parts[0])] else { return nil }
        let dimension = parts.count > 1 ? Int(parts[1].dropLast()) : nil
        guard (layout == .sparse) == (dimension == nil), dimension ?? 1 > 0 else {
            let help = layout == .sparse ? "sparsevector has no dimension" : "write \(parts[0])(768)"
            throw Failure("E0420", "a vector's dimension is missing or wrong", at: definition.type.span, help: [help])
        }
        return VectorField(
            name: definition.name.value, layout: layout, element: element, dimension: dimension,
            metric: definition.metric.flatMap { Metric(spelled: $0.value) }, isNullable: definition.isNullable)
    }

    private static let kinds: [String: (VectorField.Layout, Element)] = [
        "vector": (.dense, .float32), "halfvector": (.dense, .float16), "bfloatvector": (.dense, .bfloat16),
        "int8vector": (.dense, .int8), "uint8vector": (.dense, .uint8), "bitvector": (.dense, .bit),
        "sparsevector": (.sparse, .float32), "multivector": (.multi, .float32),
    ]

    /// As it is read above.
    static func spelling(_ vector: VectorField) -> String {
        let word = kinds.first { $0.value == (vector.layout, vector.element) }?.key
        let name = word ?? "\(vector.layout.rawValue) \(vector.element.rawValue)"
        return name + (vector.dimension.map { "(\($0))" } ?? "")
    }

    private static func refuse(_ word: Located<String>?, _ why: String) throws {
        if let word { throw Failure("E0421", why, at: word.span) }
    }
}
