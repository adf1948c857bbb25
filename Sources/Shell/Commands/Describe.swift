import JSON
import Language
import Model

extension Command {
    static let describe = Command(
        Signature(
            "describe", .look, "Show the shape of a collection, or what a connection is", [target.form],
            examples: [
                Example("describe db:notes", "Key, vectors, fields, indexes, aliases and count."),
                Example("describe db", "The database itself."), Example("describe db:*", "Every collection."),
            ])
    ) { call, session in
        let target = try call[target]
        if target.value.name == nil {
            let document = try await session.connectionDocument(target)
            return try await session.answer(call) { try await $0.print(document) }
        }
        var documents: [JSONValue] = []
        for place in try await session.places(target) { documents.append(try await session.document(place)) }
        let isPattern = Pattern.isPattern(target.value.name ?? "")
        let document = isPattern ? .array(documents) : documents.first ?? .null
        try await session.answer(call) { try await $0.print(document) }
    }
}

private let target = Parameter<Located<Reference>>.target("target", "A collection, a pattern, or a connection")

extension Session {
    fileprivate func document(_ place: Place) async throws -> JSONValue {
        let kind = connection(place.connection)?.kind.scheme ?? ""
        let tally = try await place.tally()
        if !tally.isExact { tellOfStatistics([place]) }
        let description = try await place.use { try await $0.describe($1) }
        for remark in description.remarks { messages.warn(remark) }
        return Summary.document(description, store: kind, tally)
    }

    fileprivate func connectionDocument(_ target: Located<Reference>) async throws -> JSONValue {
        let name = try connectionName(target)
        let store = try await store(name)
        guard let connection = connection(name.value) else { throw unknownConnection(name) }
        let collections = try await blaming(target.span) { try await store.collections() }
        let facts = store.facts
        return [
            "name": .string(connection.name), "store": .string(connection.kind.scheme),
            "uri": .string(secrets.redacted(connection.endpoint.description)), "version": .string(facts.version),
            "readonly": .bool(connection.isReadOnly), "collections": .integer(Int64(collections.count)),
            "facts": [
                "write_records": .integer(Int64(facts.write.records)),
                "write_bytes": .integer(Int64(facts.write.bytes)),
                "readers": .integer(Int64(facts.readers)), "writers": .integer(Int64(facts.writers)),
                "snapshot": .string(facts.moment.rawValue), "unique_keys": .bool(facts.hasUniqueKeys),
            ],
        ]
    }
}

/// Descriptions as the documents that people and programs read.
enum Summary {
    static func document(_ description: Description, store: String, _ tally: Tally) -> JSONValue {
        let shape = description.collection
        var members = shape.members.filter { $0.name != "native" && $0.name != "partitions" && $0.name != "indexes" }
        members.insert(.init("store", .string(store)), at: 1)
        members += [
            .init("indexes", .array(indexes(description))),
            .init("aliases", .array(description.aliases.map(JSONValue.string))),
            .init("partitions", .array(shape.partitions.map(JSONValue.string))),
            .init("count", .integer(Int64(tally.records))), .init("native", .object(shape.native)),
        ]
        return .object(members + source(of: tally))
    }

    /// Where a count is from that is not certain.
    private static func source(of tally: Tally) -> [JSONValue.Member] {
        tally.isExact ? [] : [.init("counted", "statistics")]
    }

    static func indexes(_ description: Description) -> [JSONValue] {
        description.collection.indexes.map { index in
            let state = description.states[index.name]
            return .object(
                index.members + [
                    .init("state", .optional(state?.phase.rawValue)), .init("indexed", .optional(state?.indexed)),
                    .init("pending", .optional(state?.pending)),
                ])
        }
    }

    /// One line of `list collections`.
    static func json(_ description: Description, _ tally: Tally) -> JSONValue {
        let shape = description.collection
        let metrics = shape.vectors.compactMap(\.metric?.rawValue)
        let line: JSONValue = [
            "name": .string(shape.name), "count": .integer(Int64(tally.records)), "bytes": .optional(description.bytes),
            "vectors": .array(shape.vectors.map { .string($0.brief) }),
            "metric": .optional(
                Set(metrics).count == 1 ? metrics.first : metrics.isEmpty ? nil : metrics.joined(separator: ", ")),
            "aliases": .array(description.aliases.map(JSONValue.string)),
        ]
        return .object((line.members ?? []) + source(of: tally))
    }
}

extension VectorField {
    var brief: String {
        switch layout {
        case .sparse: "\(name) sparse"
        case .dense: "\(name) \(element.rawValue) × \(dimension ?? 0)"
        case .multi: "\(name) \(element.rawValue) × \(dimension ?? 0), several"
        }
    }
}
