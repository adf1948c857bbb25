import Language
import Model

/// A typed place in a command: declared once, it is parsed, completed, explained and read by its type.
package struct Parameter<Content: Sendable>: Sendable {
    let slot: Slot
    let read: @Sendable (Given) throws(Diagnostic) -> Content

    init(
        _ name: String, _ kind: Slot.Kind, _ summary: String,
        read: @escaping @Sendable (Given) throws(Diagnostic) -> Content
    ) {
        slot = Slot(name, kind, summary)
        self.read = read
    }

    var form: Form { .slot(slot) }
}

/// What was given for a slot, with its variables and functions replaced.
enum Given: Sendable {
    case value(Located<Value>)
    case list([Located<Value>])
    case pairs([(name: Located<String>, value: Located<Value>)])
    case definitions([ParsedCall.Definition])
    /// Values that may differ from one collection to the next, found for each.
    case assignments([ParsedCall.Pair])
    /// Found when the command asks for it.
    case expression(Expression)

    var span: Span? {
        switch self {
        case .value(let value): value.span
        case .list(let values): values.first.map { $0.span.through(values[values.count - 1].span) }
        case .pairs(let pairs): pairs.first.map { $0.name.span.through(pairs[pairs.count - 1].value.span) }
        case .definitions(let definitions): definitions.first?.name.span
        case .assignments(let pairs): pairs.first.map { $0.name.span.through(pairs[pairs.count - 1].value.span) }
        case .expression(let expression): expression.span
        }
    }

    /// The single value that was given.
    func single() throws(Diagnostic) -> Located<Value> {
        guard case .value(let value) = self else {
            throw Diagnostic("E0310", "one value is expected here", at: span)
        }
        return value
    }
}

extension Located<Value> {
    /// The value as something else; `noun` says what was expected.
    func reading<Content>(_ noun: String, _ convert: (Value) -> Content?) throws(Diagnostic) -> Content {
        guard let content = convert(value) else {
            throw Diagnostic("E0310", "\(value.noun) cannot stand here", at: span, label: "expected \(noun)")
        }
        return content
    }

    var name: String {
        get throws(Diagnostic) {
            try reading("a name") { value in
                switch value {
                case .word(let name), .text(let name): name.isEmpty ? nil : name
                default: nil
                }
            }
        }
    }
}

// MARK: Kinds

extension Parameter where Content == Located<Reference> {
    /// R: one collection.
    static func collection(_ name: String = "collection", _ summary: String) -> Parameter {
        Parameter(name, .collection, summary) { given throws(Diagnostic) in
            try Parameter.reference(given, bareWordIsCollection: true)
        }
    }

    /// T: a collection, a pattern, or a whole connection.
    static func target(_ name: String = "target", _ summary: String) -> Parameter {
        Parameter(name, .target, summary) { given throws(Diagnostic) in
            try Parameter.reference(given, bareWordIsCollection: false)
        }
    }

    private static func reference(
        _ given: Given, bareWordIsCollection: Bool
    ) throws(Diagnostic) -> Located<Reference> {
        try given.single().reference(bareWordIsCollection: bareWordIsCollection)
    }
}

extension Parameter where Content == [Located<Reference>] {
    /// Several of T.
    static func targets(_ name: String, _ summary: String) -> Parameter {
        Parameter(name, .list(.target), summary) { given throws(Diagnostic) in
            guard case .list(let values) = given else {
                return [try given.single().reference(bareWordIsCollection: false)]
            }
            var references: [Located<Reference>] = []
            for value in values { references.append(try value.reference(bareWordIsCollection: false)) }
            return references
        }
    }
}

extension Located<Value> {
    fileprivate func reference(bareWordIsCollection: Bool) throws(Diagnostic) -> Located<Reference> {
        let reference = try reading("conn:collection") { value -> Reference? in
            switch value {
            case .reference(let reference): reference
            case .word(let text), .text(let text):
                text.contains(":") || !bareWordIsCollection
                    ? Reference(text) : Reference(connection: nil, name: text)
            default: nil
            }
        }
        return Located<Reference>(reference, at: span)
    }
}

extension Parameter where Content == Located<String> {
    static func connection(_ name: String, _ summary: String) -> Parameter {
        named(name, kind: .connection, summary)
    }

