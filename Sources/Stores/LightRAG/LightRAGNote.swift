import Files
import JSON
import Model

/// What a collection was made as, which its file cannot say: types of fields and keys, and which one it is.
struct LightRAGNote {
    let identity: Identity
    var collection: Collection

    init(_ identity: Identity, _ collection: Collection) { (self.identity, self.collection) = (identity, collection) }

    init(_ collection: Collection) {
        // By chance: a job that outlived its process must not take a new collection for its own.
        identity = Identity(UUID.random().description)
        self.collection = collection
    }

    /// Nil for a collection that this program did not make.
    init?(_ name: LightRAGName, in root: String) throws(StoreError) {
        let path = Self.path(name, in: root)
        guard Disk.exists(path), Disk.exists("\(root)/\(name.file)") else { return nil }
        guard let json = try? JSONValue(Disk.contents(path)), let note = try LightRAGNote(json: json) else {
            throw .lightRAG(broken: path, "is no note of vecsh's", help: "remove it: fields get the types they show")
        }
        self = note
        collection.name = name.name
    }

    init?(json: JSONValue) throws(StoreError) {
        guard let token = json["identity"]?.string, let shape = json["collection"] else { return nil }
        identity = Identity(token)
        collection = try Collection(json: shape)
    }

    var json: JSONValue { ["identity": .string(identity.token), "collection": collection.json] }

    func save(_ name: LightRAGName, in root: String) throws(StoreError) {
        try Disk.replace(Self.path(name, in: root), with: Array((json.indented() + "\n").utf8))
    }

    static func path(_ name: LightRAGName, in root: String) -> String {
        "\(root)/\(LightRAGName.hidden)/\(name.name).shape.json"
    }
}
