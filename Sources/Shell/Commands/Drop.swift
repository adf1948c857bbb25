import Language
import Model

extension Command {
    static let drop = Command(
        Signature(
            "drop", .shape, "Remove a collection, an index or an alias",
            [
                .choice([
                    [.word("index"), collection.form, indexName.form], [.word("alias"), collection.form],
                    [collection.form],
                ])
            ],
            clauses: [
                Clause("if", [.word("exists")], "Succeed if it is not there"),
                Clause("including", [.word("aliases")], "Remove the aliases of the collection too"),
            ],
            details:
                "A collection is never dropped through an alias, nor while aliases stand for it unless you say so.",
            examples: [
                Example("drop db:old yes", "A collection."), Example("drop db:old if exists yes", "If it is there."),
                Example("drop index db:notes page_index yes", "An index."),
                Example("drop alias db:live yes", "A second name."),
            ], destroys: { _ in true }), effect: .commits
    ) { call, session in
        do {
            if call.has("index") {
                try await session.dropIndex(call)
            } else if call.has("alias") {
                try await session.dropAlias(call)
            } else {
                try await session.dropCollection(call)
            }
        } catch let failure as Failure {
            guard call.has("if"), failure.diagnostic.code == "E0501" else { throw failure }
            session.commitNothing("nothing to drop", call)
        }
    }
}

private let collection = Parameter<Located<Reference>>.collection("collection", "What to remove")
private let indexName = Parameter<Located<String>>.named("index", kind: .index(of: "collection"), "The index's name")

extension Session {
    fileprivate func dropCollection(_ call: Call) async throws {
        let place = try await place(call[collection])
        let description = try await place.use { try await $0.describe($1) }
        guard description.collection.name == place.name else {
            throw Failure(
                "E0502", "\(place.name) is an alias for \(description.collection.name)", at: place.span,
                help: ["drop alias \(place.description), or drop \(place.connection):\(description.collection.name)"])
        }
        let aliases = description.aliases
        guard aliases.isEmpty || call.has("including") else {
            throw Failure(
                "E0502", "\(place.name) has aliases: \(aliases.joined(separator: ", "))", at: place.span,
                help: ["move them to another collection, or say `including aliases`"])
        }
        let count = try await place.countForChange()
        let intent = Intent(
            "drop \(place.description)", of: place, records: count, notes: aliases.map { "its alias \($0) goes too" },
            byTyping: count > 0 ? place.name : nil)
        try await commit(intent, call) {
            try await place.use { store, name in
                for alias in aliases { try await store.aliasing?.remove(alias: alias) }
                try await store.drop(name, being: description.identity)
            }
            say(call, "\(place.description) is dropped")
        }
    }

    fileprivate func dropIndex(_ call: Call) async throws {
        let place = try await place(call[collection])
        let name = try call[indexName]
        guard let indexing = place.store.indexing else {
            throw Failure("E0510", "this store has no indexes", at: place.span)
        }
        let known = try await place.use { try await $0.describe($1).collection }
        guard known.indexes.contains(where: { $0.name == name.value }) else {
            throw Failure(StoreError.noIndex(name.value, known), at: name.span)
        }
        let intent = Intent("drop index \(name.value) of \(place.description)", of: place, byTyping: name.value)
        try await commit(intent, call) {
            try await blaming(name.span) { try await indexing.drop(index: name.value, on: place.name) }
            say(call, "index \(name.value) of \(place.description) is dropped")
        }
    }

    fileprivate func dropAlias(_ call: Call) async throws {
        let place = try await place(call[collection])
        guard let aliasing = place.store.aliasing else {
            throw Failure("E0510", "this store has no aliases", at: place.span)
        }
        guard let target = try await place.use({ _, name in try await aliasing.aliases()[name] }) else {
            throw Failure(StoreError.noAlias(place.name), at: place.span)
        }
        try await commit(Intent("drop alias \(place.name) for \(target)", of: place, byTyping: place.name), call) {
            try await place.use { _, name in try await aliasing.remove(alias: name) }
            say(call, "\(place.name) stands for nothing now; \(target) is as it was")
        }
    }
}