    static func named(_ name: String, kind: Slot.Kind = .name, _ summary: String) -> Parameter {
        Parameter(name, kind, summary) { given throws(Diagnostic) in
            let value = try given.single()
            return Located(try value.name, at: value.span)
        }
    }

    static func text(_ name: String, kind: Slot.Kind = .text, _ summary: String) -> Parameter {
        Parameter(name, kind, summary) { given throws(Diagnostic) in
            let value = try given.single()
            return Located(value.value.description, at: value.span)
        }
    }

    static func path(_ name: String = "path", _ summary: String) -> Parameter { text(name, kind: .path, summary) }

    static func words(_ name: String, _ choices: [Slot.Choice], _ summary: String) -> Parameter {
        Parameter(name, .words(choices), summary) { given throws(Diagnostic) in
            let value = try given.single()
            let word = value.value.description.lowercased()
            guard choices.contains(where: { $0.word == word }) else {
                let known = choices.map(\.word).joined(separator: ", ")
                throw Diagnostic("E0311", "'\(word)' cannot stand here", at: value.span, label: "expected \(known)")
            }
            return Located(word, at: value.span)
        }
    }
}

extension Parameter where Content == Int {
    static func number(_ name: String, _ summary: String) -> Parameter {
        Parameter(name, .number, summary) { given throws(Diagnostic) in
            try given.single().reading("a whole number, 0 or more") { value in
                value.integer.flatMap { $0 >= 0 ? Int(exactly: $0) : nil }
            }
        }
    }
}

extension Quantity {
    fileprivate var duration: Duration? { kind == .duration && amount >= 0 ? .seconds(amount) : nil }
}

extension Parameter where Content == Duration {
    static func duration(_ name: String, _ summary: String) -> Parameter {
        Parameter(name, .quantity, summary) { given throws(Diagnostic) in
            try given.single().reading("a duration: 500ms, 30s, 5m, 2h") { value in
                switch value {
                case .quantity(let quantity): quantity.duration
                // As `-v wait=10m` gives it.
                case .text(let text): Quantity(text)?.duration
                case .integer, .number: value.number.flatMap { $0 >= 0 ? .seconds($0) : nil }
                default: nil
                }
            }
        }
    }
}

extension Parameter where Content == Expression {
    static func expression(_ name: String, kind: Slot.Kind = .expression, _ summary: String) -> Parameter {
        Parameter(name, kind, summary) { given throws(Diagnostic) in
            guard case .expression(let expression) = given else {
                throw Diagnostic("E0310", "an expression is expected here", at: given.span)
            }
            return expression
        }
    }
}

extension Parameter where Content == [Located<Value>] {
    static func list(_ name: String, of kind: Slot.Kind, _ summary: String) -> Parameter {
        Parameter(name, .list(kind), summary) { given throws(Diagnostic) in
            switch given {
            // A variable may hold the whole list.
            case .list(let values):
                values.flatMap { value in
                    value.value.elements?.map { Located($0, at: value.span) } ?? [value]
                }
            default: [try given.single()]
            }
        }
    }
}

extension Parameter where Content == Options {
    static func options(_ name: String = "with", _ choices: [Slot.Choice], _ summary: String) -> Parameter {
        Parameter(name, .options(choices), summary) { given throws(Diagnostic) in
            guard case .pairs(let pairs) = given else { return Options() }
            return Options(pairs)
        }
    }
}

extension Parameter where Content == [ParsedCall.Pair] {
    static func assignments(_ name: String, _ summary: String) -> Parameter {
        Parameter(name, .assignments, summary) { given throws(Diagnostic) in
            if case .assignments(let pairs) = given { pairs } else { [] }
        }
    }
}

extension Parameter where Content == [ParsedCall.Definition] {
    static func definitions(_ name: String, _ summary: String) -> Parameter {
        Parameter(name, .definitions, summary) { given throws(Diagnostic) in
            if case .definitions(let definitions) = given { definitions } else { [] }
        }
    }
}

/// What stands behind `with`.
struct Options: Sendable {
    let pairs: [(name: Located<String>, value: Located<Value>)]

    init(_ pairs: [(name: Located<String>, value: Located<Value>)] = []) { self.pairs = pairs }

    subscript(name: String) -> Located<Value>? { pairs.first { $0.name.value == name }?.value }
}

extension Duration {
    static func seconds(_ value: Double) -> Duration { .milliseconds(Int64((value * 1000).rounded())) }

    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
