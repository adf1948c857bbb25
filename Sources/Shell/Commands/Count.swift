import JSON
import Language
import Model

extension Command {
    static let count = Command(
        Signature(
            "count", .look, "Count the records of a collection", [collection.form], clauses: [Shared.whereClause],
            examples: [
                Example("count db:notes", "All of them."), Example("count db:notes where page > 3", "Only some."),
            ])
    ) { call, session in
        let place = try await session.place(call[collection])
        let filter = try await session.filter(call.optional(Shared.filter))
        let count = try await session.matching(place, filter, call) { try await $0.count(matching: filter) }
        try await session.answer(call) { output in
            try await output.print(
                ["collection": .string(place.description), "count": .integer(Int64(count))], plain: String(count))
        }
    }
}

private let collection = Parameter<Located<Reference>>.collection("collection", "The collection to count")
