import JSON
import Model

/// A collection as the server describes it, in terms that every store understands.
struct QdrantTable: Hashable, Sendable {
    let name: String
    let aliases: [String]
    let collection: Collection
    let identity: Identity
    let states: [String: IndexState]
    /// How the vector is called here that has no name there.
    let unnamed: String?
    /// The most records that one call may ask for, where the server limits that.
    let mostRecords: Int?

    var description: Description {
        Description(collection: collection, identity: identity, aliases: aliases, states: states)
    }

    init(_ name: String, _ info: JSONValue, _ aliases: [String], hasTypes: Bool) throws(StoreError) {
        let config = info["config"] ?? .null
        let note = QdrantNote(config["metadata"])
        let sparse = config["params"]?["sparse_vectors"]?.members ?? []
        let dense = QdrantTable.dense(config["params"]?["vectors"], besides: sparse.map(\.name))
        var vectors: [VectorField] = []
        for entry in dense.entries { vectors.append(try QdrantTable.vector(entry.name, entry.value)) }
        vectors += sparse.map {
            VectorField(name: $0.name, layout: .sparse, dimension: nil, metric: .ip, isNullable: true)
        }
        var made = Collection(
            name: name, key: KeyField(name: note?.key ?? "id", type: .id), vectors: note?.ordered(vectors) ?? vectors,
            fields: hasTypes ? note?.fields ?? [] : [], isOpen: true,
            native: [QdrantNative.engine: QdrantNative.native(config, dense.entries, sparse, unnamed: dense.unnamed)])
        let indexing = QdrantIndexing(made)
        let found = indexing.listed(config, dense.entries) + indexing.listed(info["payload_schema"])
        made.indexes = found.map(\.index).sorted { Text($0.name) < Text($1.name) }
        self.name = name
        self.aliases = aliases
        collection = made
        unnamed = dense.unnamed
        // Qdrant numbers no collections; it renames none either.
        identity = Identity("\(name)/\(note?.identity ?? "")")
        states = QdrantTable.states(found, info)
        let strict = config["strict_mode_config"]
        mostRecords = strict?["enabled"]?.bool == true ? strict?["max_query_limit"]?.integer.map { Int($0) } : nil
    }

    /// The vectors that are not sparse. One without a name gets one here.
    private static func dense(
        _ json: JSONValue?, besides taken: [String]
    ) -> (entries: [JSONValue.Member], unnamed: String?) {
        guard let json, let members = json.members else { return ([], nil) }
        guard json["size"]?.integer != nil else {
            guard members.contains(where: { $0.name.isEmpty }) else { return (members, nil) }
            let name = freeName(taken + members.map(\.name))
            return (members.map { $0.name.isEmpty ? .init(name, $0.value) : $0 }, name)
        }
        let name = freeName(taken)
        return ([.init(name, json)], name)
    }

    private static func freeName(_ taken: [String]) -> String {
        var name = "vector"
        while taken.contains(name) { name += "_" }
        return name
    }

    private static func vector(_ name: String, _ json: JSONValue) throws(StoreError) -> VectorField {
        guard let size = json["size"]?.integer, let word = json["distance"]?.string else {
            throw StoreError(.malformed, "Qdrant does not say the size and distance of the vector \"\(name)\"")
        }
        guard let metric = metrics.first(where: { $0.word == word })?.metric else {
            throw StoreError(
                .unsupported,
                "the vector \"\(name)\" is compared by Qdrant's \(word), which this program does not know",
                help: "a newer vecsh may")
        }
        let isMulti = json["multivector_config"]?.members != nil
        return VectorField(
            name: name, layout: isMulti ? .multi : .dense,
            element: json["datatype"]?.string.flatMap(Element.init(qdrant:)) ?? .float32, dimension: Int(size),
            metric: metric, isNullable: true)
    }

    static let metrics: [(word: String, metric: Metric)] = [
        ("Cosine", .cosine), ("Euclid", .l2), ("Dot", .ip), ("Manhattan", .l1),
    ]

    // MARK: Readiness

    private static func states(_ found: [QdrantIndexing.Listed], _ info: JSONValue) -> [String: IndexState] {
        let total = Int(info["points_count"]?.integer ?? 0)
        let covered = Int(info["indexed_vectors_count"]?.integer ?? 0)
        let phase: IndexState.Phase =
            switch info["status"]?.string {
            case "red": .failed
            // Grey is work that waits for the next change.
            case "yellow", "grey": .building
            default: info["optimizer_status"]?["error"] == nil ? .finished : .failed
            }
        var states: [String: IndexState] = [:]
        for entry in found {
            if let points = entry.points {
                states[entry.index.name] = IndexState(.finished, indexed: points)
            } else {
                states[entry.index.name] = IndexState(
                    phase, indexed: covered, pending: phase == .building ? max(0, total - covered) : 0)
            }
        }
        return states
    }
}

extension Element {
    init?(qdrant word: String) {
        switch word {
        case "float32": self = .float32
        case "float16": self = .float16
        case "uint8": self = .uint8
        default: return nil
        }
    }
}

/// What this program notes in a collection that it makes, for what Qdrant itself does not keep.
struct QdrantNote: Hashable, Sendable {
    /// Tells collections of one name apart.
    var identity: String
    /// The name of the key field.
    var key: String
    /// The vectors in their order.
    var vectors: [String]
    var fields: [Field]

    static let member = "vecsh"

    init(_ shape: Collection) {
        identity = UUID.random().description
        key = shape.key.name
        vectors = shape.vectors.map(\.name)
        fields = shape.fields
    }

    /// Nil where there is none.
    init?(_ metadata: JSONValue?) {
        guard let json = metadata?[Self.member], let identity = json["identity"]?.string else { return nil }
        self.identity = identity
        key = json["key"]?.string ?? "id"
        vectors = json["vectors"]?.array?.compactMap(\.string) ?? []
        fields = (json["fields"]?.array ?? []).compactMap { entry in
            guard let name = entry["name"]?.string, let type = entry["type"]?.string.flatMap({ FieldType($0) }) else {
                return nil
            }
            return Field(name: name, type: type)
        }
    }

    var json: JSONValue {
        [
            "identity": .string(identity), "key": .string(key), "vectors": .array(vectors.map(JSONValue.string)),
            "fields": .array(fields.map { ["name": .string($0.name), "type": .string("\($0.type)")] }),
        ]
    }

    /// Those that came later stand behind.
    func ordered(_ found: [VectorField]) -> [VectorField] {
        vectors.compactMap { name in found.first { $0.name == name } }
            + found.filter { !vectors.contains($0.name) }
    }
}
