import JSON
import Model

/// A collection of Chroma's in the words of all stores.
struct ChromaDirectoryShape {
    let description: Description

    init(_ entry: ChromaDirectoryEntry, _ rows: ChromaDirectoryRows, _ database: ChromaDirectoryDatabase) {
        var collection = entry.note ?? ChromaTable.plain
        collection.name = entry.name
        if let dimension = rows.dimension, dimension > 0 {
            if collection.vectors.isEmpty {
                collection.vectors = [VectorField(name: ChromaTable.embedding, dimension: dimension)]
            }
            collection.vectors[0].dimension = dimension
            collection.vectors[0].metric = entry.space
            collection.vectors[0].isNullable = rows.bare > 0
        }
        collection.native = ["chroma": Self.native(entry, rows, database)]
        var description = Description(collection: collection, identity: Identity(entry.id))
        description.losses = Self.losses(rows, of: collection.vectors.first?.name ?? ChromaTable.embedding)
        self.description = description
    }

    private static func losses(_ rows: ChromaDirectoryRows, of vector: String) -> [Verdict] {
        guard !rows.reasons.isEmpty else { return [] }
        let why = rows.reasons.joined(separator: "; ")
        let what = rows.lost > 0 ? "\(rows.lost) of \(rows.count) are lost: \(why)" : why
        return [Verdict("vector \(vector)", .lossy, what)]
    }

    private static func native(
        _ entry: ChromaDirectoryEntry, _ rows: ChromaDirectoryRows, _ database: ChromaDirectoryDatabase
    ) -> JSONValue {
        let generation = database.generation
        var members: [JSONValue.Member] = [
            .init("id", .string(entry.id)), .init("tenant", .string(entry.tenant)),
            .init("database", .string(entry.database)), .init("written_by", .string("Chroma \(generation.writers)")),
            .init("opened_by", .string("Chroma \(generation.first) and newer")),
            .init("metadata", .object(entry.metadata.filter { !ChromaNote.isOne($0.name) })),
            .init("vectors_in_queue", .integer(Int64(rows.fromQueue))),
            .init("vectors_in_index", .integer(Int64(rows.count - rows.bare - rows.fromQueue))),
            .init("records_without_vector", .integer(Int64(rows.bare - rows.lost))),
            .init("vectors_lost", .integer(Int64(rows.lost))),
        ]
        if let configuration = entry.configuration { members.append(.init("configuration", configuration)) }
        // Not a collection without vectors, but one that has had none yet.
        if rows.dimension == nil, entry.note == nil { members.append(.init("dimension", .null)) }
        if !rows.reasons.isEmpty {
            members.append(.init("why_lost", .array(rows.reasons.map(JSONValue.string))))
        }
        return .object(members)
    }
}

extension ChromaDirectoryEntry {
    /// What it was made for, where that is more than Chroma has words for.
    var note: Collection? { metadata.lazy.compactMap(ChromaNote.shape).first }

    /// How its index is made, as far as that is not as usual or in its metadata, and what makes vectors of texts.
    fileprivate var configuration: JSONValue? {
        let found = configs.map(ChromaSettings.init(written:)).reduce(ChromaSettings(modern: nil)) { $0.filled(by: $1) }
        let own = found.unusual(besides: ChromaSettings(metadata: metadata))
        var configuration = own.isEmpty ? [:] : ["hnsw": JSONValue.object(own)]
        configuration["embedding_function"] = configs.lazy.compactMap(\.embedder).first
        return configuration.isEmpty ? nil : .object(configuration)
    }
}

extension JSONValue {
    /// What a schema (since 1.3) or a configuration (since 1.0) says of the vectors' index.
    fileprivate var vectorIndex: JSONValue? {
        self["keys"]?["#embedding"]?["float_list"]?["vector_index"]?["config"] ?? self["vector_index"]
    }

    fileprivate var embedder: JSONValue? {
        let function = vectorIndex?["embedding_function"] ?? self["embedding_function"]
        return function?["type"]?.string == "known" ? function : nil
    }
}

extension ChromaSettings {
    fileprivate init(written json: JSONValue) { self.init(modern: json.vectorIndex?["hnsw"]) }
}
