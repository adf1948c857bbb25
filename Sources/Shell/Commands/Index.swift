import JSON
import Language
import Model
import Transfer

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
            ]), effect: .commits
    ) { call, session in
        let place = try await session.place(call[collection])
        guard let indexing = place.store.indexing else {
            throw Failure("E0510", "this store has no indexes", at: place.span)
        }
        let shape = try await place.use { try await $0.describe($1).collection }
        let blamed = call.has("on") ? call.span(of: field) : place.span
        for index in try await session.indexes(call) {
            if shape.indexes.contains(index) {
                session.commitNothing("\(index.name) is there already", call)
                continue
            }
            try await blaming(blamed) { try place.store.check(index, on: shape, isPlanning: session.isPlanning) }
            let what = "\(index.name): \(index.type) on \(index.field) of \(place.description)"
            let count = session.isPlanning ? try await place.countForChange() : nil
            try await session.commit(Intent("build \(what)", of: place, records: count), call) {
                try await blaming(blamed) {
                    try await session.watching(index, of: place, call) { () throws(StoreError) in
                        try await indexing.create(index, on: place.name)
                    }
                }
                session.say(call, what)
            }
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
    /// Shows how far an index is while it is being built, where its store tells that.
    fileprivate func watching(
        _ index: Index, of place: Place, _ call: Call, _ build: () async throws(StoreError) -> Void
    ) async throws(StoreError) {
        let watch = IndexWatch(index.name, of: place.name, in: place.store)
        let line = ProgressLine(messages, invocation, isQuiet: call.has("quiet")) { [what = place.description] in
            .building(index.name, watch.state ?? IndexState(.building, indexed: 0), of: what)
        }
        do throws(StoreError) { try await watch.during(build) } catch {
            await line.end()
            throw error
        }
        await line.end()
    }

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

extension Store {
    /// Throws if no such index can be built. What a store knows better it says itself, where it is asked to build it.
    fileprivate func check(_ index: Index, on shape: Model.Collection, isPlanning: Bool) throws(StoreError) {
        if shape.indexes.contains(where: { $0.name == index.name }) { throw .indexDiffers(index.name, shape.name) }
        try shape.checkField(index.field)
        guard isPlanning else { return }
        var wanted = shape
        wanted.indexes = [index]
        let fit = fit(wanted, into: nil)
        guard !fit.collection.indexes.contains(where: { $0.name == index.name }) else { return }
        throw StoreError(
            .unsupported, fit.verdicts.last?.detail ?? "this store builds no such index",
            help: "it builds \((indexing?.kinds ?? []).map(\.type).joined(separator: ", "))")
    }
}
