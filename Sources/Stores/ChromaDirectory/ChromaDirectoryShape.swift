import JSON
import Model

/// A collection of Chroma's in the words of all stores.
struct ChromaDirectoryShape {
    let description: Description

    init(_ entry: ChromaDirectoryEntry, _ rows: ChromaDirectoryRows, _ database: ChromaDirectoryDatabase) {
        var collection = Collection(name: entry.name, key: KeyField(type: .text(maxLength: nil)), isOpen: true)
        if let dimension = rows.dimension, dimension > 0 {
            collection.vectors = [
                VectorField(
                    name: ChromaDirectorySnapshot.embedding, dimension: dimension, metric: entry.space,
                    isNullable: rows.bare > 0)
            ]
        }
        collection.fields = ChromaDirectorySnapshot.fields.map { Field(name: $0, type: .text(maxLength: nil)) }
        collection.native = ["chroma": Self.native(entry, rows, database)]
        var description = Description(collection: collection, identity: Identity(entry.id))
        description.losses = Self.losses(rows)
        self.description = description
    }

    private static func losses(_ rows: ChromaDirectoryRows) -> [Verdict] {
        guard !rows.reasons.isEmpty else { return [] }
        let why = rows.reasons.joined(separator: "; ")
        let what = rows.lost > 0 ? "\(rows.lost) of \(rows.count) are lost: \(why)" : why
        return [Verdict("vector \(ChromaDirectorySnapshot.embedding)", .lossy, what)]
    }

    private static func native(
        _ entry: ChromaDirectoryEntry, _ rows: ChromaDirectoryRows, _ database: ChromaDirectoryDatabase
    ) -> JSONValue {
        let generation = database.generation
        var members: [JSONValue.Member] = [
            .init("id", .string(entry.id)), .init("tenant", .string(entry.tenant)),
            .init("database", .string(entry.database)), .init("written_by", .string("Chroma \(generation.writers)")),
            .init("opened_by", .string("Chroma \(generation.first) and newer")),
            .init("metadata", .object(entry.metadata)),
            .init("vectors_in_queue", .integer(Int64(rows.fromQueue))),
            .init("vectors_in_index", .integer(Int64(rows.count - rows.bare - rows.fromQueue))),
            .init("records_without_vector", .integer(Int64(rows.bare - rows.lost))),
            .init("vectors_lost", .integer(Int64(rows.lost))),
        ]
        // Not a collection without vectors, but one that has had none yet.
        if rows.dimension == nil { members.append(.init("dimension", .null)) }
        if !rows.reasons.isEmpty {
            members.append(.init("why_lost", .array(rows.reasons.map(JSONValue.string))))
        }
        return .object(members)
    }
}
