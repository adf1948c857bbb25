/// What `help` and the manual say, made from the grammar.
package struct Help: Sendable {
    private let grammar: Grammar

    package init(_ grammar: Grammar) { self.grammar = grammar }

    /// All commands, by group, one line each.
    package var overview: String {
        let groups = Signature.Group.allCases.compactMap { group -> String? in
            let members = grammar.signatures.filter { $0.group == group }
            return members.isEmpty ? nil : section(group.rawValue, members.map { ($0.name, $0.summary) })
        }
        let control = section("Control", Grammar.control.map { ($0.word, $0.summary) })
        let prefixes = section("Before any command", Grammar.prefixes.map { ($0.word, $0.summary) })
        let after = section("Behind any command", grammar.universal.map { ($0.usage, $0.summary) })
        return
            (groups + [
                control, prefixes, after,
                "`help COMMAND` says more, `help functions` lists the functions,"
                    + " `help stores` the databases.",
            ]).joined(separator: "\n\n")
    }

    /// One command, control word, prefix or topic; nil if there is none of this name.
    package func topic(_ name: String) -> String? {
        let name = name.lowercased()
        if let signature = grammar.signature(name) { return command(signature) }
        if name == "functions" {
            return section("Functions", grammar.functions.map { ($0.usage, $0.summary) })
        }
        let others = Grammar.control + Grammar.prefixes
        if let other = others.first(where: { $0.word == name }) { return "\(other.summary).\n\n  \(other.usage)" }
        return grammar.universal.first { $0.keyword == name }.map { "\($0.summary).\n\n  … \($0.usage)" }
    }

    package var topicNames: [String] {
        grammar.signatures.map(\.name) + (Grammar.control + Grammar.prefixes).map(\.word)
            + grammar.universal.map(\.keyword) + ["functions", "stores"]
    }

    private func command(_ signature: Signature) -> String {
        let own = signature.ownClauses
        var parts = ["\(signature.summary).", "  " + shortUsage(signature)]
        if !signature.details.isEmpty { parts.append(signature.details) }
        let slots = signature.form.slots.filter { !$0.summary.isEmpty }
        if !slots.isEmpty { parts.append(section("Operands", slots.map { ($0.placeholder, $0.summary) })) }
        if !own.isEmpty { parts.append(section("Clauses, in any order", own.map { ($0.usage, $0.summary) })) }
        let options = signature.slots.flatMap(\.choices)
        if !options.isEmpty { parts.append(section("Options", options.map { ($0.word, $0.summary) })) }
        if !signature.examples.isEmpty {
            let lines = signature.examples.map { "  \($0.line)\n      \($0.meaning)" }
            parts.append("Examples:\n" + lines.joined(separator: "\n"))
        }
        return parts.joined(separator: "\n\n")
    }

    /// Without the clauses that every command takes.
    package func shortUsage(_ signature: Signature) -> String {
        var own = signature
        own.clauses = Array(signature.ownClauses)
        return own.usage
    }

    private func section(_ title: String, _ rows: [(String, String)]) -> String {
        let width = min(34, rows.map { $0.0.count }.max() ?? 0)
        let lines = rows.map { name, text in
            name.count > width
                ? "  \(name)\n  \(String(repeating: " ", count: width))  \(text)"
                : "  \(name)\(String(repeating: " ", count: width - name.count))  \(text)"
        }
        return ([title + ":"] + lines).joined(separator: "\n")
    }
}

extension Slot {
    /// The options or words that it declares, where they carry a meaning.
    var choices: [Choice] {
        if case .options(let choices) = kind { choices } else { [] }
    }
}
