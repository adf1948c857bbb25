/// Which records are meant: one portable language for every store; ``Filter/holds(row:of:)`` is its meaning.
///
/// It knows only true and false. A comparison with a field that is null or absent is false, and so `!=` is true; `f ==
/// null` holds where `f` has no value, and `exists(f)` tells null from absent.
package indirect enum Filter: Hashable, Sendable {
    case all(of: [Filter])
    case any(of: [Filter])
    case not(of: Filter)
    case compare(field: String, is: Comparison, to: Scalar)
    case within(field: String, values: [Scalar])
    case like(field: String, pattern: Text)
    case exists(field: String)
    case native(text: String)

    package enum Comparison: String, Hashable, Sendable {
        case equal = "==", unequal = "!=", less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">="
    }

    /// The filters that must all hold; a store may answer some of them, and the rest is applied to what it gives.
    package var conjuncts: [Filter] {
        if case .all(let filters) = self { filters.flatMap(\.conjuncts) } else { [self] }
    }

    /// Nil if there is nothing to ask.
    package init?(conjuncts: [Filter]) {
        guard let first = conjuncts.first else { return nil }
        self = conjuncts.count == 1 ? first : .all(of: conjuncts)
    }

    /// The same filter with other values to compare with.
    package func mappingValues(_ map: (String, Scalar) -> Scalar) -> Filter {
        switch self {
        case .all(let filters): .all(of: filters.map { $0.mappingValues(map) })
        case .any(let filters): .any(of: filters.map { $0.mappingValues(map) })
        case .not(let filter): .not(of: filter.mappingValues(map))
        case .compare(let field, let comparison, let value):
            .compare(field: field, is: comparison, to: map(field, value))
        case .within(let field, let values): .within(field: field, values: values.map { map(field, $0) })
        case .like, .exists, .native: self
        }
    }

    /// The same filter with other names; what follows a dot stays.
    package func renamingFields(_ rename: (String) -> String) -> Filter {
        func renamed(_ field: String) -> String {
            let new = rename(field)
            guard new == field, let dot = field.firstIndex(of: ".") else { return new }
            return rename(String(field[..<dot])) + field[dot...]
        }
        return switch self {
        case .all(let filters): .all(of: filters.map { $0.renamingFields(rename) })
        case .any(let filters): .any(of: filters.map { $0.renamingFields(rename) })
        case .not(let filter): .not(of: filter.renamingFields(rename))
        case .compare(let field, let comparison, let value):
            .compare(field: renamed(field), is: comparison, to: value)
        case .within(let field, let values): .within(field: renamed(field), values: values)
        case .like(let field, let pattern): .like(field: renamed(field), pattern: pattern)
        case .exists(let field): .exists(field: renamed(field))
        case .native: self
        }
    }

    /// The fields that it names.
    package var fields: Set<String> {
        switch self {
        case .all(let filters), .any(let filters): filters.reduce(into: []) { $0.formUnion($1.fields) }
        case .not(let filter): filter.fields
        case .compare(let field, _, _), .within(let field, _), .like(let field, _), .exists(let field): [field]
        case .native: []
        }
    }
}

/// A single value, in a filter or of a field.
package enum Scalar: Hashable, Sendable {
    case null, bool(Bool), integer(Int64), natural(UInt64), double(Double), text(Text)
}
