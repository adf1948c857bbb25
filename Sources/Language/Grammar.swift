/// Every command that there is; what the parser, the completer and the manual know of them.
package struct Grammar: Sendable {
    package let signatures: [Signature]
    /// What every command takes, beside its own clauses.
    package let universal: [Clause]
    package let functions: [Function]
    private let verbs: [String: Int]

    package init(_ signatures: [Signature], universal: [Clause], functions: [Function]) {
        self.signatures = signatures.map { signature in
            var whole = signature
            whole.clauses += universal
            return whole
        }
        self.universal = universal
        self.functions = functions
        var verbs: [String: Int] = [:]
        for (place, signature) in signatures.enumerated() {
            for name in [signature.name] + signature.aliases { verbs[name] = place }
        }
        self.verbs = verbs
    }

    package func signature(_ verb: String) -> Signature? { verbs[verb].map { signatures[$0] } }

    package var verbNames: [String] { verbs.keys.sorted() }

    /// The words that begin a statement and are no command, with what each means.
    package static let control: [(word: String, usage: String, summary: String)] = [
        ("let", "let <name> = <value>", "Give a name to a value; ?= keeps one that -v has given"),
        ("assert", "assert <condition> [else '<message>']", "Stop with exit code 4 unless the condition holds"),
        ("if", "if <condition> { … } [else { … }]", "Run one block or the other"),
        ("for", "for <name> in <list> { … }", "Run a block once for each element"),
        ("step", "step '<title>' { … }", "Name a part of the script, for progress, --step and --from-step"),
        ("lock", "lock <uri> [timeout <duration>] { … }", "Run a block that no one else runs at the same time"),
        ("on", "on error {stop | continue | { … }}", "Say what happens after an error, to the end of the block"),
        ("always", "always { … }", "Run a block when this one ends, however it ends"),
    ]

    /// The words of statements in which a brace begins a block.
    static let blockWords: Set<String> = ["if", "for", "step", "lock", "on", "always", "else"]

    package static let prefixes: [(word: String, usage: String, summary: String)] = [
        ("plan", "plan <command>", "Show what a command would do, and do nothing"),
        ("time", "time <command>", "Say how long a command took"),
        ("watch", "watch <duration> <command>", "Run a command again and again, until Ctrl-C"),
    ]
}

/// A function of the language; what it does is the evaluator's.
package struct Function: Sendable {
    package var name: String
    package var usage: String
    package var summary: String
    package var arity: ClosedRange<Int>
    /// What its arguments are, for completion.
    package var argument: Slot.Kind

    package init(
        _ name: String, _ usage: String, _ summary: String, arity: ClosedRange<Int> = 1...1, argument: Slot.Kind
    ) {
        self.name = name
        self.usage = usage
        self.summary = summary
        self.arity = arity
        self.argument = argument
    }
}
