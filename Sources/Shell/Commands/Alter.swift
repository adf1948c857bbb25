import Language
import Model

extension Command {
    static let alter = Command(
        Signature(
            "alter", .shape, "Give a vector or a field another type, and empty it",
            [collection.form, .word("on"), field.form, .word("type"), type.form],
            clauses: [Clause("metric", [metric.form], metric.slot.summary)],
            details: """
                For a vector that was made with the wrong dimension: the records stay, their values in this field go. `sync`
                from where the right ones are fills it again. What has this type already is left as it is.
                """,
            examples: [
                Example(
                    "alter new:notes on v type vector(768) yes", "Another dimension; then `sync` it from its source."),
                Example("alter new:notes on page type text(20) yes", "A payload field."),
            ], destroys: { _ in true }), effect: .commits
    ) { call, session in
        let place = try await session.place(call[collection])
        guard let altering = place.store.altering else {
            throw Failure("E0510", "this store cannot alter collections", at: place.span)
        }
        let (part, before) = try await session.parts(of: place, call)
        let subject = "\(part.name) of \(place.description)"
        if part == before { return session.commitNothing("\(subject) is \(part.spelling) already", call) }
        let count = try await place.reading { try await $0.count(nil) }
        let intent = Intent(
            "empty \(subject), \(before.spelling), and make it \(part.spelling)", of: place, records: count,
            byTyping: count > 0 ? place.name : nil)
        try await session.commit(intent, call) {
            try await blaming(call.span(of: field)) { try await altering.alter(part, of: place.name) }
            session.say(call, "\(subject) is \(part.spelling) now, and empty")
        }
    }
}

private let collection = Parameter<Located<Reference>>.collection("collection", "The collection that is meant")
private let field = Parameter<Located<String>>.named("field", kind: .field(of: "collection"), "The vector or field")
private let type = Parameter<Located<String>>.named("type", kind: .type, "What it is to hold")
private let metric = Parameter<Located<String>>.words(
    "metric", Slot.metrics, "How vectors are compared; as before if nothing is said")

extension Session {
    /// What the field is to be, and what it is; both as if they could be missing.
    fileprivate func parts(of place: Place, _ call: Call) async throws -> (wanted: ShapePart, there: ShapePart) {
        let shape = try await place.use { try await $0.describe($1).collection }
        let name = try call[field]
        guard name.value != shape.key.name || shape.holds(name.value) else {
            throw Failure(
                "E0422", "'\(name.value)' is the key of \(place.description)", at: name.span,
                help: ["copy the collection to one with another key"])
        }
        let wanted = ParsedCall.Definition(name: name, type: try call[type], metric: try call.optional(metric))
        return try shape.parts(wanted, at: name.span)
    }
}

extension Model.Collection {
    fileprivate func holds(_ name: String) -> Bool {
        vectors.contains { $0.name == name } || fields.contains { $0.name == name }
    }

    /// What is wanted, and what is there; both as if they could be missing.
    fileprivate func parts(
        _ wanted: ParsedCall.Definition, at span: Span
    ) throws -> (wanted: ShapePart, there: ShapePart) {
        guard var vector = try Definitions.vector(wanted) else {
            var field = try Definitions.field(wanted)
            field.isNullable = true
            guard var there = fields.first(where: { $0.name == field.name }) else { throw mismatch(wanted, span) }
            there.isNullable = true
            return (.field(field), .field(there))
        }
        guard var there = vectors.first(where: { $0.name == vector.name }) else { throw mismatch(wanted, span) }
        vector.metric = vector.metric ?? there.metric
        (vector.isNullable, there.isNullable) = (true, true)
        return (.vector(vector), .vector(there))
    }

    private func mismatch(_ wanted: ParsedCall.Definition, _ span: Span) -> Failure {
        guard holds(wanted.name.value) else {
            let names = (vectors.map(\.name) + fields.map(\.name)).joined(separator: ", ")
            return Failure(
                "E0501", "\(name) has no field \"\(wanted.name.value)\"", at: span,
                help: [names.isEmpty ? "it has no fields" : "it has \(names)"])
        }
        return Failure(
            "E0423", "a vector cannot become a field, nor a field a vector", at: wanted.type.span,
            help: ["copy the collection to one of another shape"])
    }
}

extension ShapePart {
    /// As `create` has it.
    fileprivate var spelling: String {
        switch self {
        case .field(let field): "\(field.type)"
        case .vector(let vector):
            Definitions.spelling(vector) + (vector.metric.map { " metric \($0.rawValue)" } ?? "")
        }
    }
}
