import JSON
import Language
import Model
import Transfer

extension Command {
    static let diff = Command(
        Signature(
            "diff", .look, "Show the records in which two collections differ", [source.form, .word("to"), target.form],
            clauses: [Shared.whereClause, Shared.limitClause],
            details: """
                Records are paired by key, and compared as `verify` compares them: by the mapping of the last finished copy
                from the first to the second. With patterns, collections are paired by name.
                """,
            examples: [
                Example("diff old:notes to new:notes", "What is missing, extra or changed."),
                Example("diff old:notes to new:notes where page < 10 limit 5", "The first five of a part."),
            ])
    ) { call, session in
        let limit = try call.optional(Shared.limit) ?? 1_000
        var found: [Verify.Example] = []
        var total = 0
        for task in try await session.comparisons(of: call[target], with: [call[source]], call) {
            let room = limit - found.count
            let result = try await session.comparing(task) { open in
                let likeness = Likeness(changes: open.changes)
                return try await Verify(
                    open.sources, against: open.target, likeness: likeness, mostExamples: room
                ).run()
            }
            found += result.examples
            total += result.missing + result.extra + result.different
        }
        let rows = found.map(\.json)
        try await session.answer(call) { try await $0.print(rows: rows, columns: ["key", "side", "why"]) }
        if total == 0 { session.say(call, "no differences") }
        if total > found.count {
            session.say(call, "these are \(found.count) of \(total) differences; `limit` shows more")
        }
    }
}

private let source = Parameter<Located<Reference>>.target("source", "One side")
private let target = Parameter<Located<Reference>>.target("target", "The other side")

extension Verify.Example {
    fileprivate var json: JSONValue {
        ["key": .string(key.description), "side": .string(side.rawValue), "why": .string(why)]
    }
}
