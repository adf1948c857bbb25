import Model

/// A condition in SQL that is true or false, never NULL.
struct SQLiteCondition: Hashable, Sendable {
    var sql: String
    var values: [SQLiteValue] = []

    static let always = SQLiteCondition(sql: "1")
    static let never = SQLiteCondition(sql: "0")

    /// Nested in halves: SQLite refuses expressions that are a thousand levels deep.
    init(joining parts: ArraySlice<SQLiteCondition>, by word: String, orElse none: SQLiteCondition) {
        guard let first = parts.first else {
            self = none
            return
        }
        guard parts.count > 1 else {
            self = first
            return
        }
        let middle = parts.startIndex + parts.count / 2
        let left = SQLiteCondition(joining: parts[..<middle], by: word, orElse: none)
        let right = SQLiteCondition(joining: parts[middle...], by: word, orElse: none)
        self.init(sql: "(\(left.sql) \(word) \(right.sql))", values: left.values + right.values)
    }

    init(sql: String, values: [SQLiteValue] = []) {
        self.sql = sql
        self.values = values
    }
}

/// What SQLite answers of the portable filter, exactly as ``BoundFilter`` means it.
struct SQLiteFilter {
    private let table: SQLiteTable
    /// Whether rows are wanted in the table's own order, page by page: then only an index that keeps this order
    /// may be used, that is for equality, lest each page sorts all that match.
    private let isOrdered: Bool

    /// Longer lists are looked through on our side.
    private static let longestList = 10_000

    init(_ table: SQLiteTable, isOrdered: Bool = false) {
        self.table = table
        self.isOrdered = isOrdered
    }

    /// Nil where SQLite does not answer.
    func condition(_ filter: Filter) -> SQLiteCondition? { condition(filter, isTop: true) }

    private func condition(_ filter: Filter, isTop: Bool) -> SQLiteCondition? {
        switch filter {
        case .all(let filters): joined(filters, "AND", .always, isTop: isTop)
        case .any(let filters): joined(filters, "OR", .never, isTop: false)
        case .not(let filter):
            condition(filter, isTop: false).map { SQLiteCondition(sql: "NOT (\($0.sql))", values: $0.values) }
        case .compare(let field, let comparison, let value):
            place(field)?.compared(comparison, value, mayUseIndex: !isOrdered || isTop && comparison == .equal)
        case .within(let field, let values):
            values.count > Self.longestList ? nil : place(field)?.within(values, mayUseIndex: !isOrdered)
        case .like(let field, let pattern): place(field)?.like(pattern, mayUseIndex: !isOrdered)
        case .exists(let field): place(field)?.exists
        // A comment in it ends with the line.
        case .native(let text): SQLiteCondition(sql: "((\(text)\n) IS TRUE)")
        }
    }

    private func joined(
        _ filters: [Filter], _ word: String, _ none: SQLiteCondition, isTop: Bool
    ) -> SQLiteCondition? {
        let parts = filters.compactMap { condition($0, isTop: isTop) }
        guard parts.count == filters.count else { return nil }
        return SQLiteCondition(joining: parts[...], by: word, orElse: none)
    }

    /// Where the values of a field stand; nil for what is inside JSON.
    private func place(_ name: String) -> SQLitePlace? {
        let shape = table.collection
        let columns = table.columns
        if let place = shape.fields.firstIndex(where: { $0.name == name }) {
            return SQLitePlace(columns.fields[place], .init(shape.fields[place].type), absent: columns.absent)
        }
        if name == shape.key.name || name == "key" {
            return SQLitePlace(columns.key, .init(shape.key.type), absent: nil)
        }
        guard let place = shape.vectors.firstIndex(where: { $0.name == name }) else { return nil }
        return SQLitePlace(columns.vectors[place], .presence, absent: columns.absent)
    }
}
