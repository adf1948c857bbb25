extension Parser {
    mutating func matchSlot(_ slot: Slot) throws(Diagnostic) {
        if token.kind == .end { remaining = [slot.placeholder] }
        let argument: ParsedCall.Argument
        switch slot.kind {
        case .list(let element):
            argument = .list(try list(of: Slot(slot.name, element, slot.summary)))
        case .options(let choices): argument = .pairs(try pairs(choices))
        case .assignments: argument = .pairs(try pairs([]))
        case .definitions: argument = .definitions(try definitions())
        default: argument = .expression(try value(of: slot))
        }
        call?.arguments[slot.name] = argument
    }

    /// One value, as the place takes it.
    mutating func value(of slot: Slot) throws(Diagnostic) -> Expression {
        note(Expectation(.slot(slot), slot.placeholder, note: slot.summary))
        switch slot.kind {
        case .expression, .filter:
            openSlot = slot
            defer { openSlot = nil }
            return if case .filter = slot.kind { try filter() } else { try expression() }
        case .vector: return try vector()
        case .id: return try id()
        case .path: return try path()
        case .words(let choices): return try choice(choices)
        case .type: return try typeOrVariable()
        default: break
        }
        guard accepts(slot.kind) else { throw unexpected() }
        return try atom()
    }

    private func accepts(_ kind: Slot.Kind) -> Bool {
        switch token.kind {
        case .string, .variable: true
        case .word: isWordKind(kind)
        case .reference: isReferenceKind(kind)
        case .uri: isURIKind(kind)
        case .number: isNumberKind(kind)
        case .quantity: if case .quantity = kind { true } else { false }
        case .path, .id, .symbol, .newline, .end: false
        }
    }

    private func isWordKind(_ kind: Slot.Kind) -> Bool {
        switch kind {
        case .connection, .collection, .target, .targetOrURI, .name, .environment, .field, .vectorField, .index,
            .indexType, .sibling,
            .topic, .setting, .settingValue:
            true
        default: false
        }
    }

    private func isURIKind(_ kind: Slot.Kind) -> Bool {
        switch kind {
        case .uri, .targetOrURI: true
        default: false
        }
    }

    private func isReferenceKind(_ kind: Slot.Kind) -> Bool {
        switch kind {
        case .collection, .target, .targetOrURI: true
        default: false
        }
    }

    private func isNumberKind(_ kind: Slot.Kind) -> Bool {
        switch kind {
        case .number, .quantity: true
        default: false
        }
    }

    /// A condition, or the engine's own words behind `native`.
    private mutating func filter() throws(Diagnostic) -> Expression {
        let start = token.span
        guard token.keyword == "native" else {
            note(Expectation(.keyword, "native", note: "a condition in the engine's own language"))
            return try expression()
        }
        try advance()
        let text = try text("'<text>'")
        return Expression(.call("native", [text]), start.through(text.span))
    }

    /// Numbers in brackets, or a string or variable that holds them.
    private mutating func vector() throws(Diagnostic) -> Expression {
        switch token.kind {
        case .symbol(.openBracket), .string, .variable: return try atom()
        default:
            note(Expectation(.symbol, "["))
            throw unexpected()
        }
    }

    private mutating func id() throws(Diagnostic) -> Expression {
        switch token.kind {
        case .string, .variable: return try atom()
        case .symbol, .newline, .end: throw unexpected()
        default:
            let word = try takeWholeWord()
            return Expression(.literal(.text(word.text)), word.span)
        }
    }

    /// A path; a bare word is one here, and `-` is the standard stream.
    private mutating func path() throws(Diagnostic) -> Expression {
        switch token.kind {
        case .string, .variable: return try atom()
        case .symbol(.minus):
            let span = token.span
            try advance()
            return Expression(.literal(.path("-")), span)
        case .word, .id, .number, .quantity:
            let word = try takeWholeWord()
            return Expression(.literal(.path(word.text)), word.span)
        case .path, .uri:
            let span = token.span
            let text = token.text
            try advance()
            return Expression(.literal(.path(text)), span)
        case .reference, .symbol, .newline, .end: throw unexpected()
        }
    }

    private mutating func choice(_ choices: [Slot.Choice]) throws(Diagnostic) -> Expression {
        for choice in choices { note(Expectation(.keyword, choice.word, note: choice.summary)) }
        if case .variable = token.kind { return try atom() }
        guard let word = token.keyword, choices.contains(where: { $0.word == word }) else { throw unexpected() }
        let span = token.span
        try advance()
        return Expression(.literal(.word(word)), span)
    }

    // MARK: Lists and pairs

    /// Elements between commas, in brackets or without.
    private mutating func list(of slot: Slot) throws(Diagnostic) -> [Expression] {
        note(Expectation(.symbol, "["))
        if token.isSymbol(.openBracket) {
            let opening = token.span
            try advance()
            var elements: [Expression] = []
            while try !accept(.closeBracket) {
                elements.append(try value(of: slot))
                if try !accept(.comma) {
                    try expect(.closeBracket)
                    break
                }
            }
            guard !elements.isEmpty else {
                throw Diagnostic("E0210", "the list is empty", at: opening, label: "expected \(slot.placeholder)")
            }
            return elements
        }
        var elements = [try value(of: slot)]
        while try accept(.comma) { elements.append(try value(of: slot)) }
        return elements
    }

    /// `name=value` between commas; parentheses let them span lines.
    private mutating func pairs(_ choices: [Slot.Choice]) throws(Diagnostic) -> [ParsedCall.Pair] {
        let isEnclosed = try accept(.openParenthesis)
        var pairs: [ParsedCall.Pair] = []
        repeat {
            if isEnclosed, token.isSymbol(.closeParenthesis) { break }
            pairs.append(try pair(choices, behind: pairs))
        } while try accept(.comma)
        if isEnclosed { try expect(.closeParenthesis) }
        return pairs
    }

    private mutating func pair(
        _ choices: [Slot.Choice], behind others: [ParsedCall.Pair]
    ) throws(Diagnostic) -> ParsedCall.Pair {
        note(Expectation(.option(choices, used: others.map(\.name.value)), "<name>=<value>"))
        guard token.kind == .word else { throw unexpected() }
        let name = Located(token.text, at: token.span)
        if let first = others.first(where: { $0.name.value == name.value }) {
            throw Diagnostic(
                "E0203", "a second '\(name.value)'", at: name.span,
                origin: Located("first here", at: first.name.span))
        }
        if !choices.isEmpty, !choices.contains(where: { $0.word == name.value }) {
            throw unknownOption(name, choices)
        }
        try advance()
        try expect(.assign)
        note(Expectation(.optionValue(name: name.value), "<value>"))
        return ParsedCall.Pair(name: name, value: try expression())
    }

    private func unknownOption(_ name: Located<String>, _ choices: [Slot.Choice]) -> Diagnostic {
        let names = choices.map(\.word)
        let suggestion = Suggestion.nearest(to: name.value, in: names)
        return Diagnostic(
            "E0204", "unknown option '\(name.value)'", at: name.span,
            label: "expected \(names.joined(separator: ", "))",
            help: suggestion.map { ["did you mean '\($0)'?"] } ?? [])
    }

    // MARK: Definitions

    /// `(id text(64) key, v vector(3) metric cosine, page int64 null)`.
    private mutating func definitions() throws(Diagnostic) -> [ParsedCall.Definition] {
        try expect(.openParenthesis)
        var definitions: [ParsedCall.Definition] = []
        repeat {
            if token.isSymbol(.closeParenthesis) { break }
            definitions.append(try definition())
        } while try accept(.comma)
        try expect(.closeParenthesis)
        return definitions
    }

    private mutating func definition() throws(Diagnostic) -> ParsedCall.Definition {
        let name = try fieldName()
        var definition = ParsedCall.Definition(name: name, type: try type())
        while true {
            if try accept("key") {
                definition.isKey = true
            } else if try accept("auto") {
                definition.isInvented = true
            } else if try accept("null") {
                definition.isNullable = true
            } else if try accept("metric") {
                definition.metric = try metric()
            } else {
                return definition
            }
        }
    }

    /// A word, or anything in quotes.
    private mutating func fieldName() throws(Diagnostic) -> Located<String> {
        guard case .string(let parts) = token.kind, case .literal(.text(let text)) = Parser.template(parts) else {
            return try newName("a field's name")
        }
        let span = token.span
        try advance()
        return Located(text, at: span)
    }

    private mutating func metric() throws(Diagnostic) -> Located<String> {
        let expression = try choice(Slot.metrics)
        return Located(expression.word ?? "", at: expression.span)
    }

    private mutating func typeOrVariable() throws(Diagnostic) -> Expression {
        if case .variable = token.kind { return try atom() }
        let spelling = try type()
        return Expression(.literal(.word(spelling.value)), spelling.span)
    }

    /// A type's spelling without spaces: `array(text(64))`.
    private mutating func type() throws(Diagnostic) -> Located<String> {
        for choice in Slot.types { note(Expectation(.keyword, choice.word, note: choice.summary)) }
        let start = token.span
        guard let word = token.keyword, Slot.types.contains(where: { $0.word == word }) else { throw unexpected() }
        try advance()
        guard try accept(.openParenthesis) else { return Located(word, at: start) }
        let inner: String
        if word == "array" {
            inner = try nested { parser throws(Diagnostic) in try parser.type() }.value
        } else {
            note(Expectation(.newName, "a number"))
            guard token.kind == .number else { throw unexpected() }
            inner = token.text
            try advance()
        }
        try expect(.closeParenthesis)
        return Located("\(word)(\(inner))", at: Span(lexer.source, start.range.lowerBound..<endOfLast))
    }
}

