import JSON
import Model

/// What the catalogs say of a column's type.
struct PostgreSQLTypeFacts {
    var name: String
    /// The elements' type, for an array.
    var element: String
    /// A length or a dimension; below one if the type says none.
    var modifier: Int
    var isBase: Bool
    /// Whether it, or what it is an array of, is pgvector's.
    var isVectors: Bool
    var isBuiltIn: Bool

    /// Nil for a type whose values we read and write as text.
    func wire(_ note: PostgreSQLNote) -> PostgreSQLWire? {
        guard isBase else { return nil }
        if isVectors { return element.isEmpty ? vector : vectors(element) }
        guard isBuiltIn else { return nil }
        if element == "bit" { return vectors(element) }
        if !element.isEmpty { return Self.elements[element].map { .array(of: $0) } }
        switch name {
        case "bit": return modifier > 1 || note.type != nil ? .vector(.bit, dimension: modifier) : nil
        case "numeric": return note.type == "uint64" ? .natural : nil
        default: return Self.plain[name]
        }
    }

    private var vector: PostgreSQLWire? {
        if name == "sparsevec" {
            return .sparse(dimension: modifier > 0 ? modifier : PostgreSQLExtension.largestSparse)
        }
        return PostgreSQLElement(rawValue: name).map { .vector($0, dimension: modifier > 0 ? modifier : nil) }
    }

    private func vectors(_ name: String) -> PostgreSQLWire? {
        guard modifier > 0 else { return nil }
        return PostgreSQLElement(rawValue: name).map { .vectors($0, dimension: modifier) }
    }

    private static let elements: [String: PostgreSQLWire] = [
        "bool": .bool, "int2": .int2, "int4": .int4, "int8": .int8, "float4": .float4, "float8": .float8,
        "text": .text, "varchar": .text, "uuid": .uuid,
    ]

    private static let plain = elements.merging(
        ["timestamptz": .timestamp, "json": .json, "jsonb": .jsonb], uniquingKeysWith: { first, _ in first })
}

// MARK: The collection in a table

extension PostgreSQLTable {
    /// What its columns make of a table.
    init(_ columns: [PostgreSQLColumn], keyNames: [String], oid: UInt32, name: PostgreSQLName, shown: String) {
        let keys = keyNames.compactMap { name in columns.first { $0.name == name } }
        let payload = columns.first(where: \.isPayload)
        let others = columns.filter { column in column != payload && (keys.count > 1 || !keys.contains(column)) }
        self.oid = oid
        self.name = name
        self.payload = payload
        key = PostgreSQLKey(columns: keys)
        fields = others.filter { $0.vectorField == nil }
        vectors = others.filter { $0.vectorField != nil }
        collection = Collection(
            name: shown, key: key.field, vectors: vectors.compactMap(\.vectorField), fields: fields.map(\.field),
            isOpen: payload != nil)
        collection.native = native
    }

    /// Types that our own do not say, in PostgreSQL's words.
    private var native: [String: JSONValue] {
        var native: [String: JSONValue] = [:]
        let types = zip(collection.fields, fields).filter { !$0.1.isPlain }
        let isKeyPlain = key.columns.count != 1 || key.columns[0].isPlain || key.columns[0].wire == .uuid
        let sparse = zip(collection.vectors, vectors).compactMap { field, column in
            column.ownDimension.map { (field.name, JSONValue.integer(Int64($0))) }
        }
        if types.isEmpty, isKeyPlain, sparse.isEmpty { return [:] }
        if !sparse.isEmpty { native["sparse"] = .object(Dictionary(sparse) { first, _ in first }) }
        native["types"] = .object(
            Dictionary(types.map { ($0.0.name, .string($0.1.type)) }, uniquingKeysWith: { first, _ in first }))
        if !isKeyPlain { native["key"] = .string(key.columns[0].type) }
        return [PostgreSQLColumn.engine: .object(native)]
    }
}

extension PostgreSQLKey {
    fileprivate var field: KeyField {
        guard let column = columns.first else { return KeyField(name: "(none)", type: .text(maxLength: nil)) }
        guard columns.count == 1 else {
            return KeyField(name: columns.map(\.name).joined(separator: "+"), type: .text(maxLength: nil))
        }
        return KeyField(name: column.note.name ?? column.name, type: column.keyType)
    }
}

extension PostgreSQLColumn {
    /// The column that keeps what records carry beyond the declared fields; by its name where nobody has said so.
    fileprivate var isPayload: Bool {
        note.isPayload || wire == .jsonb && name == PostgreSQLColumn.payloadName && note == PostgreSQLNote()
    }

    static let payloadName = "payload"

    /// Under which name a shape keeps what only PostgreSQL has.
    static let engine = "postgres"

    /// How many dimensions sparse vectors have, where it is not as many as there can be.
    fileprivate var ownDimension: Int? {
        guard case .sparse(let dimension) = wire, dimension != PostgreSQLExtension.largestSparse else { return nil }
        return dimension
    }

    fileprivate var keyType: KeyType {
        switch wire {
        case .int2 where !isCast, .int4 where !isCast, .int8 where !isCast: .int64
        case .natural: .uint64
        case .uuid: .uuid
        case .text where !isCast && note.type == "id": .id
        default: .text(maxLength: limit)
        }
    }

    fileprivate var field: Field {
        var type = wire.natural ?? .text(maxLength: nil)
        if wire == .text, !isCast { type = .text(maxLength: limit) }
        if let noted = note.type.flatMap(FieldType.init), wire.holds(noted) { type = noted }
        return Field(name: note.name ?? name, type: type, isNullable: isNullable)
    }

    fileprivate var vectorField: VectorField? {
        var field = VectorField(
            name: note.name ?? name, dimension: nil, metric: note.metric, isNullable: isNullable)
        switch wire {
        case .vector(let element, let dimension):
            (field.element, field.dimension) = (self.element(in: element), dimension)
        case .vectors(let element, let dimension):
            (field.layout, field.element, field.dimension) = (.multi, self.element(in: element), dimension)
        case .sparse: field.layout = .sparse
        default: return nil
        }
        return field
    }

    private func element(in kept: PostgreSQLElement) -> Element {
        guard let noted = note.type.flatMap(Element.init(rawValue:)), kept.holds(noted) else { return kept.natural }
        return noted
    }

    /// The bytes of the longest text: PostgreSQL counts characters.
    private var limit: Int? {
        if let noted = note.type, case .text(let limit)? = FieldType(noted) { return limit }
        let parts = type.split(separator: "(")
        guard parts.count == 2, parts[0] == "character varying", let length = Int(parts[1].dropLast()) else {
            return nil
        }
        return length * 4
    }

    /// Whether the type is the one that a field like this would get.
    fileprivate var isPlain: Bool { !isCast && type == PostgreSQLColumn.spelling(wire) }

    /// As PostgreSQL spells it.
    private static func spelling(_ wire: PostgreSQLWire) -> String {
        switch wire {
        case .uuid, .json: ""
        case .text: "text"
        case .array(.text): "text[]"
        case .array(.uuid): ""
        default: PostgreSQLExtension.none.sqlType(wire)
        }
    }
}
