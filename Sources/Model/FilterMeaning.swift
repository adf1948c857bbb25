import JSON

/// A filter bound to the shape of the batches that it is asked about: the reference meaning of ``Filter``.
package struct BoundFilter: Sendable {
    private let filter: Filter
    private let shape: Collection
    private let places: [String: Place]
    /// Long lists of keys, that are looked into and not gone through.
    private let longLists: [String: Set<Scalar>]

    private enum Place: Sendable {
        case key
        case column(Int)
        /// A member inside a JSON column, or of what lies beyond the declared fields.
        case member(of: Int?, path: [Text])
        case vector(Int)
    }

    /// Throws ``StoreError/Code/rejected`` for a field that the collection does not have, or a value of another type.
    package init(_ filter: Filter, _ shape: Collection) throws(StoreError) {
        self.shape = shape
        var places: [String: Place] = [:]
        for field in filter.fields { places[field] = try BoundFilter.place(of: field, in: shape) }
        self.places = places
        longLists = BoundFilter.longLists(filter, places)
        try BoundFilter.check(filter, places, shape)
        self.filter = filter.mappingValues { field, value in
            guard case .column(let place)? = places[field], shape.fields[place].type == .timestamp,
                case .text(let text) = value
            else { return value }
            return Timestamp.microseconds(text.description).map(Scalar.integer) ?? value
        }
    }

    package func holds(row: Int, of batch: Batch) -> Bool { holds(filter, row, batch) }

    /// The positions of the records that it keeps.
    package func rows(of batch: Batch) -> [Int] { (0..<batch.count).filter { holds(row: $0, of: batch) } }

    private func holds(_ filter: Filter, _ row: Int, _ batch: Batch) -> Bool {
        switch filter {
        case .all(let filters): filters.allSatisfy { holds($0, row, batch) }
        case .any(let filters): filters.contains { holds($0, row, batch) }
        case .not(let filter): !holds(filter, row, batch)
        case .exists(let field): value(field, row, batch) != nil
        case .compare(let field, let comparison, let wanted):
            comparison.holds(value(field, row, batch) ?? .null, wanted)
        case .within(let field, let values):
            longLists[field]?.contains(value(field, row, batch) ?? .null)
                ?? values.contains { Filter.Comparison.equal.holds(value(field, row, batch) ?? .null, $0) }
        case .like(let field, let pattern):
            if case .text(let text)? = value(field, row, batch) { pattern.matches(text) } else { false }
        case .native: false
        }
    }

    /// Nil where the field is absent.
    private func value(_ field: String, _ row: Int, _ batch: Batch) -> Scalar? {
        switch places[field] {
        case .key: batch.keys[row].scalar
        case .column(let place): batch.fields[place].scalar(row)
        case .vector(let place): batch.vectors[place].presence(row)
        case .member(let place, let path): (place.map { batch.fields[$0] } ?? batch.rest)?.scalar(row, at: path)
        case nil: nil
        }
    }
}

// MARK: Places and types

extension BoundFilter {
    /// Where values are spelled as keys are, so that to be equal is to be the same.
    private static func longLists(_ filter: Filter, _ places: [String: Place]) -> [String: Set<Scalar>] {
        let lists = Dictionary(grouping: filter.lists, by: \.field)
        return lists.compactMapValues { lists in
            guard lists.count == 1, let list = lists.first, list.values.count > 16,
                case .key? = places[list.field], list.values.allSatisfy(\.isSpelledAsKey)
            else { return nil }
            return Set(list.values)
        }
    }
}

extension Filter {
    fileprivate var lists: [(field: String, values: [Scalar])] {
        switch self {
        case .all(let filters), .any(let filters): filters.flatMap(\.lists)
        case .not(let filter): filter.lists
        case .within(let field, let values): [(field, values)]
        case .compare, .like, .exists, .native: []
        }
    }
}

