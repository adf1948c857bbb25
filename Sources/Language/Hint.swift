/// What comes next in a line, in a few words.
package enum Hint {
    /// Empty where there is nothing to say.
    package static func text(_ line: String, at cursor: Int, _ grammar: Grammar) -> String {
        let source = Source(name: "", text: line)
        guard cursor == source.utf8.count, !line.trimmed.isEmpty else { return "" }
        let isBehindSpace = isSpace(source.utf8.last)
        var parser = Parser(source, nil, grammar)
        let statements = parser.statements(until: nil)
        if let problem = parser.problems.first, !problem.isUnfinished {
            if problem.isBeforeLastWord(of: source) || isBehindSpace { return problem.brief }
        }
        if !parser.remaining.isEmpty { return parser.remaining.joined(separator: " ") }
        return openClauses(statements, isBehindSpace)
    }

    private static func openClauses(_ statements: [Statement], _ isBehindSpace: Bool) -> String {
        guard case .command(let call)? = statements.last?.kind, isBehindSpace else { return "" }
        return call.openClauses.joined(separator: " ")
    }
}

extension Diagnostic {
    /// Whether it only says that there is more to write.
    fileprivate var isUnfinished: Bool {
        ["E0101", "E0102", "E0106", "E0207"].contains(code) || span?.range.isEmpty != false
    }

    fileprivate func isBeforeLastWord(of source: Source) -> Bool {
        guard let range = span?.range else { return false }
        return range.upperBound < source.utf8.count
    }

    fileprivate var brief: String { help.first.map { "\(message): \($0)" } ?? message }
}
