extension Parser {
    /// A whole expression, down from `or`.
    mutating func expression() throws(Diagnostic) -> Expression {
        try nested { parser throws(Diagnostic) in
            try parser.chain(["or": .or]) { parser throws(Diagnostic) in
                try parser.chain(["and": .and]) { parser throws(Diagnostic) in try parser.negation() }
            }
        }
    }

    /// Operands of one kind between operators that are words.
    private mutating func chain(
        _ operators: [String: Operator], _ operand: (inout Parser) throws(Diagnostic) -> Expression
    ) throws(Diagnostic) -> Expression {
        var left = try operand(&self)
        while let word = token.keyword, let found = operators[word] {
            try advance()
            left = join(found, left, try operand(&self))
        }
        for word in operators.keys { note(Expectation(.keyword, word)) }
        return left
    }

    private mutating func negation() throws(Diagnostic) -> Expression {
        let start = token.span
        guard try accept("not") else { return try comparison() }
        let inner = try nested { parser throws(Diagnostic) in try parser.negation() }
        return Expression(.not(inner), start.through(inner.span))
    }

    private mutating func comparison() throws(Diagnostic) -> Expression {
        if let openSlot { note(Expectation(.slot(openSlot), openSlot.placeholder, note: openSlot.summary)) }
        let left = try sum()
        if token.isSymbol(.assign) {
            throw Diagnostic("E0205", "'=' assigns; comparison is '=='", at: token.span, label: "use '=='")
        }
        for symbol in Self.comparisons where try accept(symbol) {
            return join(Operator(rawValue: symbol.rawValue) ?? .equal, left, try sum())
        }
        if try accept("like") { return join(.like, left, try sum()) }
        if try accept("in") { return join(.isIn, left, try atom()) }
        let not = token.span
        guard try accept("not") else { return left }
        try expect("in")
        let inside = join(.isIn, left, try atom())
        return Expression(.not(inside), not.through(inside.span))
    }

    private static let comparisons: [Symbol] = [.equal, .unequal, .lessOrEqual, .greaterOrEqual, .less, .greater]

    private mutating func sum() throws(Diagnostic) -> Expression {
        var left = try product()
        while true {
            if try accept(.plus) {
                left = join(.plus, left, try product())
            } else if try accept(.minus) {
                left = join(.minus, left, try product())
            } else {
                return left
            }
        }
    }

    private mutating func product() throws(Diagnostic) -> Expression {
        var left = try atom()
        while true {
            if try accept(.times) {
                left = join(.times, left, try atom())
            } else if try accept(.divide) {
                left = join(.divide, left, try atom())
            } else {
                return left
            }
        }
    }

    private func join(_ operation: Operator, _ a: Expression, _ b: Expression) -> Expression {
        Expression(.binary(operation, a, b), a.span.through(b.span))
    }

    // MARK: Atoms

    mutating func atom() throws(Diagnostic) -> Expression {
        noteValues()
        let start = token
        if let value = try literal() {
            try advance()
            return Expression(value, start.span)
        }
        switch token.kind {
        case .word: return try word()
        case .symbol(.openBracket): return try list()
        case .symbol(.openParenthesis):
            try advance()
            let inner = try expression()
            try expect(.closeParenthesis)
            return Expression(inner.kind, Span(lexer.source, start.span.range.lowerBound..<endOfLast))
        default: throw unexpected()
        }
    }

    private mutating func noteValues() {
        note(Expectation(.newName, "a value"))
        for function in grammar.functions {
            note(Expectation(.function, function.name, note: "\(function.usage): \(function.summary)"))
        }
    }

    private func literal() throws(Diagnostic) -> Expression.Kind? {
        switch token.kind {
        case .number: return .literal(number)
        case .quantity: return .literal(Quantity(token.text).map(Value.quantity) ?? .word(token.text))
        case .string(let parts): return Parser.template(parts)
        case .variable(let name): return .variable(name)
        case .uri: return .literal(.uri(token.text))
        case .path: return .literal(.path(token.text))
        case .reference(let connection, let parts): return Parser.reference(connection, parts)
        case .id: throw notANumber()
        case .word, .symbol, .newline, .end: return nil
        }
    }

    private var number: Value {
        NumberText.integer(token.text).map(Value.integer) ?? NumberText.natural(token.text).map(Value.natural)
            ?? .number(NumberText.double(token.text) ?? .nan)
    }

    private func notANumber() -> Diagnostic {
        Diagnostic("E0108", "'\(token.text)' is no number", at: token.span, help: ["put text in quotes"])
    }

    static func template(_ parts: [StringPart]) -> Expression.Kind {
        if parts.isEmpty { return .literal(.text("")) }
        if parts.count == 1, case .text(let text) = parts[0] { return .literal(.text(text)) }
        return .template(parts)
    }

    static func reference(_ connection: String, _ parts: [StringPart]) -> Expression.Kind {
        let connectionName = connection.isEmpty ? nil : connection
        if parts.isEmpty { return .literal(.reference(Reference(connection: connectionName, name: ""))) }
        if parts.count == 1, case .text(let name) = parts[0] {
            return .literal(.reference(Reference(connection: connectionName, name: name)))
        }
        return .reference(connection: connection, name: parts)
    }

    private mutating func word() throws(Diagnostic) -> Expression {
        let start = token
        if ["and", "or", "in", "like"].contains(start.keyword) { throw unexpected() }
        try advance()
        if token.isSymbol(.openParenthesis), token.span.range.lowerBound == start.span.range.upperBound {
            return try functionCall(start)
        }
        let value: Value =
            switch start.keyword {
            case "true": .bool(true)
            case "false": .bool(false)
            case "null": .null
            default: .word(start.text)
            }
        return Expression(.literal(value), start.span)
    }

    private mutating func functionCall(_ name: Token) throws(Diagnostic) -> Expression {
        let known = grammar.functions.map(\.name)
        guard let function = grammar.functions.first(where: { $0.name == name.keyword }) else {
            let suggestion = Suggestion.nearest(to: name.text, in: known)
            throw Diagnostic(
                "E0206", "unknown function '\(name.text)'", at: name.span,
                help: suggestion.map { ["did you mean '\($0)'?"] } ?? ["known are \(known.joined(separator: ", "))"])
        }
        try expect(.openParenthesis)
        note(Expectation(.slot(Slot(function.name, function.argument, function.summary)), function.usage))
        let arguments = try elements(until: .closeParenthesis)
        let span = Span(lexer.source, name.span.range.lowerBound..<endOfLast)
        guard function.arity.contains(arguments.count) else {
            throw Diagnostic(
                "E0208", "\(function.name) takes another number of values", at: span, label: function.usage)
        }
        return Expression(.call(function.name, arguments), span)
    }

    private mutating func list() throws(Diagnostic) -> Expression {
        let start = token.span.range.lowerBound
        try advance()
        let elements = try elements(until: .closeBracket)
        return Expression(.list(elements), Span(lexer.source, start..<endOfLast))
    }

    /// Elements between commas, up to and with a closing bracket; a comma may stand behind the last.
    private mutating func elements(until closing: Symbol) throws(Diagnostic) -> [Expression] {
        var elements: [Expression] = []
        while try !accept(closing) {
            elements.append(try expression())
            guard try accept(.comma) else {
                try expect(closing)
                break
            }
        }
        return elements
    }
}
