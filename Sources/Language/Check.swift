/// What can be known of a script before any of it runs.
package struct Check: Sendable {
    package var problems: [Diagnostic] = []
    /// Commands that destroy something, and whether they say `yes`.
    package var destructive: [(call: ParsedCall, isConfirmed: Bool)] = []
    private var defined: Set<String>
    private let environment: [String: String]

    /// `defined` are the variables that the command line gives.
    package init(_ script: Script, defined: Set<String>, environment: [String: String]) {
        self.defined = defined
        self.environment = environment
        problems = script.problems
        visit(script.statements)
    }

    private mutating func visit(_ statements: [Statement]) {
        for statement in statements { visit(statement) }
    }

    private mutating func visit(_ statement: Statement) {
        switch statement.kind {
        case .command(let call): visit(call)
        case .assign(let name, let value, _):
            visit(value)
            defined.insert(name.value)
        case .check(let condition, let message): ([condition] + [message].compactMap(\.self)).forEach { visit($0) }
        case .branch(let branches, let otherwise):
            for branch in branches {
                visit(branch.condition)
                visit(branch.body)
            }
            visit(otherwise ?? [])
        case .loop(let name, let list, let body):
            visit(list)
            defined.insert(name.value)
            visit(body)
        case .step(let title, let body, _):
            visit(title)
            visit(body)
        case .onError(.handle(let body)): visitHandler(body)
        case .onError(.stop), .onError(.resume): break
        case .always(let body): visit(body)
        }
    }

    private mutating func visitHandler(_ body: [Statement]) {
        let before = defined
        defined.formUnion(["error.code", "error.message", "error.line"])
        visit(body)
        defined = before
    }

    private mutating func visit(_ call: ParsedCall) {
        for argument in call.arguments.values { argument.expressions.forEach { visit($0) } }
        if call.signature.destroys(call) { destructive.append((call, call.has("yes"))) }
        if call.signature.name == "include" { hasInclude = true }
    }

    /// What an included file defines is not known here.
    private var hasInclude = false

    private mutating func visit(_ expression: Expression) {
        for variable in expression.variables { visit(variable) }
        for part in expression.parts {
            guard case .call("env", let arguments) = part.kind, arguments.count == 1,
                let name = arguments[0].word ?? arguments[0].literalText, environment[name] == nil
            else { continue }
            problems.append(Check.unset(name, at: part.span))
        }
    }

    private mutating func visit(_ variable: Located<String>) {
        if variable.value.hasPrefix("env.") {
            let name = String(variable.value.dropFirst(4))
            if environment[name] == nil { problems.append(Check.unset(name, at: variable.span)) }
        } else if !defined.contains(variable.value), !hasInclude {
            problems.append(Check.undefined(variable, known: defined))
        }
    }

    package static func unset(_ name: String, at span: Span) -> Diagnostic {
        Diagnostic(
            "E0309", "environment variable \(name) is not set", at: span,
            help: ["set it, even to nothing, or give a default: env(\(name), '…')"])
    }

    package static func undefined(_ variable: Located<String>, known: Set<String>) -> Diagnostic {
        let suggestion = Suggestion.nearest(to: variable.value, in: known.sorted())
        return Diagnostic(
            "E0308", "undefined variable '\(variable.value)'", at: variable.span,
            help: [
                suggestion.map { "did you mean '\($0)'?" }
                    ?? "define it with `let \(variable.value) = …`, or with -v \(variable.value)=… when calling"
            ])
    }
}

extension Expression {
    fileprivate var literalText: String? { if case .literal(.text(let text)) = kind { text } else { nil } }
}
