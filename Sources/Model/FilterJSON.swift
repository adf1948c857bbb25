import JSON

/// A filter as JSON, for files that outlive the session: plans and journals.
extension Filter {
    package var json: JSONValue {
        switch self {
        case .all(let filters): ["all": .array(filters.map(\.json))]
        case .any(let filters): ["any": .array(filters.map(\.json))]
        case .not(let filter): ["not": filter.json]
        case .compare(let field, let comparison, let value):
            ["field": .string(field), "is": .string(comparison.rawValue), "to": value.json]
        case .within(let field, let values): ["field": .string(field), "in": .array(values.map(\.json))]
        case .like(let field, let pattern): ["field": .string(field), "like": .string(pattern.description)]
        case .exists(let field): ["exists": .string(field)]
        case .native(let text): ["native": .string(text)]
        }
    }

    /// Nil for what is no filter.
    package init?(json: JSONValue) {
        if let filters = json["all"]?.array, let made = Filter.filters(filters) {
            self = .all(of: made)
        } else if let filters = json["any"]?.array, let made = Filter.filters(filters) {
            self = .any(of: made)
        } else if let inner = json["not"].flatMap(Filter.init(json:)) {
            self = .not(of: inner)
        } else if let field = json["exists"]?.string {
            self = .exists(field: field)
        } else if let text = json["native"]?.string {
            self = .native(text: text)
        } else if let made = json["field"]?.string.flatMap({ Filter.condition(on: $0, json) }) {
            self = made
        } else {
            return nil
        }
    }

    private static func filters(_ values: [JSONValue]) -> [Filter]? {
        let made = values.compactMap(Filter.init(json:))
        return made.count == values.count ? made : nil
    }

    private static func condition(on field: String, _ json: JSONValue) -> Filter? {
        if let comparison = json["is"]?.string.flatMap(Comparison.init(rawValue:)), let value = json["to"] {
            return Scalar(json: value).map { .compare(field: field, is: comparison, to: $0) }
        }
        if let values = json["in"]?.array {
            let scalars = values.compactMap(Scalar.init(json:))
            return scalars.count == values.count ? .within(field: field, values: scalars) : nil
        }
        return json["like"]?.string.map { .like(field: field, pattern: Text($0)) }
    }
}

extension Scalar {
    fileprivate var json: JSONValue {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .natural(let value): ["natural": .string(String(value))]
        case .double(let value): ["double": .string("\(value)")]
        case .text(let text): .string(text.description)
        }
    }

    fileprivate init?(json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .double(let value): self = .double(value)
        case .string(let text): self = .text(Text(text))
        default:
            if let value = json["natural"]?.string.flatMap({ UInt64($0) }) {
                self = .natural(value)
            } else if let value = json["double"]?.string.flatMap({ Double($0) }) {
                self = .double(value)
            } else {
                return nil
            }
        }
    }
}
