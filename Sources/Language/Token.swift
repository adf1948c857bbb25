/// The smallest part of a text that means something.
package struct Token: Hashable, Sendable {
    package var kind: Kind
    package var span: Span

    package enum Kind: Hashable, Sendable {
        case word
        /// `conn:name`; the name's parts stand behind the colon.
        case reference(connection: String, name: [StringPart])
        case uri, path
        case string([StringPart])
        case variable(String)
        case number, quantity
        /// Begins with a digit and is no number: a job's or a backup's id.
        case id
        case symbol(Symbol)
        case newline, end
    }

    package init(_ kind: Kind, _ span: Span) {
        self.kind = kind
        self.span = span
    }

    package var text: String { span.text }

    /// The word in lower case, as keywords are compared; nil if it is none.
    package var keyword: String? { kind == .word ? text.lowercased() : nil }

    package func isSymbol(_ symbol: Symbol) -> Bool { kind == .symbol(symbol) }
}

/// A piece of a string: itself, or the value of a variable.
package enum StringPart: Hashable, Sendable {
    case text(String)
    case variable(String, Span)
}

package enum Symbol: String, Sendable, CaseIterable {
    case equal = "==", unequal = "!=", lessOrEqual = "<=", greaterOrEqual = ">=", fallback = "?="
    case openParenthesis = "(", closeParenthesis = ")", openBracket = "[", closeBracket = "]", openBrace = "{"
    case closeBrace = "}", comma = ",", semicolon = ";", assign = "=", less = "<", greater = ">", plus = "+"
    case minus = "-", times = "*", divide = "/"
}
