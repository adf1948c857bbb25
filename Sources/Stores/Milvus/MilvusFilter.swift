import Model

/// What Milvus answers of the portable filter, exactly as ``BoundFilter`` means it.
///
/// Fields that may be null are left to us where something is negated, as null is neither true nor false there.
struct MilvusFilter: Sendable {
    private let table: MilvusTable
    private let expression: MilvusExpression
    private static let longestList = 1_000

    init(_ table: MilvusTable, _ expression: MilvusExpression) {
        (self.table, self.expression) = (table, expression)
    }

    /// Nil where Milvus does not answer; the first Milvus Lite fails at conditions that others know.
    func condition(_ filter: Filter, isNegated: Bool = false) -> String? {
        guard expression.engine.kind != .nativeLite else { return nil }
        return switch filter {
        case .all(let filters): joined(filters, " and ", isNegated)
        case .any(let filters): joined(filters, " or ", isNegated)
        case .not(let filter): condition(filter, isNegated: true).map { "not (\($0))" }
        case .compare(let name, let comparison, let value):
            place(name, mayBeNull: !isNegated && comparison != .unequal).flatMap {
                compared($0, comparison, value)
            }
        case .within(let name, let values): place(name, mayBeNull: !isNegated).flatMap { within($0, values) }
        case .like(let name, let pattern): place(name, mayBeNull: !isNegated).flatMap { like($0, pattern) }
        case .exists: nil
        case .native(let text): "(\(text))"
        }
    }

    private func joined(_ filters: [Filter], _ word: String, _ isNegated: Bool) -> String? {
        let parts = filters.compactMap { condition($0, isNegated: isNegated) }
        guard parts.count == filters.count, !parts.isEmpty else { return nil }
        return parts.map { "(\($0))" }.joined(separator: word)
    }

    private func place(_ name: String, mayBeNull: Bool) -> MilvusField? {
        let field = table.schema.given.first { $0.name == name } ?? (name == "key" ? table.schema.key : nil)
        guard let field, mayBeNull || !field.isNullable, field.name.isPlainName else { return nil }
        // Keys of other kinds are kept as text, and have another order than their texts.
        guard !field.isKey || table.keyType == .int64 || field.isText(table.keyType) else { return nil }
        return field
    }

    private func compared(_ field: MilvusField, _ comparison: Filter.Comparison, _ value: Scalar) -> String? {
        let isEquality = comparison == .equal || comparison == .unequal
        guard field.type != .bool || isEquality else { return nil }
        return literal(value, field).map { "\(field.name) \(comparison.rawValue) \($0)" }
    }

    private func within(_ field: MilvusField, _ values: [Scalar]) -> String? {
        guard !values.isEmpty, values.count <= Self.longestList, field.type != .bool else { return nil }
        let literals = values.compactMap { literal($0, field) }
        return literals.count == values.count ? "\(field.name) in [\(literals.joined(separator: ","))]" : nil
    }

    /// Milvus has other signs with a meaning, and older ones look at the beginning of a text only.
    private func like(_ field: MilvusField, _ pattern: Text) -> String? {
        let signs = Set("%_\\".utf8)
        let core = pattern.utf8.dropLast()
        guard field.type == .varChar, pattern.utf8.last == UInt8(ascii: "%"), !core.isEmpty,
            !core.contains(where: signs.contains)
        else { return nil }
        return expression.literal(pattern).map { "\(field.name) like \($0)" }
    }

    private func literal(_ value: Scalar, _ field: MilvusField) -> String? {
        switch (field.type, value) {
        case (.bool, .bool(let value)): value ? "true" : "false"
        case (.int64, .integer(let value)): value == .min ? nil : String(value)
        case (.int8, .integer(let value)), (.int16, .integer(let value)), (.int32, .integer(let value)):
            field.fieldType.integerRange?.contains(value) == true ? String(value) : nil
        case (.double, .double(let value)): value.isFinite ? value.milvusLiteral : nil
        case (.double, .integer(let value)): value.magnitude < 1 << 53 ? "\(value).0" : nil
        case (.varChar, .text(let text)): expression.literal(text)
        default: nil
        }
    }
}

extension Double {
    /// With a point: a number without one is an integer to Milvus.
    fileprivate var milvusLiteral: String? {
        let text = "\(self)"
        return text.contains("e") ? nil : text
    }
}

extension String {
    fileprivate var isPlainName: Bool {
        utf8.allSatisfy {
            $0 == 0x5F || $0 < 0x80 && Character(Unicode.Scalar($0)).isLetter || (0x30...0x39).contains($0)
        }
    }
}

extension MilvusField {
    fileprivate func isText(_ type: KeyType) -> Bool {
        if case .text = type { true } else { false }
    }
}