extension BoundFilter {
    private static func place(of name: String, in shape: Collection) throws(StoreError) -> Place {
        if let place = shape.fields.firstIndex(where: { $0.name == name }) { return .column(place) }
        if name == shape.key.name || name == "key" { return .key }
        if let place = shape.vectors.firstIndex(where: { $0.name == name }) { return .vector(place) }
        let path = name.split(separator: ".", omittingEmptySubsequences: false).map { Text(String($0)) }
        if path.count > 1, let place = shape.fields.firstIndex(where: { Text($0.name) == path[0] }),
            shape.fields[place].type == .json
        {
            return .member(of: place, path: Array(path.dropFirst()))
        }
        guard shape.isOpen else {
            let names = ([shape.key.name] + shape.fields.map(\.name)).joined(separator: ", ")
            throw StoreError(.rejected, "\(shape.name) has no field \"\(name)\"", help: "it has \(names)")
        }
        return .member(of: nil, path: path)
    }

    private static func check(_ filter: Filter, _ places: [String: Place], _ shape: Collection) throws(StoreError) {
        switch filter {
        case .all(let filters), .any(let filters): for filter in filters { try check(filter, places, shape) }
        case .not(let filter): try check(filter, places, shape)
        case .compare(let field, _, let value): try check(field, value, places, shape)
        case .within(let field, let values): for value in values { try check(field, value, places, shape) }
        case .like(let field, _): try check(field, .text(""), places, shape)
        case .exists: break
        case .native:
            throw StoreError(
                .unsupported, "this store has no language of its own for conditions",
                help: "use the portable one: == != < <= > >= in like exists(), and, or, not")
        }
    }

    private static func check(
        _ field: String, _ value: Scalar, _ places: [String: Place], _ shape: Collection
    ) throws(StoreError) {
        guard value != .null else { return }
        let type: String
        let fits: Bool
        switch places[field] {
        case .key: (type, fits) = ("\(shape.key.type)", value.fits(shape.key.type))
        case .column(let place): (type, fits) = ("\(shape.fields[place].type)", value.fits(shape.fields[place].type))
        case .vector: (type, fits) = ("a vector", false)
        case .member, nil: return
        }
        guard fits else {
            throw StoreError(.rejected, "field \"\(field)\" is \(type); it cannot be compared with \(value)")
        }
    }
}

extension Scalar: CustomStringConvertible {
    package var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .natural(let value): String(value)
        case .double(let value): String(value)
        case .text(let value): "'\(value)'"
        }
    }

    fileprivate var isSpelledAsKey: Bool {
        switch self {
        case .integer, .text: true
        case .natural(let value): value > Int64.max
        case .null, .bool, .double: false
        }
    }

    fileprivate func fits(_ type: KeyType) -> Bool {
        switch (type, self) {
        case (.int64, .integer), (.int64, .natural), (.uint64, .integer), (.uint64, .natural), (.text, .text),
            (.uuid, .text), (.id, _):
            true
        default: false
        }
    }

    fileprivate func fits(_ type: FieldType) -> Bool {
        switch (type, self) {
        case (.bool, .bool), (.text, .text), (.json, _): true
        case (.int8, _), (.int16, _), (.int32, _), (.int64, _), (.float, _), (.double, _): isNumber
        case (.timestamp, .text(let text)): Timestamp.microseconds(text.description) != nil
        default: false
        }
    }

    fileprivate var isNumber: Bool {
        switch self {
        case .integer, .natural, .double: true
        case .null, .bool, .text: false
        }
    }
}

// MARK: Values

extension Key {
    /// As it is compared in a filter.
    package var scalar: Scalar {
        switch self {
        case .integer(let value): .integer(value)
        case .natural(let value): .natural(value)
        case .text(let text): .text(text)
        case .uuid: .text(Text(description))
        }
    }
}

/// A value that is neither number, text nor truth: it is there, and equals nothing.
private let incomparable = Scalar.double(.nan)

extension Column {
    /// Nil where the field is absent.
    fileprivate func scalar(_ row: Int) -> Scalar? {
        switch mark(row) {
        case .absent: return nil
        case .null: return .null
        case .value: break
        }
        switch values {
        case .bools(let values): return .bool(values[row])
        case .integers(let values): return .integer(values[row])
        case .floats(let values): return .double(values[row])
        case .bytes(let rows): return .text(Text(utf8: Array(rows[row])))
        case .dense, .multi, .sparse: return incomparable
        }
    }

    fileprivate func presence(_ row: Int) -> Scalar? {
        switch mark(row) {
        case .absent: nil
        case .null: .null
        case .value: incomparable
        }
    }

