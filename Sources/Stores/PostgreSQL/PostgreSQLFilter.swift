import JSON
import Model

/// What PostgreSQL answers of the portable filter, exactly as ``BoundFilter`` means it: SQL that is true or false,
/// never NULL.
struct PostgreSQLFilter {
    private let table: PostgreSQLTable

    /// Longer lists are looked through on our side.
    private static let longestList = 10_000

    init(_ table: PostgreSQLTable) { self.table = table }

    /// The whole filter, of which the words that are PostgreSQL's own have been tried.
    func checked(_ filter: Filter?, _ connection: PostgreSQLConnection) throws(StoreError) -> String {
        guard let filter else { return table.scope }
        // A condition that stands alone cannot close the brackets that it is put into, nor begin a second statement.
        for text in filter.natives {
            try connection.run("SELECT 1 FROM \(table.name.sql) WHERE \(text)\nLIMIT 0", [])
        }
        guard let condition = condition(filter) else {
            throw StoreError(
                .unsupported, "PostgreSQL does not answer this filter", help: "ask for the parts it answers")
        }
        return "\(condition) AND \(table.scope)"
    }

    /// Nil where PostgreSQL does not answer.
    func condition(_ filter: Filter) -> String? {
        switch filter {
        case .all(let filters): joined(filters, " AND ", "true")
        case .any(let filters): joined(filters, " OR ", "false")
        case .not(let filter): condition(filter).map { "NOT (\($0))" }
        case .compare(let field, let comparison, let value): operand(field)?.compared(comparison, value)
        case .within(let field, let values):
            values.count > Self.longestList ? nil : operand(field)?.within(values)
        case .like(let field, let pattern): operand(field)?.like(pattern)
        case .exists(let field): operand(field) == nil ? nil : "true"
        // A comment in it ends with the line.
        case .native(let text): "((\(text)\n) IS TRUE)"
        }
    }

    private func joined(_ filters: [Filter], _ word: String, _ none: String) -> String? {
        let parts = filters.compactMap { condition($0) }
        guard parts.count == filters.count else { return nil }
        return parts.isEmpty ? none : "(\(parts.joined(separator: word)))"
    }

    /// Where the values of a field stand; nil for what is inside JSON.
    private func operand(_ name: String) -> PostgreSQLOperand? {
        let shape = table.collection
        if let place = shape.fields.firstIndex(where: { $0.name == name }) {
            guard table.fields[place].reading == nil else { return nil }
            return PostgreSQLOperand(table.fields[place], .init(table.fields[place], shape.fields[place].type))
        }
        if name == shape.key.name || name == "key" {
            guard table.key.columns.count == 1, shape.key.type != .id, table.key.columns[0].reading == nil else {
                return nil
            }
            return PostgreSQLOperand(table.key.columns[0], .init(table.key.columns[0], shape.key.type))
        }
        return shape.vectors.firstIndex { $0.name == name }.map { PostgreSQLOperand(table.vectors[$0], .presence) }
    }
}

/// A column in a condition, and how its values compare.
struct PostgreSQLOperand {
    enum Kind {
        case truth, real, text, moment, uuid, natural
        /// Whole numbers; only some of them compare with fractions.
        case integer(withFractions: Bool)
        /// Only whether there is a value.
        case presence
    }

    private let column: PostgreSQLColumn
    private let kind: Kind

    init(_ column: PostgreSQLColumn, _ kind: Kind) {
        self.column = column
        self.kind = kind
    }

    private var name: String { column.name.quoted }
    private var isMissing: String { "\(name) IS NULL" }
    private var isThere: String { "\(name) IS NOT NULL" }

    /// The column as it is compared.
    private func sql(_ comparison: Filter.Comparison) -> String {
        switch kind {
        case .real: return column.wire == .float4 ? "\(name)::float8" : name
        case .text:
            let text = column.wire == .text && !column.isCast ? name : "\(name)::text"
            let isEquality = comparison == .equal || comparison == .unequal
            return isEquality && column.isBytewiseEqual && !column.isCast ? text : "(\(text)) COLLATE \"C\""
        case .truth, .moment, .uuid, .natural, .integer, .presence: return name
        }
    }

    func compared(_ comparison: Filter.Comparison, _ wanted: Scalar) -> String? {
        if wanted == .null { return comparedToNull(comparison) }
        switch bound(comparison, wanted) {
        case nil: return nil
        case .always: return comparison == .unequal ? "true" : isThere
        case .never: return comparison == .unequal ? "true" : "false"
        case .value(let value, let comparison):
            let column = sql(comparison)
            if comparison == .unequal { return "(\(column) <> \(value) OR \(isMissing))" }
            // NaN is above all numbers to PostgreSQL, and beside them to us.
            let isNumber = isReal && comparison.isUpwards ? " AND \(name) <> 'NaN'" : ""
            return "(\(column) \(comparison.sql) \(value) AND \(isThere)\(isNumber))"
        }
    }

    private var isReal: Bool { if case .real = kind { true } else { false } }

    private func comparedToNull(_ comparison: Filter.Comparison) -> String {
        switch comparison {
        case .equal: isMissing
        case .unequal: isThere
        case .less, .lessOrEqual, .greater, .greaterOrEqual: "false"
        }
    }

