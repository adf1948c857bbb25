import JSON
import Model

/// What this program notes in a collection's metadata.
enum ChromaNote {
    /// The types of keys and fields, where they are not what a collection shows by itself.
    static let shape = "vecsh:shape"
    /// In the metadata of a record: the members that Chroma has no place for, as the text of a JSON object.
    static let others = "vecsh:json"

    static func isOne(_ name: String) -> Bool { name == shape }

    static func text(_ shape: Collection) -> String {
        JSONValue.object(shape.members.filter { kept.contains($0.name) }).text
    }

    private static let kept: Set<String> = ["key", "vectors", "fields", "open"]

    static func shape(_ member: JSONValue.Member) -> Collection? {
        guard member.name == shape, let text = member.value.string, let json = try? JSONValue(text),
            let members = json.members
        else { return nil }
        let whole = JSONValue.object(members + [.init("name", ""), .init("indexes", .array([]))])
        guard let shape = try? Collection(json: whole), shape.vectors.count == 1 else { return nil }
        return shape
    }
}

extension Key {
    /// Every key is a text there.
    var chromaText: [UInt8] {
        if case .text(let text) = self { text.utf8 } else { Array(description.utf8) }
    }
}

extension Collection {
    /// The key that an id stands for, in a collection that was made for keys of another type than text.
    func key(spelled id: Text) throws(StoreError) -> Key {
        if case .text = key.type { return .text(id) }
        guard let key = key.type.key(spelled: id.description), key.chromaText == id.utf8 else {
            throw StoreError(
                .malformed, "\(name) was made for keys of type \(key.type), and has one \"\(id)\"",
                help: "remove that record, or \"\(ChromaNote.shape)\" from the collection's metadata")
        }
        return key
    }
}
