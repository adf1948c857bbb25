import Model

/// Makes a ``Filter`` out of a condition whose variables and functions have been replaced by their values.
package enum FilterMaker {
    package static func filter(_ condition: Expression) throws(Diagnostic) -> Filter {
        switch condition.kind {
        case .not(let inner): return .not(of: try filter(inner))
        case .binary(.and, let a, let b): return .all(of: [try filter(a), try filter(b)])
        case .binary(.or, let a, let b): return .any(of: [try filter(a), try filter(b)])
        case .binary(.isIn, let a, let b): return .within(field: try field(a), values: try scalars(b))
        case .binary(.like, let a, let b): return .like(field: try field(a), pattern: try pattern(b))
        case .binary(let operation, let a, let b):
            guard let comparison = Filter.Comparison(rawValue: operation.rawValue) else { break }
            return .compare(field: try field(a), is: comparison, to: try scalar(b))
        case .call("exists", let arguments): return .exists(field: try field(arguments[0]))
        case .call("native", let arguments):
            if case .literal(let value) = arguments[0].kind { return .native(text: value.description) }
        default: break
        }
        throw Diagnostic(
            "E0301", "this is no condition on a record", at: condition.span,
            help: ["write a field, an operator and a value: page > 3 and file_id == 'a'"])
    }

    /// Finds what is wrong with a condition before its variables and functions are known.
    package static func check(_ condition: Expression) throws(Diagnostic) { _ = try filter(sketch(condition)) }

    /// The condition with something that fits in place of all that is found later.
    private static func sketch(_ condition: Expression) -> Expression {
        var result = condition
        switch condition.kind {
        case .not(let inner): result.kind = .not(sketch(inner))
        case .binary(let operation, let a, let b) where operation == .and || operation == .or:
            result.kind = .binary(operation, sketch(a), sketch(b))
        case .binary(let operation, let a, let b):
            let value = operation == .isIn ? Value.list([]) : .text("")
            result.kind = .binary(operation, known(a, .word("field")), known(b, value))
        case .call(let name, let arguments) where name == "exists" || name == "native":
            result.kind = .call(name, arguments.map { known($0, .word("field")) })
        default: break
        }
        return result
    }

    private static func known(_ operand: Expression, _ placeholder: Value) -> Expression {
        switch operand.kind {
        case .literal: operand
        case .list(let elements): Expression(.list(elements.map { known($0, .text("")) }), operand.span)
        case .binary where Arithmetic.value(operand) != nil: operand
        case .template, .reference, .variable, .call, .not, .binary:
            Expression(.literal(placeholder), operand.span)
        }
    }

    private static func field(_ expression: Expression) throws(Diagnostic) -> String {
        switch expression.kind {
        case .literal(.word(let name)): return name
        case .literal(.text(let name)): return name
        default:
            throw Diagnostic(
                "E0302", "the field stands on the left", at: expression.span, label: "expected a field's name")
        }
    }

    private static func scalar(_ expression: Expression) throws(Diagnostic) -> Scalar {
        if let word = expression.word {
            throw Diagnostic(
                "E0303", "a bare word on the right", at: expression.span, label: "text stands in quotes",
                help: ["write '\(word)'"])
        }
        if case .literal(let value) = expression.kind, let scalar = value.scalar { return scalar }
        if let value = Arithmetic.value(expression), let scalar = value.scalar { return scalar }
        throw Diagnostic("E0304", "nothing to compare a field with", at: expression.span, label: "expected a value")
    }

    private static func scalars(_ expression: Expression) throws(Diagnostic) -> [Scalar] {
        switch expression.kind {
        case .list(let elements):
            var scalars: [Scalar] = []
            for element in elements { scalars.append(try scalar(element)) }
            return scalars
        case .literal(.list(let values)):
            let scalars = values.compactMap { value in
                if case .word(let word) = value { Scalar.text(Text(word)) } else { value.scalar }
            }
            if scalars.count == values.count { return scalars }
        default: break
        }
        throw Diagnostic("E0305", "'in' takes a list", at: expression.span, label: "expected ['a', 'b']")
    }

    private static func pattern(_ expression: Expression) throws(Diagnostic) -> Text {
        guard case .text(let pattern) = try scalar(expression) else {
            throw Diagnostic("E0306", "'like' takes text", at: expression.span, label: "expected 'abc%'")
        }
        let inner = pattern.utf8.dropFirst().dropLast()
        guard !inner.contains(UInt8(ascii: "%")) else {
            throw Diagnostic(
                "E0307", "'%' stands at either end only", at: expression.span,
                help: ["combine two conditions: f like 'a%' and f like '%z'"])
        }
        return pattern
    }
}

/// Sums of values that are known.
package enum Arithmetic {
    package static func value(_ expression: Expression) -> Value? {
        switch expression.kind {
        case .literal(let value): value
        case .binary(let operation, let a, let b):
            value(a).flatMap { a in value(b).flatMap { operation(a, $0) } }
        default: nil
        }
    }
}
