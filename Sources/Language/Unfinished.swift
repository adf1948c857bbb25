/// Whether a statement that is being typed goes on in the next line.
package enum Unfinished {
    /// What is still open, as the prompt shows it: `{`, `(`, `[`, `'''`, `\`; nil for a statement that is whole.
    package static func reason(_ text: String) -> String? {
        if endsInBackslash(text) { return "\\" }
        var lexer = Lexer(Source(name: "", text: text))
        var open: [Symbol] = []
        while true {
            do throws(Diagnostic) {
                let token = try lexer.next()
                switch token.kind {
                case .end: return open.last?.rawValue
                case .symbol(.openBrace), .symbol(.openBracket), .symbol(.openParenthesis):
                    if case .symbol(let symbol) = token.kind { open.append(symbol) }
                case .symbol(.closeBrace), .symbol(.closeBracket), .symbol(.closeParenthesis): _ = open.popLast()
                default: break
                }
            } catch {
                return error.code == "E0102" ? "'''" : nil
            }
        }
    }

    private static func endsInBackslash(_ text: String) -> Bool {
        let line = text.split(separator: "\n", omittingEmptySubsequences: false).last.map(String.init)?.trimmed ?? ""
        return line.last == "\\"
    }
}
