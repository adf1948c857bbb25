extension Lexer {
    /// `'raw'` with `''` for a quote, or `'''raw, many lines'''`.
    mutating func rawString() throws(Diagnostic) -> Token {
        let start = offset
        if starts(with: "'''") { return try longString() }
        advance()
        var text: [UInt8] = []
        while let byte = peek(), byte != UInt8(ascii: "\n") {
            advance()
            guard byte == UInt8(ascii: "'") else {
                text.append(byte)
                continue
            }
            guard peek() == UInt8(ascii: "'") else { return token(.string(parts(text)), from: start) }
            text.append(byte)
            advance()
        }
        throw unterminated(start..<start + 1)
    }

    private mutating func longString() throws(Diagnostic) -> Token {
        let start = offset
        advance(3)
        var from = offset
        // A line break right behind the opening is layout, not text.
        if peek() == UInt8(ascii: "\n") { from += 1 }
        while offset < end {
            if starts(with: "'''") {
                let text = source.text(from..<max(from, offset))
                advance(3)
                return token(.string(text.isEmpty ? [] : [.text(text)]), from: start)
            }
            advance()
        }
        throw Diagnostic(
            "E0102", "unterminated string", at: span(start..<start + 3), label: "opened here",
            help: ["close it with '''"])
    }

    /// `"with ${var} and \n"`.
    mutating func interpolatedString() throws(Diagnostic) -> Token {
        let start = offset
        advance()
        var parts: [StringPart] = []
        var text: [UInt8] = []
        while let byte = peek(), byte != UInt8(ascii: "\n") {
            switch byte {
            case UInt8(ascii: "\""):
                advance()
                parts += self.parts(text)
                return token(.string(parts), from: start)
            case UInt8(ascii: "\\"): text += try escape()
            case UInt8(ascii: "$") where isVariableStart:
                parts += self.parts(text)
                text = []
                let from = offset
                let name = try variableName()
                parts.append(.variable(name, span(from..<offset)))
            default:
                text.append(byte)
                advance()
            }
        }
        throw unterminated(start..<start + 1)
    }

    /// `$name`, `${name}`, `${env.NAME}`; leaves the offset behind it.
    mutating func variableName() throws(Diagnostic) -> String {
        let start = offset
        advance()
        let isBraced = peek() == UInt8(ascii: "{")
        if isBraced { advance() }
        let from = offset
        takeName()
        // Only these two have members; elsewhere a dot ends the name, so that "$name." is a sentence.
        let base = source.text(from..<offset)
        if base == "env" || base == "error", peek() == UInt8(ascii: "."), peek(1).map(isLetter) == true {
            advance()
            takeName()
        }
        let name = source.text(from..<offset)
        guard !name.isEmpty, !isBraced || peek() == UInt8(ascii: "}") else {
            throw Diagnostic(
                "E0106", "a '$' without a variable", at: span(start..<max(offset, start + 1)),
                label: isBraced ? "expected a name and '}'" : "expected a name",
                help: ["write '$' as \"\\$\" or in '…'"])
        }
        if isBraced { advance() }
        return name
    }

    private mutating func takeName() {
        guard let first = peek(), isLetter(first) else { return }
        while let byte = peek(), isLetter(byte) || isDigit(byte) { advance() }
    }

    private var isVariableStart: Bool {
        guard let next = peek(1) else { return false }
        return isLetter(next) || next == UInt8(ascii: "{")
    }

    private mutating func escape() throws(Diagnostic) -> [UInt8] {
        let start = offset
        guard let escaped = peek(1), escaped != UInt8(ascii: "\n") else {
            advance()
            return []
        }
        advance(2)
        switch escaped {
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "0"): return [0x00]
        case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "$"), UInt8(ascii: "'"):
            return [escaped]
        case UInt8(ascii: "u"):
            if let scalar = scalarEscape() { return Array(String(Character(scalar)).utf8) }
        default: break
        }
        throw Diagnostic(
            "E0107", "unknown escape", at: span(start..<max(offset, start + 2)),
            help: [#"known are \n \t \r \0 \\ \" \$ \u{1F600}; in '…' a backslash is itself"#])
    }

    /// The rest of `\u{1F600}`.
    private mutating func scalarEscape() -> Unicode.Scalar? {
        guard peek() == UInt8(ascii: "{") else { return nil }
        advance()
        let from = offset
        while let byte = peek(), isDigit(byte) || isLetter(byte) { advance() }
        let digits = source.text(from..<offset)
        guard peek() == UInt8(ascii: "}") else { return nil }
        advance()
        return UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init)
    }

    private func parts(_ text: [UInt8]) -> [StringPart] {
        text.isEmpty ? [] : [.text(String(decoding: text, as: UTF8.self))]
    }

    private func unterminated(_ range: Range<Int>) -> Diagnostic {
        Diagnostic(
            "E0101", "unterminated string", at: span(range), label: "opened here",
            help: ["close it before the end of the line, or use '''...''' for several lines"])
    }
}
