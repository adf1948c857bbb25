import Model

/// A field of a layout's table as it travels: how it is read, and what is written.
struct PostgreSQLModelField {
    var field: Field
    /// As it is read, and as it arrives before it is written.
    var column: PostgreSQLColumn
    /// What the table's own column gets.
    var written: PostgreSQLPlacement.Value
}

extension PostgreSQLModel.Column {
    var type: FieldType {
        switch kind {
        case .text, .moment, .joined: .text(maxLength: nil)
        case .integer, .seconds: .int64
        case .json: .json
        }
    }

    /// Whether the column takes the values of such a field; JSON is what a field is taken for that never had a value.
    func takes(_ other: FieldType) -> Bool {
        switch (type, other) {
        case (_, .json), (.text, .text): true
        case (.int64, let other): other.integerRange != nil
        default: type == other
        }
    }

    /// `isJSON` where the field is JSON although the column is not.
    func field(isJSON: Bool) -> PostgreSQLModelField {
        let isJSON = isJSON && kind != .json
        let name = column.quoted
        let read = isJSON ? "to_jsonb(\(reading))" : reading
        let arrived = isJSON ? unpacked : name
        var made = PostgreSQLColumn(name: column, type: isJSON ? "jsonb" : sqlType, wire: isJSON ? .jsonb : wire)
        if read != name { made.reading = read }
        return PostgreSQLModelField(
            field: Field(name: field, type: isJSON ? .json : type), column: made,
            written: .init(column: column, sql: writing(arrived)))
    }

    private var wire: PostgreSQLWire {
        switch kind {
        case .text, .moment, .joined: .text
        case .integer, .seconds: .int8
        case .json: .jsonb
        }
    }

    private var sqlType: String { PostgreSQLExtension.none.sqlType(wire) }

    /// The text or number that JSON holds.
    private var unpacked: String {
        let text = "(\(column.quoted) #>> '{}')"
        return type == .int64 ? "\(text)::bigint" : text
    }

    private var reading: String {
        let name = column.quoted
        switch kind {
        case .text, .json: return name
        case .integer: return "\(name)::bigint"
        case .seconds: return "floor(extract(epoch FROM \(name)))::bigint"
        case .joined: return "array_to_string(\(name), \(PostgreSQLModel.separator.literal))"
        case .moment:
            let fraction = "CASE WHEN extract(microseconds FROM \(name))::bigint % 1000000 <> 0 THEN '.US' ELSE '' END"
            return "to_char(\(name), 'YYYY-MM-DD\"T\"HH24:MI:SS' || \(fraction) || '\"+00:00\"')"
        }
    }

    private func writing(_ value: String) -> String {
        switch kind {
        case .text, .json: value
        case .integer: "\(value)::integer"
        case .seconds: "to_timestamp(\(value)) AT TIME ZONE 'UTC'"
        case .joined: "string_to_array(\(value), \(PostgreSQLModel.separator.literal))::varchar[]"
        case .moment: "\(value)::timestamptz AT TIME ZONE 'UTC'"
        }
    }
}

extension PostgreSQLModel {
    /// A field without a column of its own, as a member of the JSON in `packed`.
    static func packedField(_ field: Field, in packed: String, _ number: Int) -> PostgreSQLModelField {
        let wire = field.type.packedWire
        let member = field.name.literal
        let place = "\(packed.quoted) -> \(member)"
        var column = PostgreSQLColumn(
            name: "\(packed).\(number)", type: PostgreSQLExtension.none.sqlType(wire), wire: wire)
        // JSON's null is no value, as a member that is missing is none.
        let text = "(\(packed.quoted) ->> \(member))"
        switch wire {
        case .jsonb: column.reading = "CASE WHEN \(text) IS NOT NULL THEN \(place) END"
        case .text: column.reading = text
        default: column.reading = "\(text)::\(column.type)"
        }
        return PostgreSQLModelField(
            field: Field(name: field.name, type: field.type), column: column,
            written: .init(column: packed, sql: "\(member), \(column.name.quoted)"))
    }

    /// Whether such a field can be a member.
    static func packs(_ type: FieldType) -> Bool {
        switch type {
        case .text, .json, .array, .bool, .int8, .int16, .int32, .int64, .float, .double: true
        case .timestamp: false
        }
    }

    /// The JSON that all packed fields become.
    static func packing(_ fields: [PostgreSQLModelField], rest: String?) -> String {
        // A function takes a hundred arguments.
        var pieces = stride(from: 0, to: fields.count, by: 40).map { start in
            "jsonb_build_object(\(fields[start..<min(fields.count, start + 40)].map(\.written.sql).joined(separator: ", ")))"
        }
        if let rest { pieces.append("coalesce(\(rest), '{}')") }
        return pieces.isEmpty ? "'{}'::jsonb" : pieces.joined(separator: " || ")
    }
}

extension FieldType {
    fileprivate var packedWire: PostgreSQLWire {
        switch self {
        case .bool: .bool
        case .int8, .int16, .int32, .int64: .int8
        case .float, .double: .float8
        case .text: .text
        case .json, .array, .timestamp: .jsonb
        }
    }
}
