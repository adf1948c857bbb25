import JSON
import Language
import Model
import Transfer

extension Command {
    static let sync = Command(
        Signature(
            "sync", .move, "Move only what differs, so that the target equals the source",
            [from.form, .word("to"), into.form],
            clauses: [
                Shared.whereClause, Clause("deleting", [], "Remove records that only the target has"),
            ],
            details: """
                Both sides are compared by digests; records that are missing or differ are written, and with `deleting` those
                that only the target has are removed. The mapping of the last finished copy between the two applies.
                """,
            examples: [
                Example("sync db:notes to new:notes", "The last changes before a cut-over."),
                Example("sync db:notes to new:notes deleting yes", "Deletions too."),
            ], destroys: { $0.has("deleting") }), effect: .commits
    ) { call, session in
        let source = try await session.place(call[from])
        let target = try await session.place(call[into])
        let filter = try await session.filter(call.optional(Shared.filter))
        let intent = try await session.intent(syncing: source, target, filter, deleting: call.has("deleting"))
        try await session.commit(intent, call) {
            let start = ContinuousClock.now
            let result = try await session.syncing(source, target, filter, deleting: call.has("deleting")) {
                try await $0.run()
            }
            let seconds = (ContinuousClock.now - start).inSeconds
            session.say(call, "\(target.description): \(result.sentence)")
            guard call.has("format") || session.settings.format != nil else { return }
            try await session.answer(call) { try await $0.print(result.document(source, target, seconds)) }
        }
    }
}

private let from = Parameter<Located<Reference>>.collection("source", "What the target should equal")
private let into = Parameter<Located<Reference>>.collection("target", "The collection to change")

extension Session {
    /// For a plan, also how many records would be moved.
    fileprivate func intent(
        syncing source: Place, _ target: Place, _ filter: Filter?, deleting: Bool
    ) async throws -> Intent {
        let deed = "make \(target.description) equal to \(source.description)"
        guard isPlanning else {
            return Intent(
                deleting ? "remove what only \(target.description) has" : deed, of: target,
                byTyping: deleting ? target.name : nil)
        }
        let result = try await syncing(source, target, filter, deleting: deleting) { try await $0.forecast() }
        return Intent(
            deed, of: target, records: result.inserted + result.changed + result.deleted, notes: [result.sentence])
    }

    fileprivate func syncing(
        _ source: Place, _ target: Place, _ filter: Filter?, deleting: Bool,
        _ body: (Sync) async throws -> Sync.Result
    ) async throws -> Sync.Result {
        let earlier = JobFolder.last(from: site(source), to: site(target), in: invocation.home)?.plan
        let mapping = earlier?.context.mapping ?? .identity
        let origin = ComparisonTask.Origin(
            place: source, mapping: mapping, filter: mapping.condition(filter ?? earlier?.context.filter),
            plan: earlier, words: "")
        return try await comparing(ComparisonTask(origins: [origin], target: target)) { open in
            do {
                return try await body(
                    Sync(
                        source: open.sources[0], target: open.target, in: target.store,
                        likeness: Likeness(changes: open.changes), deleting: deleting))
            } catch let error as JobError { throw Failure(error, at: source.span) }
        }
    }
}

extension Sync.Result {
    fileprivate var sentence: String {
        guard inserted + changed + deleted + extra > 0 else { return "no differences" }
        let kept = extra > 0 ? ", \(extra) only there (say `deleting` to remove them)" : ""
        return "\(inserted) inserted, \(changed) changed, \(deleted) deleted\(kept)"
    }

    fileprivate func document(_ source: Place, _ target: Place, _ seconds: Double) -> JSONValue {
        let moved = inserted + changed + deleted
        return [
            "job": .null, "source": .string(source.description), "target": .string(target.description),
            "records": .integer(Int64(moved)), "inserted": .integer(Int64(inserted)),
            "changed": .integer(Int64(changed)),
            "deleted": .integer(Int64(deleted)), "extra": .integer(Int64(extra)), "bytes": .integer(Int64(bytes)),
            "seconds": .double(seconds.rounded(to: 3)),
            "records_per_s": .integer(Int64(Double(moved) / max(0.001, seconds))), "rejected": 0,
        ]
    }
}
