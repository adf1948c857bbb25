import Language
import Model

extension Session {
    /// What an expression stands for now.
    func value(of expression: Expression) async throws -> Value {
        switch expression.kind {
        case .literal(let value): return value
        case .variable(let name): return try variable(Located(name, at: expression.span))
        case .template(let parts): return .text(try text(parts))
        case .reference(let connection, let name):
            return .reference(Reference(connection: connection.isEmpty ? nil : connection, name: try text(name)))
        case .list(let elements): return .list(try await values(of: elements))
        case .not(let inner): return .bool(!(try await truth(of: inner)))
        case .binary(.and, let a, let b):
            guard try await truth(of: a) else { return .bool(false) }
            return .bool(try await truth(of: b))
        case .binary(.or, let a, let b):
            if try await truth(of: a) { return .bool(true) }
            return .bool(try await truth(of: b))
        case .binary(let operation, let a, let b):
            return try combine(operation, try await value(of: a), try await value(of: b), expression)
        case .call(let name, let arguments): return try await call(name, arguments, expression.span)
        }
    }

    func truth(of expression: Expression) async throws -> Bool {
        let value = try await value(of: expression)
        guard let truth = value.truth else {
            throw Failure("E0313", "\(value.noun) is neither true nor false", at: expression.span)
        }
        return truth
    }

    private func values(of expressions: [Expression]) async throws -> [Value] {
        var values: [Value] = []
        for expression in expressions { values.append(try await value(of: expression)) }
        return values
    }

    private func combine(_ operation: Operator, _ a: Value, _ b: Value, _ whole: Expression) throws -> Value {
        guard let result = operation(a, b) else {
            if operation == .divide, b.number == 0 { throw Failure("E0320", "division by zero", at: whole.span) }
            let why =
                a.number != nil && b.number != nil
                ? "the result is no number, or none that fits 64 bits"
                : "'\(operation.rawValue)' does not go with \(a.noun) and \(b.noun)"
            throw Failure("E0314", why, at: whole.span)
        }
        return result
    }

    private func call(_ name: String, _ arguments: [Expression], _ span: Span) async throws -> Value {
        guard let function = BuiltIn.all.first(where: { $0.function.name == name }) else {
            throw Failure("E0206", "unknown function '\(name)'", at: span)
        }
        var given: [Located<Value>] = []
        for argument in arguments { given.append(Located(try await value(of: argument), at: argument.span)) }
        return try await function.run(given, span, self)
    }

    // MARK: Text

    func text(_ parts: [StringPart]) throws -> String {
        try parts.map { part in
            switch part {
            case .text(let text): text
            case .variable(let name, let span): try variable(Located(name, at: span)).description
            }
        }.joined()
    }

    private func variable(_ name: Located<String>) throws -> Value {
        if name.value.hasPrefix("env.") {
            return .text(try environment(Located(String(name.value.dropFirst(4)), at: name.span)))
        }
        guard let value = variables[name.value] else {
            throw Failure(Check.undefined(name, known: definedNames))
        }
        return value
    }

    /// An environment variable that must be set; an empty one is set.
    func environment(_ name: Located<String>) throws -> String {
        guard let text = invocation.environment[name.value] else {
            throw Failure(Check.unset(name.value, at: name.span), .usage)
        }
        if Secrets.isSecret(name: name.value) { secrets.add(text) }
        return text
    }

    // MARK: Conditions

    /// A filter; whatever in it is no field is evaluated first.
    func filter(_ condition: Expression?) async throws -> Filter? {
        guard let condition else { return nil }
        return try FilterMaker.filter(await resolved(condition))
    }

    private func resolved(_ condition: Expression) async throws -> Expression {
        var result = condition
        switch condition.kind {
        case .not(let inner): result.kind = .not(try await resolved(inner))
        case .binary(let operation, let a, let b) where operation == .and || operation == .or:
            result.kind = .binary(operation, try await resolved(a), try await resolved(b))
        case .binary(let operation, let a, let b):
            result.kind = .binary(operation, try await field(a), try await operand(b))
        case .call(let name, let arguments) where name == "exists":
            result.kind = .call(name, [try await field(arguments[0])])
        case .call(let name, let arguments) where name == "native":
            result.kind = .call(name, [try await operand(arguments[0])])
        default: break
        }
        return result
    }

    /// A field's name; a variable may hold it.
    private func field(_ expression: Expression) async throws -> Expression {
        switch expression.kind {
        case .variable, .template:
            Expression(.literal(.word(try await value(of: expression).description)), expression.span)
        default: expression
        }
    }

    private func operand(_ expression: Expression) async throws -> Expression {
        if expression.word != nil { return expression }
        if case .list(let elements) = expression.kind {
            var resolved: [Expression] = []
            for element in elements { resolved.append(try await operand(element)) }
            return Expression(.list(resolved), expression.span)
        }
        return Expression(.literal(try await value(of: expression)), expression.span)
    }

    // MARK: Calls

    /// A command's call with its values found.
    func evaluated(_ parsed: ParsedCall) async throws -> Call {
        var given: [String: Given] = [:]
        for slot in parsed.signature.slots {
            guard let argument = parsed.arguments[slot.name] else { continue }
            given[slot.name] = try await evaluated(argument, of: slot)
        }
        return Call(parsed, given: given)
    }

    private func evaluated(_ argument: ParsedCall.Argument, of slot: Slot) async throws -> Given {
        switch argument {
        case .definitions(let definitions): return .definitions(definitions)
        case .list(let elements):
            var values: [Located<Value>] = []
            for element in elements { values.append(Located(try await value(of: element), at: element.span)) }
            return .list(values)
        case .pairs(let pairs):
            if case .assignments = slot.kind { return .assignments(pairs) }
            var values: [(name: Located<String>, value: Located<Value>)] = []
            for pair in pairs {
                values.append((pair.name, Located(try await value(of: pair.value), at: pair.value.span)))
            }
            return .pairs(values)
        case .expression(let expression):
            switch slot.kind {
            case .expression, .filter: return .expression(expression)
            case .shell: return .value(Located(.text(try await shellText(expression)), at: expression.span))
            default: return .value(Located(try await value(of: expression), at: expression.span))
            }
        }
    }

    /// A shell command; what variables put into it is quoted, so that a value is never a second command.
    private func shellText(_ expression: Expression) async throws -> String {
        guard case .template(let parts) = expression.kind else { return try await value(of: expression).description }
        return try parts.map { part in
            switch part {
            case .text(let text): text
            case .variable(let name, let span):
                quotedForShell(try variable(Located(name, at: span)).description)
            }
        }.joined()
    }
}

private func quotedForShell(_ text: String) -> String {
    let isPlain =
        !text.isEmpty
        && text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || "_-./:@%+,".utf8.contains(byte)
        }
    return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
}
