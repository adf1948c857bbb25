extension Parser {
    /// A control statement, or nil if none begins here.
    mutating func control() throws(Diagnostic) -> Statement.Kind? {
        noteControl()
        switch token.keyword {
        case "let": return try assignment()
        case "assert": return try assertion()
        case "if": return try conditional()
        case "for": return try loop()
        case "step": return try step()
        case "lock": return try lock()
        case "on": return try errorPolicy()
        case "always":
            try advance()
            return .always(try block())
        default: return nil
        }
    }

    mutating func noteControl() {
        for (word, _, summary) in Grammar.control { note(Expectation(.control, word, note: summary)) }
    }

    private mutating func assignment() throws(Diagnostic) -> Statement.Kind {
        try advance()
        let name = try newName("a name")
        let isFallback = try accept(.fallback)
        if !isFallback { try expect(.assign) }
        return .assign(name: name, value: try expression(), isFallback: isFallback)
    }

    private mutating func assertion() throws(Diagnostic) -> Statement.Kind {
        try advance()
        let condition = try expression()
        let message = try accept("else") ? try text("'<message>'") : nil
        return .check(condition, message: message)
    }

    private mutating func conditional() throws(Diagnostic) -> Statement.Kind {
        var branches: [Branch] = []
        var otherwise: [Statement]?
        repeat {
            try advance()
            branches.append(Branch(condition: try expression(), body: try block()))
            guard try accept("else") else { break }
            note(Expectation(.keyword, "if"))
            if token.keyword != "if" {
                otherwise = try block()
                break
            }
        } while true
        return .branch(branches, otherwise: otherwise)
    }

    private mutating func loop() throws(Diagnostic) -> Statement.Kind {
        try advance()
        let name = try newName("a name")
        try expect("in")
        return .loop(name: name, over: try expression(), body: try block())
    }

    private mutating func step() throws(Diagnostic) -> Statement.Kind {
        try advance()
        return .step(title: try text("'<title>'"), body: try block(), isHeading: false)
    }

    private mutating func lock() throws(Diagnostic) -> Statement.Kind {
        try advance()
        let place = try value(
            of: Slot("place", .uri(of: .lock), "What is held: file://, s3://, dynamodb://, postgres://"))
        let limit = try accept("timeout") ? try value(of: Slot("timeout", .quantity, "How long to wait for it")) : nil
        return .lock(place, timeout: limit, body: try block())
    }

    private mutating func errorPolicy() throws(Diagnostic) -> Statement.Kind {
        try advance()
        try expect("error")
        if try accept("stop") { return .onError(.stop) }
        if try accept("continue") { return .onError(.resume) }
        return .onError(.handle(try block()))
    }

    /// A word that is made up here.
    mutating func newName(_ label: String) throws(Diagnostic) -> Located<String> {
        note(Expectation(.newName, label))
        guard token.kind == .word else { throw unexpected() }
        defer { remaining = [] }
        let name = Located(token.text, at: token.span)
        try advance()
        return name
    }

    /// A string, or a variable.
    mutating func text(_ label: String) throws(Diagnostic) -> Expression {
        note(Expectation(.newName, label))
        switch token.kind {
        case .string, .variable: return try atom()
        default: throw unexpected()
        }
    }
}
