import JSON
import Language
import Model
import Transfer

extension Command {
    static let diff = Command(
        Signature(
            "diff", .look, "Show the records in which two collections differ", [source.form, .word("to"), target.form],
            clauses: [Shared.whereClause, Shared.limitClause],
            details: "Records are paired by key. With patterns, collections are paired by name.",
            examples: [
                Example("diff old:notes to new:notes", "What is missing, extra or changed."),
                Example("diff old:notes to new:notes where page < 10 limit 5", "The first five of a part."),
            ])
    ) { call, session in
        let filter = try await session.filter(call.optional(Shared.filter))
        let limit = try call.optional(Shared.limit) ?? .max
        var found: [Verify.Example] = []
        for (a, b) in try await session.pairs(call[source], call[target]) where found.count < limit {
            let differences = try await session.matching(a, filter, call) { left in
                try await b.reading { right in
                    let sides = (Side(left, filter), Side(right, filter))
                    return try await Verify(source: sides.0, target: sides.1, mostExamples: limit - found.count).run()
                        .examples
                }
            }
            found += differences
        }
        let rows = found.map(\.json)
        try await session.answer(call) { try await $0.print(rows: rows, columns: ["key", "side", "why"]) }
        if found.isEmpty { session.say(call, "no differences") }
    }
}

private let source = Parameter<Located<Reference>>.target("source", "One side")
private let target = Parameter<Located<Reference>>.target("target", "The other side")

extension Session {
    fileprivate func pairs(
        _ source: Located<Reference>, _ target: Located<Reference>
    ) async throws -> [(Place, Place)] {
        let name = target.value.name ?? "*"
        var pairs: [(Place, Place)] = []
        for place in try await places(source) {
            let wanted = Pattern.isPattern(name) ? place.name : name
            let reference = Reference(connection: target.value.connection, name: wanted)
            pairs.append((place, try await self.place(Located(reference, at: target.span))))
        }
        return pairs
    }
}

extension Verify.Example {
    fileprivate var json: JSONValue {
        ["key": .string(key.description), "side": .string(side.rawValue), "why": .string(why)]
    }
}
