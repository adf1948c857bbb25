import JSON
import Model

/// A collection as its server describes it.
struct ChromaTable: Hashable, Sendable {
    var id: String
    var name: String
    /// Of the collection, with what this program notes there.
    var metadata: [JSONValue.Member]
    var settings: ChromaSettings
    /// What makes vectors of texts in Chroma's own clients.
    var embedder: JSONValue?
    /// Nil as long as there was no record.
    var dimension: Int?

    init(_ json: JSONValue, _ address: String) throws(StoreError) {
        guard let id = json["id"]?.string, let name = json["name"]?.string else {
            throw StoreError(
                .malformed, "\(address) describes a collection without name or id", help: "is this a Chroma?")
        }
        (self.id, self.name) = (id, name)
        metadata = json["metadata"]?.members ?? []
        dimension = json["dimension"]?.integer.map { Int($0) }
        settings = ChromaSettings(json)
        embedder = json["configuration_json"]?["embedding_function"]?.something
    }

    /// One that is to be made.
    init(name: String, _ native: JSONValue?) {
        (id, self.name) = ("", name)
        metadata = (native?["metadata"]?.members ?? []).filter { !ChromaNote.isOne($0.name) }
        settings = ChromaSettings(modern: native?["configuration"]?["hnsw"]).filled(
            by: ChromaSettings(metadata: metadata))
        embedder = native?["configuration"]?["embedding_function"]?.something
    }

    var identity: Identity { Identity(id) }

    var note: Collection? { metadata.lazy.compactMap(ChromaNote.shape).first }

    // MARK: In our terms

    func collection(_ engine: ChromaEngine) -> Collection {
        var shape = note ?? Self.plain
        shape.name = name
        shape.native = native
        guard let dimension = dimension ?? shape.vectors.first?.dimension else { return shape }
        if shape.vectors.isEmpty {
            shape.vectors = [VectorField(name: Self.embedding, dimension: 0, isNullable: engine.hasVectorless)]
        }
        shape.vectors[0].dimension = dimension
        shape.vectors[0].metric = settings.metric
        return shape
    }

    static let embedding = "embedding"
    static let document = "document"
    static let uri = "uri"

    /// What a collection looks like that this program has not made, but for its vectors.
    static let plain = Collection(
        name: "", key: KeyField(type: .text(maxLength: nil)),
        fields: [document, uri].map { Field(name: $0, type: .text(maxLength: nil)) }, isOpen: true)

    func description(_ engine: ChromaEngine) -> Description {
        Description(collection: collection(engine), identity: identity)
    }

    /// What only Chroma has, as far as it is not what Chroma takes by itself: so that one Chroma can be made like another.
    private var native: [String: JSONValue] {
        var native: [String: JSONValue] = [:]
        let kept = metadata.filter { !ChromaNote.isOne($0.name) }
        if !kept.isEmpty { native["metadata"] = .object(Dictionary(kept.map { ($0.name, $0.value) }) { $1 }) }
        let own = settings.unusual(besides: ChromaSettings(metadata: metadata))
        var configuration = own.isEmpty ? [:] : ["hnsw": JSONValue.object(own)]
        configuration["embedding_function"] = embedder
        if !configuration.isEmpty { native["configuration"] = .object(configuration) }
        // Not a collection without vectors, but one that has had none yet.
        if dimension == nil, note == nil { native["dimension"] = .null }
        return native.isEmpty ? [:] : ["chroma": .object(native)]
    }

    static func isUnfilled(_ shape: Collection) -> Bool {
        shape.vectors.isEmpty && shape.native["chroma"]?["dimension"] == .null
    }

    /// The first records give a collection its dimension.
    static func filled(_ shape: Collection, by batch: Batch) -> Collection {
        guard isUnfilled(shape), batch.count > 0, batch.vectors.count == 1,
            case .dense(let bytes) = batch.vectors[0].values
        else { return shape }
        var shape = shape
        shape.vectors = [VectorField(name: embedding, dimension: bytes.count / batch.count / 4)]
        return shape
    }

    // MARK: In Chroma's

    /// What asks a server to make it.
    func order(_ engine: ChromaEngine) -> JSONValue {
        var order: [JSONValue.Member] = [.init("name", .string(name))]
        if !metadata.isEmpty { order.append(.init("metadata", .object(metadata))) }
        if engine.hasLists {
            var configuration = ["hnsw": JSONValue.object(settings.modern)]
            configuration["embedding_function"] = embedder
            order.append(.init("configuration", .object(configuration)))
        }
        return .object(order)
    }

    /// Servers that do not take a configuration, or tell lies about theirs, are told in the metadata.
    mutating func keepSettingsInMetadata() {
        let said = Set(metadata.map(\.name))
        metadata += settings.metadata.filter { !said.contains($0.name) }
    }
}
