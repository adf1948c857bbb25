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
        var found: [Difference] = []
        for (a, b) in try await session.pairs(call[source], call[target]) where found.count < limit {
            let differences = try await session.matching(a, filter, call) { left in
                try await b.reading { right in
                    try await Comparison(left, right, filter).differences(atMost: limit - found.count)
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

private struct Difference {
    var key: Key
    var side: String
    var why: String

    var json: JSONValue { ["key": .string(key.description), "side": .string(side), "why": .string(why)] }
}

/// Compares two collections page by page, so that memory does not grow with them.
private struct Comparison {
    private let left: any Reading
    private let right: any Reading
    private let filter: Filter?

    init(_ left: any Reading, _ right: any Reading, _ filter: Filter?) {
        (self.left, self.right, self.filter) = (left, right, filter)
    }

    func differences(atMost limit: Int) async throws -> [Difference] {
        var found: [Difference] = []
        for try await page in FilteredPages(left, filter) where found.count < limit {
            found += try await compare(page.batch)
        }
        for try await page in FilteredPages(right, filter, wanted: .keys) where found.count < limit {
            let present = Set(try await left.fetch(page.batch.keys, .keys).keys)
            found += page.batch.keys.filter { !present.contains($0) }.map {
                Difference(key: $0, side: "target", why: "only in the target")
            }
        }
        return Array(found.prefix(limit))
    }

    private func compare(_ batch: Batch) async throws -> [Difference] {
        let other = try await right.fetch(batch.keys, .all)
        var places: [Key: Int] = [:]
        for (row, key) in other.keys.enumerated() { places[key] = row }
        let (a, b) = (RecordFields(left.description.collection), RecordFields(right.description.collection))
        return batch.keys.indices.compactMap { row in
            let key = batch.keys[row]
            guard let place = places[key] else {
                return Difference(key: key, side: "source", why: "only in the source")
            }
            let why = RecordFields.difference(a.values(batch, row), b.values(other, place))
            return why.map { Difference(key: key, side: "both", why: $0) }
        }
    }
}
