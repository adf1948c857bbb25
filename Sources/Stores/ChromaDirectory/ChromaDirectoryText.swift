import JSON
import Model

/// What a record holds beside its vector.
struct ChromaDirectoryText {
    var key: [UInt8] = []
    var document: [UInt8]?
    var uri: [UInt8]?
    /// A JSON object that has been begun, and is ended when it is handed out.
    var rest = JSONWriter()
    /// Whether it has a member that is the text of more of them.
    var hasNote = false

    init() { rest.raw("{") }

    /// What a budget counts.
    var byteCount: Int { 16 + (document?.count ?? 0) + (uri?.count ?? 0) + rest.bytes.count + 25 }

    /// Puts what Chroma had no place for back where it belongs.
    mutating func unfold() throws(JSONError) {
        let folded = rest.bytes + [UInt8(ascii: "}")]
        (rest, hasNote) = (JSONWriter(), false)
        rest.raw("{")
        try folded.withScanner { scanner throws(JSONError) in try append(&scanner, isOuter: true) }
    }

    private mutating func append(_ scanner: inout JSONScanner, isOuter: Bool) throws(JSONError) {
        try scanner.object { (scanner, name) throws(JSONError) in
            let name = Text(utf8: try scanner.decoded(name))
            if isOuter, name == ChromaPayload.others, try scanner.kind() == .string {
                let text = try scanner.string()
                return try text.withScanner { inner throws(JSONError) in try append(&inner, isOuter: false) }
            }
            rest.name(name.utf8)
            rest.raw(scanner.raw(try scanner.skip()))
        }
    }

    /// All of it as one JSON object.
    func members() -> [UInt8] {
        var object = rest
        for (name, value) in [(ChromaTable.document, document), (ChromaTable.uri, uri)] {
            guard let value else { continue }
            object.name(name.utf8)
            object.string(value)
        }
        object.raw("}")
        return object.bytes
    }
}