    func within(_ wanted: [Scalar]) -> String? {
        var values: [String] = []
        for scalar in wanted where scalar != .null {
            switch bound(.equal, scalar) {
            case nil: return nil
            case .value(let value, _): values.append(value)
            case .always, .never: break
            }
        }
        let listed = values.isEmpty ? "false" : "(\(sql(.equal)) IN (\(values.joined(separator: ", "))) AND \(isThere))"
        return wanted.contains(.null) ? "(\(listed) OR \(isMissing))" : listed
    }

    func like(_ pattern: Text) -> String? {
        guard case .text = kind, !pattern.utf8.contains(0) else { return nil }
        let percent = UInt8(ascii: "%")
        let opensWithAny = pattern.utf8.first == percent
        let closesWithAny = pattern.utf8.count > 1 && pattern.utf8.last == percent
        let core = Array(pattern.utf8.dropFirst(opensWithAny ? 1 : 0).dropLast(closesWithAny ? 1 : 0))
        guard opensWithAny || closesWithAny else { return compared(.equal, .text(Text(utf8: core))) }
        let escaped = core.flatMap { byte in
            [UInt8(ascii: "%"), UInt8(ascii: "_"), UInt8(ascii: "\\")].contains(byte)
                ? [UInt8(ascii: "\\"), byte] : [byte]
        }
        let words = (opensWithAny ? "%" : "") + String(decoding: escaped, as: UTF8.self) + (closesWithAny ? "%" : "")
        return "(\(sql(.less)) LIKE \(words.literal) AND \(isThere))"
    }

    // MARK: Values

    private enum Bound {
        /// A value in SQL, and the comparison that means the same with it.
        case value(String, Filter.Comparison)
        /// Wherever there is a value at all.
        case always
        case never
    }

    /// Nil where PostgreSQL would not compare as we do.
    private func bound(_ comparison: Filter.Comparison, _ wanted: Scalar) -> Bound? {
        switch (kind, wanted) {
        case (.truth, .bool(let value)): .value(value ? "true" : "false", comparison)
        case (.integer, .integer(let value)): .value("'\(value)'::bigint", comparison)
        case (.integer, .natural): comparison.isUpwards || comparison == .equal ? .never : .always
        case (.integer(true), .double(let value)): integer(comparison, value)
        case (.natural, .integer(let value)): .value("'\(value)'::numeric", comparison)
        case (.natural, .natural(let value)): .value("'\(value)'::numeric", comparison)
        case (.real, .double(let value)): value.isFinite ? .value("'\(value)'::float8", comparison) : nil
        case (.real, .integer(let value)): value.magnitude <= 1 << 53 ? .value("'\(value)'::float8", comparison) : nil
        case (.text, .text(let text)): text.utf8.contains(0) ? nil : .value(text.description.literal, comparison)
        case (.uuid, .text(let text)): UUID(text.utf8)?.utf8 == text.utf8 ? .value("'\(text)'::uuid", comparison) : nil
        case (.moment, .text(let text)): moment(text).map { .value($0, comparison) }
        default: nil
        }
    }

    /// A fraction lies between two whole numbers.
    private func integer(_ comparison: Filter.Comparison, _ value: Double) -> Bound? {
        guard value.isFinite else { return nil }
        guard let floor = Int64(exactly: value.rounded(.down)) else {
            let isAbove = value > 0
            return comparison == .equal || comparison.isUpwards == isAbove && comparison != .unequal ? .never : .always
        }
        if value == value.rounded(.down) { return .value("'\(floor)'::bigint", comparison) }
        return switch comparison {
        case .equal: .never
        case .unequal: .always
        case .less, .lessOrEqual: .value("'\(floor)'::bigint", .lessOrEqual)
        case .greater, .greaterOrEqual: .value("'\(floor)'::bigint", .greater)
        }
    }

    private func moment(_ text: Text) -> String? {
        guard let value = Timestamp.microseconds(text.description) else { return nil }
        let spelling = Timestamp.text(value)
        return spelling.utf8.count >= 20 && spelling.utf8.first != UInt8(ascii: "-") && !spelling.hasPrefix("0000")
            && spelling.utf8.firstIndex(of: UInt8(ascii: "-"))
                == spelling.utf8.index(spelling.utf8.startIndex, offsetBy: 4)
            ? "'\(spelling)'::timestamptz" : nil
    }
}

extension PostgreSQLOperand.Kind {
    init(_ column: PostgreSQLColumn, _ type: FieldType) {
        switch (column.wire, type) {
        case (_, _) where column.isCast: self = .text
        case (.uuid, _): self = .uuid
        case (.natural, _): self = .presence
        case (_, .bool): self = .truth
        case (_, .int8), (_, .int16), (_, .int32), (_, .int64): self = .integer(withFractions: true)
        case (_, .float), (_, .double): self = .real
        case (_, .text): self = .text
        case (_, .timestamp): self = .moment
        case (_, .json), (_, .array): self = .presence
        }
    }

    init(_ column: PostgreSQLColumn, _ type: KeyType) {
        switch type {
        case .int64: self = .integer(withFractions: false)
        case .uint64: self = .natural
        case .uuid: self = .uuid
        case .text: self = .text
        case .id: self = .presence
        }
    }
}

extension Filter.Comparison {
    /// Whether what is larger fits.
    fileprivate var isUpwards: Bool { self == .greater || self == .greaterOrEqual }
}
