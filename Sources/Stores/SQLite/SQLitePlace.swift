import Model

/// A column in a condition, and how its values compare.
struct SQLitePlace {
    enum Kind {
        case truth, integer, real, text, moment
        /// Integers that compare with integers alone.
        case whole
        /// Integers, and larger ones as text of twenty digits, which SQLite sorts behind them.
        case natural
        /// Numbers and UUIDs, of which only the same are equal.
        case id
        /// Only whether there is a value.
        case presence
    }

    private let name: String
    private let kind: Kind
    private let absent: String?

    init(_ name: String, _ kind: Kind, absent: String?) {
        self.name = name
        self.kind = kind
        self.absent = absent
    }

    private var column: String { name.quoted }
    private var isMissing: SQLiteCondition { SQLiteCondition(sql: "\(column) IS NULL") }
    private var isThere: SQLiteCondition { SQLiteCondition(sql: "\(column) IS NOT NULL") }

    /// A plus before a column's name keeps SQLite from using an index.
    private func operand(_ mayUseIndex: Bool) -> String { mayUseIndex ? column : "+" + column }

    // MARK: Conditions

    func compared(
        _ comparison: Filter.Comparison, _ wanted: Scalar, mayUseIndex: Bool
    ) -> SQLiteCondition? {
        if wanted == .null { return comparedToNull(comparison) }
        guard let operand = parameter(for: wanted) else { return nil }
        if kind == .id, comparison != .equal, comparison != .unequal { return nil }
        guard case .value(let value) = operand else { return comparedToAbove(comparison) }
        let column = self.operand(mayUseIndex)
        let sql =
            comparison == .unequal
            ? "(\(column) <> ? OR \(column) IS NULL)"
            : "(\(column) \(comparison.sql) ? AND \(column) IS NOT NULL)"
        return SQLiteCondition(sql: sql, values: [value])
    }

    private func comparedToNull(_ comparison: Filter.Comparison) -> SQLiteCondition {
        switch comparison {
        case .equal: isMissing
        case .unequal: isThere
        case .less, .lessOrEqual, .greater, .greaterOrEqual: .never
        }
    }

    private func comparedToAbove(_ comparison: Filter.Comparison) -> SQLiteCondition {
        switch comparison {
        case .less, .lessOrEqual: isThere
        case .equal, .greater, .greaterOrEqual: .never
        case .unequal: .always
        }
    }

    func within(_ wanted: [Scalar], mayUseIndex: Bool) -> SQLiteCondition? {
        var values: [SQLiteValue] = []
        for scalar in wanted where scalar != .null {
            guard let operand = parameter(for: scalar) else { return nil }
            if case .value(let value) = operand { values.append(value) }
        }
        let marks = values.map { _ in "?" }.joined(separator: ", ")
        let column = operand(mayUseIndex)
        let listed =
            values.isEmpty
            ? .never : SQLiteCondition(sql: "(\(column) IN (\(marks)) AND \(column) IS NOT NULL)", values: values)
        let parts = wanted.contains(.null) ? [listed, isMissing] : [listed]
        return SQLiteCondition(joining: parts[...], by: "OR", orElse: .never)
    }

    var exists: SQLiteCondition {
        guard let absent else { return .always }
        let listed = "EXISTS (SELECT 1 FROM json_each(\(absent.quoted)) WHERE value = ?)"
        return SQLiteCondition(
            sql: "(\(column) IS NOT NULL OR \(absent.quoted) IS NULL OR NOT \(listed))", values: [.text(name)])
    }

    func like(_ pattern: Text, mayUseIndex: Bool) -> SQLiteCondition? {
        guard kind == .text else { return nil }
        let percent = UInt8(ascii: "%")
        let opensWithAny = pattern.utf8.first == percent
        let closesWithAny = pattern.utf8.count > 1 && pattern.utf8.last == percent
        let core = Array(pattern.utf8.dropFirst(opensWithAny ? 1 : 0).dropLast(closesWithAny ? 1 : 0))
        if core.isEmpty, opensWithAny || closesWithAny { return isThere }
        return switch (opensWithAny, closesWithAny) {
        case (false, false): compared(.equal, .text(Text(utf8: core)), mayUseIndex: mayUseIndex)
        case (false, true): begins(with: core, operand(mayUseIndex))
        case (true, false): holds("substr(CAST(\(column) AS BLOB), -\(core.count)) = ?", core)
        case (true, true): holds("instr(CAST(\(column) AS BLOB), ?) > 0", core)
        }
    }

    /// Texts that begin alike stand together in the order of bytes.
    private func begins(with bytes: [UInt8], _ column: String) -> SQLiteCondition {
        var next = bytes
        while next.last == 0xFF { next.removeLast() }
        guard let last = next.popLast() else {
            return SQLiteCondition(sql: "(\(column) >= ? AND \(column) IS NOT NULL)", values: [.text(bytes)])
        }
        return SQLiteCondition(
            sql: "(\(column) >= ? AND \(column) < ? AND \(column) IS NOT NULL)",
            values: [.text(bytes), .text(next + [last + 1])])
    }

    /// Asked of bytes, as SQLite's functions on text stop at a NUL; of no bytes they make NULL.
    private func holds(_ test: String, _ bytes: [UInt8]) -> SQLiteCondition {
        SQLiteCondition(sql: "ifnull(\(test), 0)", values: [.blob(bytes)])
    }
}

// MARK: Values

extension SQLitePlace {
    private enum Parameter {
        case value(SQLiteValue)
        /// More than any value of the column.
        case above
    }

    /// Nil where SQLite would not compare as we do.
    private func parameter(for wanted: Scalar) -> Parameter? {
        switch (kind, wanted) {
        case (.truth, .bool(let value)): .value(.integer(value ? 1 : 0))
        case (.integer, .integer(let value)), (.real, .integer(let value)), (.natural, .integer(let value)),
            (.whole, .integer(let value)), (.id, .integer(let value)):
            .value(.integer(value))
        case (.integer, .natural), (.whole, .natural): .above
        case (.natural, .natural(let value)), (.id, .natural(let value)): .value(SQLiteValue(.natural(value)))
        case (.integer, .double(let value)), (.real, .double(let value)): value.isNaN ? nil : .value(.real(value))
        case (.text, .text(let text)): .value(.text(text.utf8))
        // A text as long as a UUID's is never that of a number.
        case (.id, .text(let text)): text.utf8.count == 36 ? .value(.text(text.utf8)) : nil
        case (.moment, .text(let text)): Timestamp.microseconds(text.description).map { .value(.integer($0)) }
        default: nil
        }
    }
}

extension SQLitePlace.Kind {
    init(_ type: FieldType) {
        switch type {
        case .bool: self = .truth
        case .int8, .int16, .int32, .int64: self = .integer
        case .float, .double: self = .real
        case .text: self = .text
        case .timestamp: self = .moment
        case .json, .array: self = .presence
        }
    }

    init(_ type: KeyType) {
        switch type {
        case .int64: self = .whole
        case .uint64: self = .natural
        case .uuid, .text: self = .text
        case .id: self = .id
        }
    }
}
