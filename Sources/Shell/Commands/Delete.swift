import Language
import Model

extension Command {
    static let delete = Command(
        Signature(
            "delete", .change, "Remove records by condition or key", [collection.form],
            clauses: [Shared.whereClause, Shared.idClause], needsOneOf: ["where", "id"],
            examples: [
                Example("delete db:notes where page < 3 yes", "All that fit."),
                Example("delete db:notes id a1, a2 yes", "Two of them."),
            ], destroys: { _ in true }), effect: .commits
    ) { call, session in
        let place = try await session.place(call[collection])
        let filter = try await session.filter(call.optional(Shared.filter))
        try await session.matching(place, filter, call) { reading in
            let shape = reading.description.collection
            let keys = try call.optional(Shared.ids)?.map { try Keys.key($0, shape) }
            let records = Records(reading: reading, filter: filter, projection: .keys, keys: keys)
            var count = 0
            try await records.each(limit: .max) { count += $0.count }
            let intent = Intent(
                "delete from \(place.description)", of: place, records: count,
                byTyping: count > 0 ? place.name : nil)
            try await session.commit(intent, call) {
                var deleted = 0
                try await records.each(limit: .max) { batch in
                    try Task.checkCancellation()
                    deleted += try await place.store.delete(batch.keys, from: place.name)
                }
                try await place.store.settle(place.name)
                session.say(call, "\(Counted.records(deleted)) deleted from \(place.description)")
            }
        }
    }
}

private let collection = Parameter<Located<Reference>>.collection("collection", "The collection to change")