extension Slot {
    package static let metrics: [Choice] = [
        Choice("l2", "Euclidean distance"), Choice("ip", "inner product"), Choice("cosine", "angle"),
        Choice("l1", "sum of differences"), Choice("hamming", "bits that differ"), Choice("jaccard", "bits in common"),
        Choice("bm25", "text, by the engine"),
    ]

    package static let types: [Choice] = [
        Choice("text", "text, at most N bytes with text(N)"), Choice("int64", "64-bit integer"),
        Choice("int32", "32-bit integer"), Choice("int16", "16-bit integer"), Choice("int8", "8-bit integer"),
        Choice("uint64", "unsigned integer, for keys"), Choice("uuid", "UUID, for keys"),
        Choice("id", "unsigned integer or UUID, for keys"), Choice("float", "32-bit number"),
        Choice("double", "64-bit number"), Choice("bool", "yes or no"), Choice("json", "any JSON"),
        Choice("timestamp", "moment in time"), Choice("array", "array(TYPE)"),
        Choice("vector", "vector(D), float32"), Choice("halfvector", "halfvector(D), float16"),
        Choice("bfloatvector", "bfloatvector(D), bfloat16"), Choice("int8vector", "int8vector(D)"),
        Choice("uint8vector", "uint8vector(D)"), Choice("bitvector", "bitvector(D)"),
        Choice("sparsevector", "indices and values"), Choice("multivector", "multivector(D), several a record"),
    ]
}
