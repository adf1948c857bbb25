/// What stands for a value, and where.
package struct Expression: Hashable, Sendable {
    package var kind: Kind
    package var span: Span

    package indirect enum Kind: Hashable, Sendable {
        case literal(Value)
        /// A string that takes variables in.
        case template([StringPart])
        /// `conn:name` whose name takes variables in.
        case reference(connection: String, name: [StringPart])
        case variable(String)
        case list([Expression])
        case call(String, [Expression])
        case not(Expression)
        case binary(Operator, Expression, Expression)
    }

    package init(_ kind: Kind, _ span: Span) {
        self.kind = kind
        self.span = span
    }

    /// The bare word that it is, if it is one.
    package var word: String? { if case .literal(.word(let word)) = kind { word } else { nil } }

    /// This expression and all inside it.
    package var parts: [Expression] {
        switch kind {
        case .literal, .template, .reference, .variable: [self]
        case .list(let elements), .call(_, let elements): [self] + elements.flatMap(\.parts)
        case .not(let inner): [self] + inner.parts
        case .binary(_, let a, let b): [self] + a.parts + b.parts
        }
    }

    /// The variables that it names, and where.
    package var variables: [Located<String>] {
        parts.flatMap { part -> [Located<String>] in
            switch part.kind {
            case .variable(let name): [Located(name, at: part.span)]
            case .template(let parts), .reference(_, let parts):
                parts.compactMap { if case .variable(let name, let span) = $0 { Located(name, at: span) } else { nil } }
            default: []
            }
        }
    }
}
