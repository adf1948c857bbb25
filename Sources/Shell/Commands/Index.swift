import JSON
import Language
import Model

extension Command {
    static let index = Command(
        Signature(
            "index", .shape, "Build an index on a field, or all that another collection has",
            [
                collection.form,
                .choice([
                    [.word("on"), field.form, .word("using"), type.form], [.word("like"), model.form],
                ]),
            ],
            clauses: [
                Clause("metric", [metric.form], metric.slot.summary),
                Clause("with", [options.form], "The index's own parameters"),
                Clause("as", [name.form], name.slot.summary),
            ],
            details: "An index that is there already, just so, is left as it is.",
            examples: [
                Example("index db:notes on page using btree as page_index", "On a payload field."),
                Example("index db:copy like db:notes", "Every index of another collection."),
            ]), effect: .writes
    ) { call, session in
        let place = try await session.place(call[collection])
        guard let indexing = place.store.indexing else {
            throw Failure("E0510", "this store has no indexes", at: place.span)
        }
        let existing = try await place.use { try await $0.describe($1).collection.indexes }
        for index in try await session.indexes(call) {
            if existing.contains(index) {
                session.say(call, "\(index.name) is there already")
                continue
            }
            let blamed = call.has("on") ? call.span(of: field) : place.span
            try await blaming(blamed) { try await indexing.create(index, on: place.name) }
            session.say(call, "\(index.name): \(index.type) on \(index.field) of \(place.description)")
        }
    }
}

private let collection = Parameter<Located<Reference>>.collection("collection", "The collection to index")
private let model = Parameter<Located<Reference>>.collection("model", "The collection whose indexes it gets")
private let field = Parameter<Located<String>>.named("field", kind: .field(of: "collection"), "The vector or field")
private let type = Parameter<Located<String>>.named("type", kind: .indexType(of: "collection"), "The type of index")
private let metric = Parameter<Located<String>>.words("metric", Slot.metrics, "How vectors are compared")
private let options = Parameter<Options>.options("with", [], "The index's own parameters")
private let name = Parameter<Located<String>>.named(
    "name", "What the index is called; <field>_index if nothing is said")

extension Session {
    fileprivate func indexes(_ call: Call) async throws -> [Index] {
        if let reference = try call.optional(model) {
            return try await place(reference).use { try await $0.describe($1).collection.indexes }
        }
        let field = try call[field].value
        let pairs = try call.optional(options)?.pairs.map { ($0.name.value, $0.value.value.json) } ?? []
        return [
            Index(
                name: try call.optional(name)?.value ?? "\(field)_index", field: field,
                type: try call[type].value.lowercased(),
                metric: try call.optional(metric).flatMap { Metric(spelled: $0.value) },
                params: Dictionary(pairs) { _, last in last })
        ]
    }
}
