/// Reads statements: LL(1), so one token decides everywhere and an error stands at the offending word.
package struct Parser {
    let grammar: Grammar
    var lexer: Lexer
    /// The token that comes next.
    var token: Token
    /// What has been tried at ``token``.
    private(set) var expected: [Expectation] = []
    /// What has been tried where the text ends.
    private(set) var expectedAtEnd: [Expectation] = []
    /// The usage of what was still to come when the text ended, for the hint.
    var remaining: [String] = []
    /// The command that was being read when the text ended.
    var call: ParsedCall?
    /// The condition or expression of a command that is being read, of which each operand is a part.
    var openSlot: Slot?
    private(set) var problems: [Diagnostic] = []
    private static let mostProblems = 20
    /// Whether a brace in the statement that is read begins a block.
    private var opensBlocks = false
    /// How deep in blocks and brackets the parser stands.
    private var depth = 0
    private static let deepest = 64

    /// Reads a whole source, or the part of it that is given.
    package static func parse(_ source: Source, _ range: Range<Int>? = nil, _ grammar: Grammar) -> Script {
        var parser = Parser(source, range, grammar)
        let statements = parser.statements(until: nil)
        return Script(statements: statements, problems: parser.problems)
    }

    init(_ source: Source, _ range: Range<Int>? = nil, _ grammar: Grammar) {
        self.grammar = grammar
        lexer = Lexer(source, range)
        token = lexer.token(.newline, from: lexer.offset)
        endOfLast = lexer.offset
    }

    // MARK: Statements

    /// Reads statements up to a closing brace, or to the end; what is wrong is kept, and reading goes on.
    mutating func statements(until opening: Span?) -> [Statement] {
        var statements: [Statement] = []
        let isInBlock = opening != nil
        if !isInBlock { attempt { parser throws(Diagnostic) in try parser.advance() } }
        while problems.count < Self.mostProblems {
            attempt(inBlock: isInBlock) { parser throws(Diagnostic) in try parser.skipSeparators() }
            if token.kind == .end && expectedAtEnd.isEmpty { noteStart() }
            if token.kind == .end || isInBlock && token.isSymbol(.closeBrace) { break }
            // Something between the statements could not be read.
            if token.kind == .newline || token.isSymbol(.semicolon) { continue }
            let start = lexer.offset
            opensBlocks = token.keyword.map { Grammar.blockWords.contains($0) } ?? false
            attempt(inBlock: isInBlock) { parser throws(Diagnostic) in
                statements.append(try parser.statement())
                try parser.endOfStatement(inBlock: isInBlock)
            }
            if lexer.offset == start, token.kind != .end, !token.isSymbol(.closeBrace) { pass() }
        }
        return statements
    }

    private mutating func skipSeparators() throws(Diagnostic) {
        while token.kind == .newline || token.isSymbol(.semicolon) { try advance() }
    }

    private mutating func attempt(inBlock: Bool = false, _ step: (inout Parser) throws(Diagnostic) -> Void) {
        do { try step(&self) } catch {
            guard problems.count < Self.mostProblems else { return }
            problems.append(error)
            // The lexer stands behind what it could not read, the token is still the one before.
            if error.code.hasPrefix("E01"), !token.isSymbol(.openBrace) { pass() }
            recover(inBlock: inBlock)
        }
    }

    /// Goes on behind the statement of the error; blocks that it opened are read for what else is wrong.
    private mutating func recover(inBlock: Bool) {
        lexer.giveUpOpenBrackets()
        var braces = 0
        while problems.count < Self.mostProblems {
            switch token.kind {
            case .newline, .end: return
            case .symbol(.semicolon) where braces == 0: return
            case .symbol(.closeBrace) where braces == 0 && inBlock: return
            case .symbol(.closeBrace):
                braces = max(0, braces - 1)
                pass()
            case .symbol(.openBrace): if !passBlock() { braces += 1 }
            default: pass()
            }
        }
    }

    /// Reads the block that begins here; answers whether it was one, and no brace that stands where none may.
    private mutating func passBlock() -> Bool {
        let opening = token.span
        pass()
        guard opensBlocks || token.kind == .newline else { return false }
        _ = statements(until: opening)
        if token.isSymbol(.closeBrace) { pass() }
        opensBlocks = true
        return true
    }

    /// Steps over one token, and over what is none.
    private mutating func pass() {
        repeat {
            do throws(Diagnostic) { return try advance() } catch { continue }
        } while true
    }

    private mutating func endOfStatement(inBlock: Bool) throws(Diagnostic) {
        switch token.kind {
        case .newline, .end, .symbol(.semicolon): return
        case .symbol(.closeBrace) where inBlock: return
        default: throw unexpected()
        }
    }

    mutating func block() throws(Diagnostic) -> [Statement] {
        let opening = token.span
        try expect(.openBrace)
        let body = try nested { parser throws(Diagnostic) in parser.statements(until: opening) }
        guard token.isSymbol(.closeBrace) else {
            throw Diagnostic(
                "E0207", "the block is not closed", at: here, label: "expected '}'",
                origin: Located("opened here", at: opening))
        }
        try advance()
        return body
    }

    private mutating func statement() throws(Diagnostic) -> Statement {
        call = nil
        openSlot = nil
        remaining = []
        let start = token.span
        let kind: Statement.Kind =
            if let control = try control() { control } else { .command(try command()) }
        return Statement(kind, Span(lexer.source, start.range.lowerBound..<endOfLast))
    }

    private mutating func noteStart() {
        noteControl()
        notePrefixes()
        noteVerbs()
    }

    /// Where the token before the current one ended.
    private(set) var endOfLast = 0

    // MARK: Steps

    /// Reads what stands inside something else; texts that nest too deeply are refused, so that none exhausts the stack.
    mutating func nested<Part>(_ read: (inout Parser) throws(Diagnostic) -> Part) throws(Diagnostic) -> Part {
        guard depth < Self.deepest else {
            throw Diagnostic("E0211", "nested too deeply", at: here, label: "more than \(Self.deepest) levels")
        }
        depth += 1
        defer { depth -= 1 }
        return try read(&self)
    }

    mutating func advance() throws(Diagnostic) {
        if token.kind != .newline { endOfLast = token.span.range.upperBound }
        expected = []
        token = try lexer.next()
    }

    /// Takes everything up to the next space as one word, if the next token is one.
    mutating func takeWholeWord() throws(Diagnostic) -> Token {
        let word = lexer.wholeWord(from: token.span.range.lowerBound)
        token = word
        try advance()
        return word
    }

    mutating func note(_ expectation: Expectation) {
        expected.append(expectation)
        if token.kind == .end { expectedAtEnd.append(expectation) }
    }

    /// Takes a keyword if it comes next; either way it was expected.
    mutating func accept(_ word: String, _ kind: Expectation.Kind = .keyword, note text: String = "") throws(Diagnostic)
        -> Bool
    {
        note(Expectation(kind, word, note: text))
        guard token.keyword == word else { return false }
        try advance()
        return true
    }

    mutating func expect(_ word: String) throws(Diagnostic) {
        guard try accept(word) else { throw unexpected() }
    }

    mutating func accept(_ symbol: Symbol) throws(Diagnostic) -> Bool {
        note(Expectation(.symbol, symbol.rawValue))
        guard token.isSymbol(symbol) else { return false }
        try advance()
        return true
    }

    mutating func expect(_ symbol: Symbol) throws(Diagnostic) {
        guard try accept(symbol) else { throw unexpected() }
    }

    // MARK: Errors

    /// What stands here cannot; says what could.
    func unexpected() -> Diagnostic {
        let found: String
        switch token.kind {
        case .end, .newline: found = "the statement ends too early"
        default: found = "unexpected '\(token.text)'"
        }
        let words = expected.filter(\.isWord).map(\.label)
        let suggestion = token.keyword.flatMap { Suggestion.nearest(to: $0, in: words) }
        let origin = lexer.openBracket.map { Located("opened here", at: $0) }
        return Diagnostic(
            "E0201", found, at: here, label: expectedLabel,
            origin: token.kind == .end ? origin : nil, help: suggestion.map { ["did you mean '\($0)'?"] } ?? [])
    }

    /// The span of the current token; of nothing at the end of a statement.
    var here: Span {
        switch token.kind {
        case .end, .newline: Span(lexer.source, endOfLast..<endOfLast)
        default: token.span
        }
    }

    private var expectedLabel: String {
        var labels: [String] = []
        let ranked = expected.filter { !$0.isChoice }.sorted { $0.rank < $1.rank }
        for label in ranked.map(\.label) where !labels.contains(label) { labels.append(label) }
        guard !labels.isEmpty else { return "expected the end of the statement" }
        return "expected " + labels.prefix(10).joined(separator: ", ") + (labels.count > 10 ? ", …" : "")
    }
}

extension Expectation {
    /// Whether its words are expected one by one beside it.
    var isChoice: Bool {
        if case .slot(let slot) = kind, case .words = slot.kind { true } else { false }
    }

    /// What an error names first: clauses before operators and functions.
    var rank: Int {
        switch kind {
        case .clause, .verb: 0
        case .control, .prefix, .keyword, .slot, .option, .optionValue, .newName: 1
        case .function: 2
        case .symbol: 3
        }
    }

    var isWord: Bool {
        switch kind {
        case .verb, .control, .prefix, .keyword, .clause, .function: true
        case .slot(let slot): if case .words = slot.kind { true } else { false }
        case .symbol, .option, .optionValue, .newName: false
        }
    }
}