    /// A member of the JSON object in this row.
    fileprivate func scalar(_ row: Int, at path: [Text]) -> Scalar? {
        guard mark(row) == .value, case .bytes(let rows) = values else { return nil }
        return try? Array(rows[row]).withScanner { scanner throws(JSONError) in
            try scanner.member(at: path[...])
        }
    }
}

extension JSONScanner {
    fileprivate mutating func member(at path: ArraySlice<Text>) throws(JSONError) -> Scalar? {
        guard let name = path.first else { return try scalar() }
        guard try kind() == .object else { return nil }
        var found: Scalar?
        try object { (scanner, member) throws(JSONError) in
            let text = try scanner.decoded(member)
            let start = scanner.offset
            // A name may itself hold dots, so the whole path is tried as one name too.
            if path.count > 1, text == path.map(\.description).joined(separator: ".").utf8.map({ $0 }) {
                found = try scanner.scalar()
            } else if text == name.utf8 {
                found = try scanner.member(at: path.dropFirst()) ?? found
            }
            scanner.offset = start
            try scanner.skip()
        }
        return found
    }

    fileprivate mutating func scalar() throws(JSONError) -> Scalar {
        switch try kind() {
        case .null: return .null
        case .bool: return .bool(try bool())
        case .string: return .text(Text(utf8: try string()))
        case .object, .array: return incomparable
        case .number:
            let digits = String(decoding: raw(try number()), as: UTF8.self)
            return Int64(digits).map(Scalar.integer) ?? UInt64(digits).map(Scalar.natural)
                ?? .double(Double(digits) ?? .nan)
        }
    }
}

extension Filter.Comparison {
    fileprivate func holds(_ value: Scalar, _ wanted: Scalar) -> Bool {
        if wanted == .null || value == .null { return (self == .unequal) != (value == wanted && isEquality) }
        guard let order = value.order(to: wanted) else { return self == .unequal }
        return switch self {
        case .equal: order == 0
        case .unequal: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        }
    }

    private var isEquality: Bool { self == .equal || self == .unequal }
}

extension Scalar {
    /// Below, at or above zero; nil between values that have no order.
    fileprivate func order(to other: Scalar) -> Int? {
        switch (self, other) {
        case (.bool(let a), .bool(let b)): a == b ? 0 : a ? 1 : -1
        case (.text(let a), .text(let b)): a == b ? 0 : a < b ? -1 : 1
        default: numericOrder(to: other)
        }
    }

    /// Exact also between integers beyond 2^53 and doubles.
    private func numericOrder(to other: Scalar) -> Int? {
        switch (self, other) {
        case (.integer(let a), .integer(let b)): a == b ? 0 : a < b ? -1 : 1
        case (.natural(let a), .natural(let b)): a == b ? 0 : a < b ? -1 : 1
        case (.integer, .natural): -1
        case (.natural, .integer): 1
        case (.double(let a), .double(let b)): a.isNaN || b.isNaN ? nil : a == b ? 0 : a < b ? -1 : 1
        case (.integer(let a), .double(let b)): a.order(to: b)
        case (.natural(let a), .double(let b)): a.order(to: b)
        case (.double(let a), .integer(let b)): b.order(to: a).map { -$0 }
        case (.double(let a), .natural(let b)): b.order(to: a).map { -$0 }
        default: nil
        }
    }
}

extension FixedWidthInteger {
    fileprivate func order(to other: Double) -> Int? {
        guard !other.isNaN else { return nil }
        guard let whole = Self(exactly: other.rounded(.down)) else { return other < 0 ? 1 : -1 }
        if self != whole { return self < whole ? -1 : 1 }
        return other == other.rounded(.down) ? 0 : -1
    }
}

extension Text {
    /// Whether `text` is what this pattern says; `%` at either end stands for anything.
    package func matches(_ text: Text) -> Bool {
        let percent = UInt8(ascii: "%")
        let opensWithAny = utf8.first == percent
        let closesWithAny = utf8.count > 1 && utf8.last == percent
        let core = utf8.dropFirst(opensWithAny ? 1 : 0).dropLast(closesWithAny ? 1 : 0)
        switch (opensWithAny, closesWithAny) {
        case (false, false): return text.utf8.elementsEqual(core)
        case (false, true): return text.utf8.starts(with: core)
        case (true, false): return text.utf8.suffix(core.count).elementsEqual(core)
        case (true, true): return text.utf8.contains(core)
        }
    }
}
