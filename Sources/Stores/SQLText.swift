import Model

extension String {
    /// As an identifier in SQL.
    var quoted: String { "\"" + replacing("\"", with: "\"\"") + "\"" }
}

extension Filter {
    /// The conditions in SQL within it.
    var natives: [String] {
        switch self {
        case .all(let filters), .any(let filters): filters.flatMap(\.natives)
        case .not(let filter): filter.natives
        case .native(let text): [text]
        case .compare, .within, .like, .exists: []
        }
    }
}

extension Filter.Comparison {
    var sql: String {
        switch self {
        case .equal: "="
        case .unequal: "<>"
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        }
    }
}
