import Model

/// An operator between two values.
package enum Operator: String, Hashable, Sendable, CaseIterable {
    case equal = "==", unequal = "!=", lessOrEqual = "<=", greaterOrEqual = ">=", less = "<", greater = ">"
    case plus = "+", minus = "-", times = "*", divide = "/"
    case and, or, isIn = "in", like

    /// What it makes of two values that are known; nil where they do not go together.
    package func callAsFunction(_ a: Value, _ b: Value) -> Value? {
        switch self {
        case .equal: a.equals(b).map(Value.bool)
        case .unequal: a.equals(b).map { .bool(!$0) }
        case .less: a.order(to: b).map { .bool($0 < 0) }
        case .lessOrEqual: a.order(to: b).map { .bool($0 <= 0) }
        case .greater: a.order(to: b).map { .bool($0 > 0) }
        case .greaterOrEqual: a.order(to: b).map { .bool($0 >= 0) }
        case .plus, .minus, .times, .divide: arithmetic(a, b)
        case .and: a.truth.flatMap { a in b.truth.map { .bool(a && $0) } }
        case .or: a.truth.flatMap { a in b.truth.map { .bool(a || $0) } }
        case .isIn: b.elements.map { .bool($0.contains { a.equals($0) == true }) }
        case .like: .bool(a.description.matches(b.description))
        }
    }

    private func arithmetic(_ a: Value, _ b: Value) -> Value? {
        if self == .plus, case .list(let x) = a, case .list(let y) = b { return .list(x + y) }
        if let x = a.integer, let y = b.integer {
            if let whole = wholeNumber(x, y) { return .integer(whole) }
            // Only a quotient may turn into a fraction; what does not fit is no result.
            if self != .divide { return nil }
        }
        guard let x = a.number, let y = b.number else {
            return self == .plus && a.isText && b.isText ? .text(a.description + b.description) : nil
        }
        let result = decimal(x, y)
        return result.isFinite ? .number(result) : nil
    }

    /// Nil where the result is no whole number, or none that fits.
    private func wholeNumber(_ a: Int64, _ b: Int64) -> Int64? {
        let (value, overflow): (Int64, Bool) =
            switch self {
            case .plus: a.addingReportingOverflow(b)
            case .minus: a.subtractingReportingOverflow(b)
            case .times: a.multipliedReportingOverflow(by: b)
            default: b != 0 && a % b == 0 ? a.dividedReportingOverflow(by: b) : (0, true)
            }
        return overflow ? nil : value
    }

    private func decimal(_ a: Double, _ b: Double) -> Double {
        switch self {
        case .plus: a + b
        case .minus: a - b
        case .times: a * b
        default: a / b
        }
    }
}

extension Value {
    /// Whether two values are the same; nil where they cannot be compared, a number with text that spells none.
    fileprivate func equals(_ other: Value) -> Bool? {
        if self == .null || other == .null { return self == other }
        if case .list(let a) = self, case .list(let b) = other {
            return a.count == b.count && zip(a, b).allSatisfy { $0.equals($1) == true }
        }
        if isNumber || other.isNumber {
            if let a = integer, let b = other.integer { return a == b }
            if case .natural = self, case .natural = other { return self == other }
            return number.flatMap { a in other.number.map { a == $0 } }
        }
        if isBool || other.isBool { return truth.flatMap { a in other.truth.map { a == $0 } } }
        return description.utf8.elementsEqual(other.description.utf8)
    }

    fileprivate func order(to other: Value) -> Int? {
        if isText && other.isText {
            let (a, b) = (Text(description), Text(other.description))
            return a == b ? 0 : a < b ? -1 : 1
        }
        if let a = integer, let b = other.integer { return a == b ? 0 : a < b ? -1 : 1 }
        if case .natural(let a) = self, case .natural(let b) = other { return a == b ? 0 : a < b ? -1 : 1 }
        return number.flatMap { a in other.number.map { a == $0 ? 0 : a < $0 ? -1 : 1 } }
    }

    private var isNumber: Bool {
        switch self {
        case .integer, .natural, .number, .quantity: true
        default: false
        }
    }

    private var isBool: Bool { if case .bool = self { true } else { false } }

    fileprivate var isText: Bool {
        switch self {
        case .text, .word, .uri, .path, .reference: true
        default: false
        }
    }

    package var elements: [Value]? { if case .list(let values) = self { values } else { nil } }
}

extension String {
    /// Whether a pattern with `*` and `?` fits the whole of this text.
    package func matches(glob pattern: String) -> Bool {
        Glob.matches(Array(unicodeScalars)[...], Array(pattern.unicodeScalars)[...])
    }

    /// Whether a pattern with `%` at either end fits.
    fileprivate func matches(_ pattern: String) -> Bool { Text(pattern).matches(Text(self)) }
}

private enum Glob {
    static func matches(_ text: ArraySlice<Unicode.Scalar>, _ pattern: ArraySlice<Unicode.Scalar>) -> Bool {
        var (text, pattern) = (text, pattern)
        var retry: (text: ArraySlice<Unicode.Scalar>, pattern: ArraySlice<Unicode.Scalar>)?
        while true {
            if pattern.first == "*" {
                pattern = pattern.dropFirst()
                retry = (text, pattern)
            } else if let first = text.first, let wanted = pattern.first, wanted == "?" || wanted == first {
                text = text.dropFirst()
                pattern = pattern.dropFirst()
            } else if text.isEmpty && pattern.isEmpty {
                return true
            } else if let last = retry, !last.text.isEmpty {
                // The last star takes one more.
                retry = (last.text.dropFirst(), last.pattern)
                (text, pattern) = (last.text.dropFirst(), last.pattern)
            } else {
                return false
            }
        }
    }
}
