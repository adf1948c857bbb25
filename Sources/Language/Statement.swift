/// One statement, and where it stands.
package struct Statement: Sendable {
    package var kind: Kind
    package var span: Span

    package indirect enum Kind: Sendable {
        case command(ParsedCall)
        case assign(name: Located<String>, value: Expression, isFallback: Bool)
        case check(Expression, message: Expression?)
        case branch([Branch], otherwise: [Statement]?)
        case loop(name: Located<String>, over: Expression, body: [Statement])
        case step(title: Expression, body: [Statement], isHeading: Bool)
        /// Runs the block while the place is held.
        case lock(Expression, timeout: Expression?, body: [Statement])
        case onError(ErrorPolicy)
        case always([Statement])
    }

    package init(_ kind: Kind, _ span: Span) {
        self.kind = kind
        self.span = span
    }
}

package struct Branch: Sendable {
    package var condition: Expression
    package var body: [Statement]
}

package enum ErrorPolicy: Sendable {
    case stop, resume
    case handle([Statement])
}

/// What stands before a command and changes how it runs.
package enum Prefix: Sendable {
    case plan, time
    case watch(Expression)
}

/// A command whose words have been read; its values are found when it runs.
package struct ParsedCall: Sendable {
    package var signature: Signature
    package var prefixes: [Prefix] = []
    /// By the slot's name.
    package var arguments: [String: Argument] = [:]
    /// By keyword, where each stands.
    package var clauses: [String: Span] = [:]
    /// The whole command.
    package var span: Span
    package var verb: Span

    package enum Argument: Sendable {
        case expression(Expression)
        case list([Expression])
        case pairs([Pair])
        case definitions([Definition])
    }

    package struct Pair: Sendable {
        package var name: Located<String>
        package var value: Expression
    }

    /// One field of `create … fields (…)`.
    package struct Definition: Sendable {
        package var name: Located<String>
        package var type: Located<String>
        package var isKey = false
        package var isInvented = false
        package var isNullable = false
        package var metric: Located<String>?

        package init(name: Located<String>, type: Located<String>, metric: Located<String>? = nil) {
            self.name = name
            self.type = type
            self.metric = metric
        }
    }

    package func has(_ keyword: String) -> Bool { clauses[keyword] != nil }

    /// The names that its patterns capture, `q:<project>-docs`: variables for the rest of the call.
    var captures: [String] {
        arguments.values.flatMap(\.expressions).flatMap { expression -> [String] in
            guard case .literal(.reference(let reference)) = expression.kind else { return [] }
            return (reference.name ?? "").split(separator: "<", omittingEmptySubsequences: false).dropFirst().compactMap
            { part in
                part.firstIndex(of: ">").map { String(part[..<$0]) }
            }
        }
    }

    /// The usage of the verb's own clauses that have not been written.
    var openClauses: [String] { signature.ownClauses.filter { !has($0.keyword) }.map { "[\($0.usage)]" } }

    /// The literal word in a slot, as far as it can be known without running.
    package func word(in slot: String) -> String? {
        if case .expression(let expression)? = arguments[slot] { expression.word?.lowercased() } else { nil }
    }
}

extension ParsedCall.Argument {
    package var expressions: [Expression] {
        switch self {
        case .expression(let expression): [expression]
        case .list(let expressions): expressions
        case .pairs(let pairs): pairs.map(\.value)
        case .definitions: []
        }
    }

    package var span: Span? {
        switch self {
        case .expression(let expression): expression.span
        case .list(let expressions): expressions.first?.span.through(expressions[expressions.count - 1].span)
        case .pairs(let pairs): pairs.first?.name.span.through(pairs[pairs.count - 1].value.span)
        case .definitions(let definitions): definitions.first?.name.span
        }
    }
}

/// A text that has been read to its end.
package struct Script: Sendable {
    package var statements: [Statement]
    package var problems: [Diagnostic]

    package init(statements: [Statement] = [], problems: [Diagnostic] = []) {
        self.statements = statements
        self.problems = problems
    }
}
