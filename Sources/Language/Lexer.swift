/// Cuts a text into tokens, one at a time.
///
/// It knows how deep in brackets it stands: there a newline is space, and a comma or a closing bracket ends a URI.
package struct Lexer: Sendable {
    let source: Source
    let end: Int
    package private(set) var offset: Int
    /// Open `(` and `[`.
    private var open: [Int] = []
    private var isBehindAssignment = false

    package init(_ source: Source, _ range: Range<Int>? = nil) {
        self.source = source
        offset = range?.lowerBound ?? 0
        end = range?.upperBound ?? source.utf8.count
    }

    package mutating func next() throws(Diagnostic) -> Token {
        if let problem = skipSpace() { throw problem }
        let start = offset
        guard let byte = peek() else { return token(.end, from: start) }
        defer { isBehindAssignment = offset > start && isAssignment(start..<offset) }
        switch byte {
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
            offset += byte == UInt8(ascii: "\r") && peek(1) == UInt8(ascii: "\n") ? 2 : 1
            return token(.newline, from: start)
        case UInt8(ascii: "'"): return try rawString()
        case UInt8(ascii: "\""): return try interpolatedString()
        case UInt8(ascii: "$"): return try variable()
        case UInt8(ascii: ":") where isNameByte(peek(1)) || peek(1) == nil || isSpace(peek(1)):
            return try reference(connection: start..<start)
        default: break
        }
        if isPathStart { return run(.path) }
        if isDigit(byte) || byte == UInt8(ascii: "-") && isDigit(peek(1)) { return number() }
        if isWordStart(byte) { return try word() }
        return try symbol()
    }

    /// Takes the whole word that begins here, whatever it is made of: where an id is expected.
    package mutating func wholeWord(from start: Int) -> Token {
        offset = start
        while let byte = peek(), !isSpace(byte), byte != UInt8(ascii: ","), !endsElement(byte) { offset += 1 }
        return token(.id, from: start)
    }

    /// Forgets open brackets that nothing closes, to go on after an error.
    mutating func giveUpOpenBrackets() {
        var ahead = self
        while !ahead.open.isEmpty {
            if let token = try? ahead.next(), token.kind == .end { return open.removeAll() }
        }
    }

    /// Whether nothing follows in this statement.
    var isAtEndOfStatement: Bool {
        var ahead = self
        guard let token = try? ahead.next() else { return false }
        switch token.kind {
        case .newline, .end, .symbol(.semicolon), .symbol(.closeBrace): return true
        default: return false
        }
    }

    /// Where the innermost open bracket stands.
    var openBracket: Span? { open.last.map { span($0..<$0 + 1) } }

    // MARK: Space

    /// Answers a problem instead of throwing, as it runs inside other steps.
    private mutating func skipSpace() -> Diagnostic? {
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"): offset += 1
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                if open.isEmpty { return nil }
                offset += 1
            case UInt8(ascii: "\\"):
                guard let length = continuation else {
                    defer { offset += 1 }
                    return Diagnostic(
                        "E0104", "a stray backslash", at: span(offset..<offset + 1),
                        label: "only at the end of a line, where the statement goes on",
                        help: ["put text that holds a backslash in '…'"])
                }
                offset += length
            case UInt8(ascii: "#") where isAtSpace: skipComment()
            default: return nil
            }
        }
        return nil
    }

    /// The length of a backslash that ends its line.
    private var continuation: Int? {
        var ahead = 1
        while let byte = peek(ahead), byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { ahead += 1 }
        if peek(ahead) == UInt8(ascii: "\r") { ahead += 1 }
        return peek(ahead) == UInt8(ascii: "\n") ? ahead + 1 : peek(ahead) == nil ? ahead : nil
    }

    private var isAtSpace: Bool { offset == 0 || isSpace(source.utf8[offset - 1]) }

    private mutating func skipComment() {
        while let byte = peek(), byte != UInt8(ascii: "\n") { offset += 1 }
    }

    // MARK: Runs

    private var isPathStart: Bool {
        guard let byte = peek() else { return false }
        let next = peek(1)
        switch byte {
        case UInt8(ascii: "/"): return next != nil && !isSpace(next) && !endsElement(next ?? 0)
        case UInt8(ascii: "~"): return next == UInt8(ascii: "/")
        case UInt8(ascii: "."):
            let third = peek(2)
            if next == UInt8(ascii: ".") { return third == UInt8(ascii: "/") || endsRun(third) }
            return next == UInt8(ascii: "/") || endsRun(next)
        default: return false
        }
    }

    private func endsRun(_ byte: UInt8?) -> Bool { byte.map { isSpace($0) || endsElement($0) } ?? true }

    /// Takes everything up to where such a token ends.
    private mutating func run(_ kind: Token.Kind, from start: Int? = nil) -> Token {
        let start = start ?? offset
        while let byte = peek(), !isSpace(byte), !endsElement(byte) { offset += 1 }
        return token(kind, from: start)
    }

    /// In lists and pairs a comma or a closing bracket ends a URI or path; `;` and `}` end them everywhere.
    private func endsElement(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ";"), UInt8(ascii: "}"): true
        case UInt8(ascii: ","): !open.isEmpty || isBehindAssignment
        case UInt8(ascii: ")"), UInt8(ascii: "]"): !open.isEmpty
        default: false
        }
    }

    private mutating func number() -> Token {
        let start = offset
        offset += 1
        while let byte = peek(), isNumberByte(byte) || isExponentSign(byte) { offset += 1 }
        return token(NumberText.kind(source.text(start..<offset)), from: start)
    }

    private func isExponentSign(_ byte: UInt8) -> Bool {
        guard byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+"), isDigit(peek(1)) else { return false }
        return source.utf8[offset - 1] | 0x20 == UInt8(ascii: "e")
    }

    private mutating func word() throws(Diagnostic) -> Token {
        let start = offset
        while isWordByte(peek()) { offset += 1 }
        if peek() == UInt8(ascii: ":"), peek(1) == UInt8(ascii: "/"), peek(2) == UInt8(ascii: "/") {
            return run(.uri, from: start)
        }
        if peek() == UInt8(ascii: "+"), isURI { return run(.uri, from: start) }
        if peek() == UInt8(ascii: ":") { return try reference(connection: start..<offset) }
        return token(.word, from: start)
    }

    /// Whether `+http://` follows.
    private var isURI: Bool {
        var ahead = 1
        while isWordByte(peek(ahead)) { ahead += 1 }
        return peek(ahead) == UInt8(ascii: ":") && peek(ahead + 1) == UInt8(ascii: "/")
            && peek(ahead + 2) == UInt8(ascii: "/")
    }

    private mutating func reference(connection: Range<Int>) throws(Diagnostic) -> Token {
        offset = connection.upperBound + 1
        let name = source.text(connection)
        switch peek() {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            let quoted = try peek() == UInt8(ascii: "'") ? rawString() : interpolatedString()
            guard case .string(let parts) = quoted.kind else { return quoted }
            return token(.reference(connection: name, name: parts), from: connection.lowerBound)
        case UInt8(ascii: "$"):
            throw Diagnostic(
                "E0105", "a variable inside a name", at: span(connection.lowerBound..<offset + 1),
                label: "write the whole in quotes", help: ["\"\(name):${…}\""])
        default:
            let start = offset
            while isNameByte(peek()) { offset += 1 }
            let parts = start == offset ? [] : [StringPart.text(source.text(start..<offset))]
            return token(.reference(connection: name, name: parts), from: connection.lowerBound)
        }
    }

    private mutating func variable() throws(Diagnostic) -> Token {
        let start = offset
        let name = try variableName()
        return token(.variable(name), from: start)
    }

    private mutating func symbol() throws(Diagnostic) -> Token {
        let start = offset
        guard let symbol = Symbol.allCases.first(where: { starts(with: $0.rawValue) }) else {
            let next = source.text(start..<min(end, start + 64)).first
            advance(next.map { String($0).utf8.count } ?? 1)
            throw Diagnostic(
                "E0103", "nothing begins with '\(source.text(start..<offset))'", at: span(start..<offset),
                help: ["put text in quotes"])
        }
        offset += symbol.rawValue.utf8.count
        switch symbol {
        case .openParenthesis, .openBracket: open.append(start)
        case .closeParenthesis, .closeBracket: _ = open.popLast()
        default: break
        }
        return token(.symbol(symbol), from: start)
    }

    // MARK: Bytes

    func peek(_ ahead: Int = 0) -> UInt8? { offset + ahead < end ? source.utf8[offset + ahead] : nil }

    mutating func advance(_ count: Int = 1) { offset = min(end, offset + count) }

    func starts(with text: String) -> Bool { source.utf8[offset..<end].starts(with: text.utf8) }

    func span(_ range: Range<Int>) -> Span { Span(source, range.lowerBound..<min(range.upperBound, end)) }

    func token(_ kind: Token.Kind, from start: Int) -> Token { Token(kind, span(start..<offset)) }

    private func isAssignment(_ range: Range<Int>) -> Bool { range.count == 1 && source.utf8[range.lowerBound] == 0x3D }
}

func isSpace(_ byte: UInt8?) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

func isDigit(_ byte: UInt8?) -> Bool { byte.map { (0x30...0x39).contains($0) } ?? false }

func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "_") }

/// Letters of every script may be in names.
func isWordStart(_ byte: UInt8) -> Bool { isLetter(byte) || byte >= 0x80 }

func isWordByte(_ byte: UInt8?) -> Bool {
    guard let byte else { return false }
    return isWordStart(byte) || isDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
}

/// What the name in a reference may hold, beside letters.
func isNameByte(_ byte: UInt8?) -> Bool {
    guard let byte else { return false }
    return isWordByte(byte) || [0x2A, 0x3F, 0x2F, 0x3C, 0x3E].contains(byte)
}

private func isNumberByte(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "%")
}
