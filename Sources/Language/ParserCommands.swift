extension Parser {
    mutating func command() throws(Diagnostic) -> ParsedCall {
        let start = token.span.range.lowerBound
        let prefixes = try prefixes()
        noteVerbs()
        guard let verb = token.keyword else { throw unexpected() }
        guard let signature = grammar.signature(verb) else { throw unknownVerb(verb) }
        call = ParsedCall(signature: signature, prefixes: prefixes, span: token.span, verb: token.span)
        try advance()
        do throws(Diagnostic) {
            try match(signature.form)
            try clauses(of: signature)
        } catch {
            remaining += call?.openClauses ?? []
            throw error
        }
        guard var call else { throw unexpected() }
        call.span = Span(lexer.source, start..<endOfLast)
        self.call = call
        return call
    }

    mutating func noteVerbs() {
        for signature in grammar.signatures { note(Expectation(.verb, signature.name, note: signature.summary)) }
    }

    mutating func notePrefixes() {
        for (word, _, summary) in Grammar.prefixes { note(Expectation(.prefix, word, note: summary)) }
    }

    private mutating func prefixes() throws(Diagnostic) -> [Prefix] {
        var prefixes: [Prefix] = []
        while true {
            notePrefixes()
            switch token.keyword {
            case "plan":
                try advance()
                prefixes.append(.plan)
            case "time":
                try advance()
                prefixes.append(.time)
            case "watch":
                try advance()
                prefixes.append(.watch(try value(of: Slot("every", .quantity, "How long to wait in between"))))
            default: return prefixes
            }
        }
    }

    private func unknownVerb(_ verb: String) -> Diagnostic {
        if verb == "else" {
            return Diagnostic(
                "E0212", "an 'else' without its 'if'", at: token.span,
                help: ["write it on the line of the brace: } else {"])
        }
        if Grammar.control.contains(where: { $0.word == verb }) {
            return Diagnostic("E0213", "a prefix before '\(verb)'", at: token.span, label: "expected a command")
        }
        let known = grammar.verbNames + Grammar.control.map(\.word) + Grammar.prefixes.map(\.word)
        let suggestion = Suggestion.nearest(to: verb, in: known)
        return Diagnostic(
            "E0202", "unknown command '\(token.text)'", at: token.span,
            help: suggestion.map { ["did you mean '\($0)'?"] } ?? ["`help` lists the commands"])
    }

    // MARK: Forms

    private mutating func match(_ forms: [Form]) throws(Diagnostic) {
        for (place, form) in forms.enumerated() {
            do throws(Diagnostic) { try match(form) } catch {
                remaining += forms[(place + 1)...].map(\.usage)
                throw error
            }
        }
    }

    private mutating func match(_ form: Form) throws(Diagnostic) {
        switch form {
        case .word(let word): try matchWord(word)
        case .slot(let slot): try matchSlot(slot)
        case .optional(let forms): if begins(forms) { try match(forms) }
        case .choice(let branches):
            guard let branch = branches.first(where: { begins($0) }) else {
                if token.kind == .end { remaining = [form.usage] }
                throw unexpected()
            }
            try match(branch)
        }
    }

    private mutating func matchWord(_ word: String) throws(Diagnostic) {
        if token.kind == .end { remaining = [word] }
        let span = token.span
        try expect(word)
        // A word that tells a form apart is remembered like a clause.
        if call?.clauses[word] == nil { call?.clauses[word] = span }
    }

    /// Whether the next token begins these forms; a keyword of a clause begins no optional slot.
    private mutating func begins(_ forms: [Form]) -> Bool {
        switch forms.first {
        case .word(let word):
            note(Expectation(.keyword, word))
            return token.keyword == word
        case .slot(let slot):
            note(Expectation(.slot(slot), slot.placeholder, note: slot.summary))
            guard canBegin(slot.kind) else { return false }
            guard let clause = token.keyword.flatMap({ call?.signature.clause($0) }) else { return true }
            // `show format`: a clause that needs more, and nothing follows, is what it looks like.
            return !clause.form.isEmpty && lexer.isAtEndOfStatement
        case .optional(let inner): return begins(inner)
        case .choice(let branches): return branches.contains { begins($0) }
        case nil: return true
        }
    }

    private func canBegin(_ kind: Slot.Kind) -> Bool {
        switch token.kind {
        case .newline, .end: false
        case .symbol(.minus): if case .path = kind { true } else { false }
        case .symbol(.openBracket), .symbol(.openParenthesis): true
        case .symbol: false
        case .string, .variable: true
        case .number, .quantity, .id, .word, .reference, .uri, .path: true
        }
    }

    // MARK: Clauses

    private mutating func clauses(of signature: Signature) throws(Diagnostic) {
        while !isAtEnd {
            for clause in signature.clauses where call?.has(clause.keyword) != true {
                note(Expectation(.clause, clause.keyword, note: clause.summary))
            }
            guard let word = token.keyword, let clause = signature.clause(word) else { throw unexpected() }
            if let first = call?.clauses[word] { throw twice(word, first) }
            call?.clauses[word] = token.span
            try advance()
            try match(clause.form)
        }
        for clause in signature.clauses where call?.has(clause.keyword) != true {
            note(Expectation(.clause, clause.keyword, note: clause.summary))
        }
        try checkNeeds(of: signature)
    }

    private func checkNeeds(of signature: Signature) throws(Diagnostic) {
        guard !signature.needsOneOf.isEmpty, !signature.needsOneOf.contains(where: { call?.has($0) == true }) else {
            return
        }
        throw Diagnostic(
            "E0209", "\(signature.name) needs \(signature.needsOneOf.joined(separator: " or "))", at: here,
            label: "expected \(signature.needsOneOf.joined(separator: ", "))")
    }

    private var isAtEnd: Bool {
        switch token.kind {
        case .newline, .end, .symbol(.semicolon), .symbol(.closeBrace): true
        default: false
        }
    }

    private func twice(_ word: String, _ first: Span) -> Diagnostic {
        Diagnostic(
            "E0203", "a second '\(word)'", at: token.span, label: "each clause at most once",
            origin: Located("first here", at: first))
    }
}
