/// The reference as files: a page of Markdown for each command, and the manual page for `man`.
package struct Manual: Sendable {
    private let grammar: Grammar
    private let help: Help

    package init(_ grammar: Grammar) {
        self.grammar = grammar
        help = Help(grammar)
    }

    // MARK: Markdown

    package func page(_ signature: Signature) -> String {
        let own = signature.ownClauses
        var parts = ["# \(signature.name)", "\(signature.summary).", "```text\n\(help.shortUsage(signature))\n```"]
        if !signature.details.isEmpty { parts.append(signature.details) }
        parts.append(list("Operands", signature.form.slots.map { ($0.placeholder, $0.summary) }))
        parts.append(list("Clauses, in any order", own.map { ($0.usage, $0.summary) }))
        parts.append(list("Options", signature.slots.flatMap(\.choices).map { ($0.word, $0.summary) }))
        if !signature.examples.isEmpty {
            parts.append("## Examples")
            parts += signature.examples.map { "\($0.meaning)\n\n```text\n\($0.line)\n```" }
        }
        return parts.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
    }

    /// The list of all pages.
    package var index: String {
        let groups = Signature.Group.allCases.compactMap { group -> String? in
            let members = grammar.signatures.filter { $0.group == group }.map {
                "- [`\($0.name)`](\($0.name).md): \($0.summary)"
            }
            return members.isEmpty ? nil : "## \(group.rawValue)\n\n" + members.joined(separator: "\n")
        }
        let note = "Made from the program's own declarations by `scripts/generate`."
        return (["# Commands", note] + groups).joined(separator: "\n\n") + "\n"
    }

    private func list(_ title: String, _ rows: [(String, String)]) -> String {
        let rows = rows.filter { !$0.1.isEmpty }
        guard !rows.isEmpty else { return "" }
        return "## \(title)\n\n" + rows.map { "- `\($0.0)`: \($0.1)" }.joined(separator: "\n")
    }

    // MARK: man

    /// The page in the form that `man` reads; `flags` are the program's own.
    package func roff(version: String, flags: [(usage: String, summary: String)], exits: [(Int, String)]) -> String {
        var lines = [
            ".TH VECSH 1 \"\" \"vecsh \(version)\" \"User Commands\"", ".SH NAME",
            "vecsh \\- a shell for vector databases", ".SH SYNOPSIS", ".B vecsh",
            "[\\fIoptions\\fR] [\\fIFILE.vsh\\fR | \\fIFILE.md\\fR]", ".SH DESCRIPTION",
            "Without a file, and without \\fB\\-c\\fR or \\fB\\-f\\fR, vecsh is a prompt; it runs the same language from",
            "script files, from the fenced vecsh blocks of Markdown runbooks and from standard input.",
            "Scripts are checked whole before anything runs, and stop at the first error.", ".SH OPTIONS",
        ]
        lines += flags.flatMap { item($0.usage, $0.summary) }
        lines.append(".SH COMMANDS")
        for signature in grammar.signatures {
            lines += item(help.shortUsage(signature), signature.summary + ".")
            for example in signature.examples { lines += [".br", "Example: \\fB\(escaped(example.line))\\fR"] }
        }
        lines.append(".SH CONTROL")
        lines += (Grammar.control + Grammar.prefixes).flatMap { item($0.usage, $0.summary + ".") }
        lines += [".SH BEHIND ANY COMMAND"] + grammar.universal.flatMap { item($0.usage, $0.summary + ".") }
        lines += [".SH FUNCTIONS"] + grammar.functions.flatMap { item($0.usage, $0.summary + ".") }
        lines += [".SH FILES"] + Manual.files.flatMap { item($0.name, $0.meaning) }
        lines += [".SH ENVIRONMENT"] + Manual.environment.flatMap { item($0.name, $0.meaning) }
        lines += [".SH EXIT STATUS"] + exits.flatMap { item(String($0.0), $0.1 + ".") }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let files: [(name: String, meaning: String)] = [
        ("$XDG_CONFIG_HOME/vecsh/vecshrc", "Statements that run before the prompt; ~/.config without the variable."),
        ("$XDG_CONFIG_HOME/vecsh/profiles.json", "Connections by name, for --profile."),
        (
            "$XDG_STATE_HOME/vecsh/history.jsonl",
            "What was typed, without secrets; ~/.local/state without the variable."
        ),
    ]

    private static let environment: [(name: String, meaning: String)] = [
        ("VECSH_HOME", "Where state is kept, in place of $XDG_STATE_HOME/vecsh."),
        ("VECSH_HISTORY", "The history file, in place of history.jsonl there."),
        ("PAGER", "What shows results that do not fit the terminal."),
        ("VISUAL, EDITOR", "What edit opens."),
        ("NO_COLOR", "No colour, whatever it is set to."),
    ]

    private func item(_ term: String, _ text: String) -> [String] {
        [".TP", ".B \(escaped(term))", escaped(text)]
    }

    private func escaped(_ text: String) -> String {
        let plain = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
        return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + plain : plain
    }
}
