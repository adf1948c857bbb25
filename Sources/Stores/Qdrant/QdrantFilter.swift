import JSON
import Model

/// Conditions as Qdrant has them, where it means exactly what is meant here.
///
/// Qdrant looks into lists: a condition holds of a list when it holds of an element. Where a field is of a noted type it is
/// none; elsewhere lists are ruled out by a second condition, on the elements.
struct QdrantFilter: Sendable {
    private let table: QdrantTable
    private let engine: QdrantEngine

    init(_ table: QdrantTable, _ engine: QdrantEngine) { (self.table, self.engine) = (table, engine) }

    /// A filter for a request; nil where none is wanted.
    func whole(_ filter: Filter?) throws(StoreError) -> JSONValue? {
        guard let filter else { return nil }
        guard let condition = condition(filter) else {
            throw StoreError(.unsupported, "Qdrant does not answer this filter", help: "ask for the parts it answers")
        }
        return QdrantFilter.all([condition])
    }

    /// Nil where Qdrant means something else.
    func condition(_ filter: Filter) -> JSONValue? {
        switch filter {
        case .all(let filters): return conditions(filters).map { $0.isEmpty ? Self.always : Self.all($0) }
        case .any(let filters): return conditions(filters).map { $0.isEmpty ? Self.never : ["should": .array($0)] }
        case .not(let filter): return condition(filter).map(Self.not)
        case .compare(let field, .unequal, let value):
            return condition(.compare(field: field, is: .equal, to: value)).map(Self.not)
        case .compare(let field, let comparison, let value): return subject(field)?.compared(comparison, value)
        case .within(let field, let values):
            return condition(.any(of: values.map { .compare(field: field, is: .equal, to: $0) }))
        case .like(let field, let pattern):
            guard !pattern.utf8.contains(UInt8(ascii: "%")) else { return nil }
            return condition(.compare(field: field, is: .equal, to: .text(pattern)))
        case .exists(let field): return subject(field)?.exists
        case .native: return nil
        }
    }

    private func conditions(_ filters: [Filter]) -> [JSONValue]? {
        let conditions = filters.compactMap(condition)
        return conditions.count == filters.count ? conditions : nil
    }

    /// What a name stands for, in the order in which a filter's own meaning looks for it.
    private func subject(_ name: String) -> QdrantSubject? {
        let shape = table.collection
        let index = shape.indexes.first { $0.field == name && $0.type != QdrantIndexing.vectorType }?.type
        if let field = shape.fields.first(where: { $0.name == name }) {
            return spelled(name).map { .field($0, field.type, index: index) }
        }
        if name == shape.key.name || name == "key" { return .key }
        if let vector = shape.vectors.first(where: { $0.name == name }) {
            return engine.hasVectorConditions ? .vector(vector.name == table.unnamed ? "" : vector.name) : nil
        }
        // A name with a dot in it may lead into an object, or be a name with a dot in it.
        guard !name.contains("."), !shape.isNoted(name) else { return nil }
        return spelled(name).map { .open($0, index: index) }
    }

    private func spelled(_ name: String) -> String? {
        guard let path = QdrantPath.name(name), path == name || engine.hasQuotedNames else { return nil }
        return path
    }

    // MARK: Words

    static let never: JSONValue = ["has_id": []]
    static let always: JSONValue = ["must_not": [["has_id": []]]]
    static func all(_ conditions: [JSONValue]) -> JSONValue { ["must": .array(conditions)] }
    static func not(_ condition: JSONValue) -> JSONValue { ["must_not": [condition]] }
}

extension Collection {
    /// Whether the name leads into a field.
    fileprivate func isNoted(_ name: String) -> Bool { fields.contains { $0.name == name } }
}

/// What a condition is about.
///
/// `.none` is spelled out, as `nil` is a JSON value too.
private enum QdrantSubject {
    case key
    case vector(String)
    /// A field of a noted type, by its path.
    case field(String, FieldType, index: String?)
    /// Any other.
    case open(String, index: String?)

    var exists: JSONValue? {
        switch self {
        case .key: .none
        case .vector(let name): ["has_vector": .string(name)]
        case .field(let path, let type, _):
            type.isPlain ? ["should": [["is_null": ["key": .string(path)]], QdrantFilter.not(isEmpty(path))]] : .none
        case .open: .none
        }
    }

    func compared(_ comparison: Filter.Comparison, _ value: Scalar) -> JSONValue? {
        switch self {
        case .key: comparison == .equal ? Self.key(value) : .none
        case .vector(let name):
            comparison == .equal && value == .null ? QdrantFilter.not(["has_vector": .string(name)]) : .none
        case .field(let path, let type, let index): field(path, type, index, comparison, value)
        case .open(let path, let index): open(path, index, comparison, value)
        }
    }

    private static func key(_ value: Scalar) -> JSONValue? {
        switch value {
        case .integer(let number): number < 0 ? QdrantFilter.never : ["has_id": [.integer(number)]]
        case .natural(let number): ["has_id": [.raw(Array(String(number).utf8))]]
        case .text(let text):
            UUID(text.utf8)?.utf8 == text.utf8 ? ["has_id": [.string(text.description)]] : QdrantFilter.never
        case .null, .bool, .double: .none
        }
    }

    private func isEmpty(_ path: String) -> JSONValue { ["is_empty": ["key": .string(path)]] }

