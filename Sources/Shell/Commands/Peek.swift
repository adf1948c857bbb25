import JSON
import Language
import Model

extension Command {
    static let peek = Command(
        Signature(
            "peek", .look, "Show records of a collection", [collection.form],
            clauses: [Shared.fieldsClause, Shared.whereClause, Shared.idClause, Shared.limitClause],
            details:
                "It shows ten records unless `limit` says otherwise. Vectors are shortened in tables and whole in JSON.",
            examples: [
                Example("peek db:notes", "The first ten records."),
                Example("peek db:notes fields [title, page] where page > 3 limit 5", "Some fields of some records."),
                Example("peek db:notes id a1, a2", "Records by key."),
                Example("peek db:notes limit 100 format jsonl output ./some.jsonl", "Records for `put … from`."),
            ])
    ) { call, session in
        let place = try await session.place(call[collection])
        let filter = try await session.filter(call.optional(Shared.filter))
        let limit = try call.optional(Shared.limit) ?? 10
        try await session.matching(place, filter, call) { reading in
            let shape = reading.description.collection
            let wanted = try Wanted(call.optional(Shared.fields), shape)
            let ids = try call.optional(Shared.ids)?.map { try Keys.key($0, shape) }
            try await session.answer(call) { output in
                var records = output.records(of: wanted.shape)
                let source = Records(reading: reading, filter: filter, projection: wanted.projection, keys: ids)
                try await source.each(limit: limit) { try await records.print(wanted.trimmed($0)) }
                try await records.finish()
            }
        }
    }
}

private let collection = Parameter<Located<Reference>>.collection("collection", "The collection to look into")

/// Records by condition, or by key.
struct Records {
    var reading: any Reading
    var filter: Filter?
    var projection: Projection
    var keys: [Key]?

    /// Hands over at most `limit` records, batch by batch.
    func each(
        limit: Int, isolation: isolated (any Actor)? = #isolation, _ body: (Batch) async throws -> Void
    ) async throws {
        if let keys {
            let found = try await reading.fetch(keys, filter == nil ? projection : .all)
            let kept = try filter.map { try BoundFilter($0, reading.description.collection).rows(of: found) }
            let batch = kept.map { found.rows($0).projected(projection, reading.description.collection) } ?? found
            return try await body(batch.rows(Records.places(of: keys, in: batch).prefix(limit).map(\.self)))
        }
        var left = limit
        let budget = Budget(records: max(1, min(limit, 1_000)))
        for try await page in FilteredPages(reading, filter, wanted: projection, budget: budget) {
            let batch = page.batch.count > left ? page.batch.rows(Array(0..<left)) : page.batch
            try await body(batch)
            left -= batch.count
            if left <= 0 { return }
        }
    }
}

extension Records {
    /// Where the records stand, in the order in which they were asked for.
    private static func places(of keys: [Key], in batch: Batch) -> [Int] {
        var places = Dictionary(zip(batch.keys, 0...)) { first, _ in first }
        return keys.compactMap { places.removeValue(forKey: $0) }
    }
}

/// The fields that `fields` names.
struct Wanted {
    var projection = Projection.all
    var shape: Model.Collection
    /// Members beyond the declared fields, if only some are wanted.
    private var extra: Set<Text>?

    init(_ names: [Located<Value>]?, _ whole: Model.Collection) throws {
        shape = whole
        guard let names else { return }
        let wanted = try names.map { try $0.name }
        let known = whole.vectors.map(\.name) + whole.fields.map(\.name) + [whole.key.name]
        let others = zip(names, wanted).filter { !known.contains($0.1) }
        if let unknown = others.first, !whole.isOpen {
            let suggestion = Suggestion.nearest(to: unknown.1, in: known).map { "did you mean '\($0)'?" }
            throw Failure(
                "E0410", "\(whole.name) has no field '\(unknown.1)'", at: unknown.0.span,
                help: [suggestion ?? "it has \(known.joined(separator: ", "))"])
        }
        extra = Set(others.map { Text($0.1) })
        projection = Projection(vectors: Set(wanted), fields: Set(wanted), rest: !others.isEmpty)
        shape = projection.shape(of: whole)
    }

    /// Without members that are not wanted.
    func trimmed(_ batch: Batch) -> Batch {
        guard let extra, let rest = batch.rest else { return batch }
        var trimmed = batch
        trimmed.rest = rest.members(count: batch.count) { extra.contains($0) ? $0 : nil }
        return trimmed
    }
}

/// Keys as people write them.
enum Keys {
    static func key(_ given: Located<Value>, _ shape: Model.Collection) throws -> Key {
        guard let key = shape.key.type.key(spelled: given.value.description) else {
            throw Failure(
                "E0411", "'\(given.value)' is no key of \(shape.name)", at: given.span,
                help: ["its keys are of type \(shape.key.type)"])
        }
        return key
    }
}

extension Session {
    /// Reads a collection, and says so when a part of the filter is not the store's to answer.
    func matching<Result>(
        _ place: Place, _ filter: Filter?, _ call: Call, _ body: (any Reading) async throws -> Result
    ) async throws -> Result {
        try await place.reading { reading in
            if let filter {
                do throws(StoreError) { _ = try BoundFilter(filter, reading.description.collection) } catch {
                    throw Failure(error, at: call.span(of: Shared.filter))
                }
            }
            return try await body(reading)
        }
    }
}
