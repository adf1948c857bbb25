/// What can be known of a script before any of it runs.
package struct Check: Sendable {
    package var problems: [Diagnostic] = []
    /// Commands that destroy something, and whether they say `yes`.
    package var destructive: [(call: ParsedCall, isConfirmed: Bool)] = []
    /// The titles of the steps, as far as they are known.
    package var steps: [String] = []
    private var defined: Set<String>
    private let environment: [String: String]

    /// `defined` are the variables that the command line gives.
    package init(_ script: Script, defined: Set<String>, environment: [String: String]) {
        self.defined = defined
        self.environment = environment
        visit(script.statements)
        problems = (script.problems + problems).inOrder
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
            if let text = title.literalText { steps.append(text) } else { hasUnknownSteps = true }
            visit(body)
        case .lock(let place, let limit, let body):
            ([place] + [limit].compactMap(\.self)).forEach { visit($0) }
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
        for case .watch(let interval) in call.prefixes { visit(interval) }
        let before = defined
        defer { defined = before }
        defined.formUnion(call.captures)
        for slot in call.signature.slots {
            guard let argument = call.arguments[slot.name] else { continue }
            switch slot.kind {
            case .environment: argument.expressions.forEach { checkSet($0) }
            case .filter: argument.expressions.forEach { checkFilter($0) }
            default: break
            }
            argument.expressions.forEach { visit($0) }
        }
        if call.signature.destroys(call) { destructive.append((call, call.has("yes"))) }
        if call.signature.name == "include" { hasInclude = true }
    }

    /// Whether a step of this title may be there: an included file, or a variable, may hold more than is known.
    package func mayHave(step title: String) -> Bool { hasInclude || hasUnknownSteps || steps.contains(title) }

    private var hasUnknownSteps = false

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

    /// An environment variable that a command takes by name.
    private mutating func checkSet(_ expression: Expression) {
        guard let name = expression.word ?? expression.literalText, environment[name] == nil else { return }
        problems.append(Check.unset(name, at: expression.span, help: "set it, even to nothing"))
    }

    private mutating func checkFilter(_ condition: Expression) {
        do throws(Diagnostic) { try FilterMaker.check(condition) } catch { problems.append(error) }
    }

    private mutating func visit(_ variable: Located<String>) {
        if variable.value.hasPrefix("env.") {
            let name = String(variable.value.dropFirst(4))
            if environment[name] == nil { problems.append(Check.unset(name, at: variable.span)) }
        } else if !defined.contains(variable.value), !hasInclude {
            problems.append(Check.undefined(variable, known: defined))
        }
    }

    package static func unset(_ name: String, at span: Span, help: String? = nil) -> Diagnostic {
        Diagnostic(
            "E0309", "environment variable \(name) is not set", at: span,
            help: [help ?? "set it, even to nothing, or give a default: env(\(name), '…')"])
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

extension [Diagnostic] {
    /// As their places follow each other; those of different sources stay as they are.
    fileprivate var inOrder: [Diagnostic] {
        var sources: [ObjectIdentifier: Int] = [:]
        for problem in self {
            if let span = problem.span, sources[ObjectIdentifier(span.source)] == nil {
                sources[ObjectIdentifier(span.source)] = sources.count
            }
        }
        return sorted { a, b in
            guard let a = a.span, let b = b.span else { return false }
            let (first, second) = (sources[ObjectIdentifier(a.source)] ?? 0, sources[ObjectIdentifier(b.source)] ?? 0)
            return (first, a.range.lowerBound) < (second, b.range.lowerBound)
        }
    }
}