    private func matches(_ path: String, _ value: JSONValue) -> JSONValue {
        ["key": .string(path), "match": ["value": value]]
    }

    private func range(_ path: String, _ comparison: Filter.Comparison, _ value: JSONValue) -> JSONValue {
        let bounds: [JSONValue.Member] =
            switch comparison {
            case .equal, .unequal: [.init("gte", value), .init("lte", value)]
            case .less: [.init("lt", value)]
            case .lessOrEqual: [.init("lte", value)]
            case .greater: [.init("gt", value)]
            case .greaterOrEqual: [.init("gte", value)]
            }
        return ["key": .string(path), "range": .object(bounds)]
    }

    // MARK: Noted types

    private func field(
        _ path: String, _ type: FieldType, _ index: String?, _ comparison: Filter.Comparison, _ value: Scalar
    ) -> JSONValue? {
        if value == .null {
            guard type.isPlain else { return nil }
            return comparison == .equal ? isEmpty(path) : QdrantFilter.never
        }
        switch (type, value) {
        case (.bool, .bool(let truth)): return comparison == .equal ? matches(path, .bool(truth)) : .none
        case (.text, .text(let text)):
            guard comparison == .equal, index == nil || index == "keyword" else { return nil }
            return matches(path, .string(text.description))
        case (.timestamp, .text(let text)):
            guard index == nil || index == "datetime" else { return nil }
            return Self.moment(text).map { range(path, comparison, .string($0)) }
        case (.double, _): return exact(value).map { range(path, comparison, .double($0)) }
        case (_, _) where type.integerRange != nil: return integer(path, comparison, value)
        default: return nil
        }
    }

    /// Qdrant compares by doubles, which tell whole numbers below 2^53 apart from all others.
    private func exact(_ value: Scalar) -> Double? {
        switch value {
        case .integer(let number): number.magnitude < 1 << 53 ? Double(number) : nil
        case .double(let number): number.magnitude < 0x1p53 ? number : nil
        case .null, .bool, .natural, .text: nil
        }
    }

    private func integer(_ path: String, _ comparison: Filter.Comparison, _ value: Scalar) -> JSONValue? {
        switch value {
        case .integer(let number) where comparison == .equal: return matches(path, .integer(number))
        case .integer(let number):
            return number.magnitude < 1 << 53 ? range(path, comparison, .integer(number)) : .none
        case .natural: return comparison.isUpwards || comparison == .equal ? QdrantFilter.never : isThere(path)
        case .double(let number): return integer(path, comparison, number)
        case .null, .bool, .text: return nil
        }
    }

    /// A fraction lies between two whole numbers.
    private func integer(_ path: String, _ comparison: Filter.Comparison, _ number: Double) -> JSONValue? {
        guard number.isFinite else { return nil }
        guard let floor = Int64(exactly: number.rounded(.down)) else {
            return comparison == .equal || comparison.isUpwards == (number > 0) ? QdrantFilter.never : isThere(path)
        }
        if number == number.rounded(.down) { return integer(path, comparison, .integer(floor)) }
        switch comparison {
        case .equal, .unequal: return QdrantFilter.never
        case .less, .lessOrEqual: return integer(path, .lessOrEqual, .integer(floor))
        case .greater, .greaterOrEqual: return integer(path, .greater, .integer(floor))
        }
    }

    private func isThere(_ path: String) -> JSONValue { QdrantFilter.not(isEmpty(path)) }

    /// Qdrant knows years of four digits.
    private static func moment(_ text: Text) -> String? {
        guard let value = Timestamp.microseconds(text.description) else { return nil }
        let spelling = Array(Timestamp.text(value).utf8)
        guard spelling.count >= 20, spelling[4] == UInt8(ascii: "-"), spelling[0] != UInt8(ascii: "-"),
            !spelling.starts(with: "0000".utf8)
        else { return nil }
        return String(decoding: spelling, as: UTF8.self)
    }

    // MARK: Any type

    /// A condition on the value itself, and not on the elements of a list.
    private func open(
        _ path: String, _ index: String?, _ comparison: Filter.Comparison, _ value: Scalar
    ) -> JSONValue? {
        switch value {
        case .text(let text):
            guard comparison == .equal, index == nil || index == "keyword" else { return nil }
            return alone(path) { matches($0, .string(text.description)) }
        case .bool(let truth):
            guard comparison == .equal, index == nil || index == "bool" else { return nil }
            return alone(path) { matches($0, .bool(truth)) }
        case .integer, .double:
            guard index == nil || index == "float", let number = exact(value) else { return nil }
            return alone(path) { range($0, comparison, .double(number)) }
        case .null, .natural: return nil
        }
    }

    private func alone(_ path: String, _ condition: (String) -> JSONValue) -> JSONValue {
        ["must": [condition(path)], "must_not": [condition(path + "[]")]]
    }
}

extension FieldType {
    /// Whether a value is neither a list nor an object.
    fileprivate var isPlain: Bool {
        switch self {
        case .json, .array: false
        case .bool, .int8, .int16, .int32, .int64, .float, .double, .timestamp, .text: true
        }
    }
}

extension Filter.Comparison {
    /// Whether what is larger fits.
    fileprivate var isUpwards: Bool { self == .greater || self == .greaterOrEqual }
}
