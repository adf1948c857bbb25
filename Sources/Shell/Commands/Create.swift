import JSON
import Language
import Model

extension Command {
    static let create = Command(
        Signature(
            "create", .shape, "Make an empty collection",
            [collection.form, .choice([[.word("fields"), fields.form], [.word("like"), model.form]])],
            clauses: [Clause("open", [], "Let records carry more than the declared fields"), Shared.ifExists],
            details: """
                Types: text[(N)] int8 int16 int32 int64 float double bool json timestamp array(TYPE) vector(D)
                halfvector(D) bfloatvector(D) int8vector(D) uint8vector(D) bitvector(D) sparsevector multivector(D); for
                keys also uint64, uuid and id (an unsigned integer or a UUID). One field is the `key`; `null` lets a field
                have no value.
                """,
            examples: [
                Example(
                    "create db:notes fields (id text(64) key, v vector(3) metric cosine, page int64 null) open",
                    "A collection with one vector."),
                Example("create db:copy like old:notes", "The shape of another, whatever its engine."),
            ], destroys: { $0.word(in: "if exists") == "replace" }), effect: .commits
    ) { call, session in
        let place = try await session.place(call[collection])
        let wanted = try await session.shape(of: place, call)
        let fit = place.store.fit(wanted, into: nil)
        try Fitting.refuseImpossible(fit, at: call.span(of: collection))
        guard let room = try await session.room(for: place, call) else {
            return session.commitNothing("\(place.description) is there already", call)
        }
        let verdicts = fit.verdicts.filter { $0.grade == .lossy || $0.grade == .converted }
            .map { "\($0.subject) is \($0.grade.rawValue): \($0.detail)" }
        var intent = room.intent
        intent.notes = verdicts
        try await session.commit(intent, call) {
            try await place.use { store, name in
                if room.isTaken { try await store.drop(name, being: nil) }
                _ = try await store.create(fit.collection)
            }
            for verdict in verdicts { session.messages.warn(verdict) }
            session.say(call, "\(place.description) is made")
        }
    }
}

private let collection = Parameter<Located<Reference>>.collection("collection", "The collection to make")
private let model = Parameter<Located<Reference>>.collection("model", "The collection whose shape it gets")
private let fields = Parameter<[ParsedCall.Definition]>.definitions("fields", "Names and types")

private enum Fitting {
    static func refuseImpossible(_ fit: Fit, at span: Span) throws {
        let impossible = fit.verdicts.filter { $0.grade == .impossible }
        guard let first = impossible.first else { return }
        throw Failure(
            "E0415", "this store cannot hold \(first.subject): \(first.detail)", at: span,
            help: impossible.dropFirst().map { "nor \($0.subject): \($0.detail)" })
    }
}

extension Session {
    fileprivate func shape(of place: Place, _ call: Call) async throws -> Model.Collection {
        if let reference = try call.optional(model) {
            var shape = try await self.place(reference).use { try await $0.describe($1).collection }
            shape.name = place.name
            shape.isOpen = shape.isOpen || call.has("open")
            return shape
        }
        return try Definitions.collection(place.name, call[fields], isOpen: call.has("open"), at: call.verb)
    }

    /// What making it comes to, as `if exists` says; nil where what stands there is to stay.
    fileprivate func room(for place: Place, _ call: Call) async throws -> (intent: Intent, isTaken: Bool)? {
        guard try await place.use({ try await $0.collections().contains($1) }) else {
            return (Intent("make \(place.description)", of: place), false)
        }
        switch try call.optional(Shared.policy)?.value {
        case "skip": return nil
        case "replace":
            let count = try await place.countForChange()
            let name = count > 0 ? place.name : nil
            return (Intent("replace \(place.description)", of: place, records: count, byTyping: name), true)
        default:
            throw Failure(
                "E0502", "\(place.description) is there already", at: place.span,
                help: ["choose another name, or say `if exists skip` or `if exists replace`"])
        }
    }
}
