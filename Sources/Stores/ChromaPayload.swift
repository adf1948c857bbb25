import JSON
import Model

/// The fields of one record as Chroma holds them: its document, its uri, its metadata.
///
/// What Chroma has no place for (null, objects, lists of several kinds, numbers that it would round, names that it does
/// not take) goes into one member of the metadata, as the text of a JSON object.
struct ChromaPayload {
    /// JSON text, or empty.
    private(set) var document: [UInt8] = []
    private(set) var uri: [UInt8] = []
    private(set) var names: Set<Text> = []
    private var metadata = JSONWriter()
    private var others = JSONWriter()

    private let hasLists: Bool
    /// Whose numbers are fractions, also where they look whole.
    private let fractions: Set<Text>

    init(_ shape: Collection, _ engine: ChromaEngine) {
        hasLists = engine.hasLists
        fractions = Set(shape.fields.filter { $0.type == .float || $0.type == .double }.map { Text($0.name) })
    }

    /// Takes the members of an object in place of those that it has.
    mutating func take(_ object: [UInt8]) throws(JSONError) {
        (document, uri, names) = ([], [], [])
        (metadata.bytes, others.bytes) = ([UInt8(ascii: "{")], [UInt8(ascii: "{")])
        try object.withScanner { scanner throws(JSONError) in
            try scanner.object { (scanner, name) throws(JSONError) in
                let text = Text(utf8: try scanner.decoded(name))
                try take(text, &scanner)
            }
        }
        guard others.bytes.count > 1 else { return }
        others.raw("}")
        names.insert(Self.others)
        metadata.name(Self.others.utf8)
        metadata.string(others.bytes)
    }

    private mutating func take(_ name: Text, _ scanner: inout JSONScanner) throws(JSONError) {
        let kind = try scanner.kind()
        let start = scanner.offset
        let isHeld = try isHeld(&scanner)
        let value = scanner.raw(start..<scanner.offset)
        switch name {
        case Self.document where kind == .string: document = Array(value)
        case Self.uri where kind == .string: uri = Array(value)
        default:
            guard isHeld, let inner = Self.inner(name) else {
                others.name(name.utf8)
                return others.raw(value)
            }
            names.insert(inner)
            metadata.name(inner.utf8)
            metadata.raw(value)
            if kind == .number, fractions.contains(name), Self.isWhole(value) { metadata.raw(".0") }
        }
    }

    /// Appends the metadata, with null for every name of what is to go; `null` alone where there is nothing.
    func write(removing gone: some Sequence<Text>, to writer: inout JSONWriter) {
        let start = writer.bytes.count
        writer.raw(metadata.bytes)
        for name in gone {
            writer.name(name.utf8)
            writer.raw("null")
        }
        guard writer.bytes.count > start + 1 else {
            writer.bytes.removeSubrange(start...)
            return writer.raw("null")
        }
        writer.raw("}")
    }

    /// As it stands in the queue of a folder: all of it in one object.
    var queued: [UInt8] {
        var object = metadata
        for (name, value) in [("chroma:document", document), ("chroma:uri", uri)] where !value.isEmpty {
            object.name(name.utf8)
            object.raw(value)
        }
        object.raw("}")
        return object.bytes
    }

    // MARK: Names

    private static let document = Text(ChromaTable.document)
    private static let uri = Text(ChromaTable.uri)
    static let others = Text(ChromaNote.others)

    /// How a member of the payload is called in the metadata; nil where Chroma takes no such name.
    ///
    /// A server that reads `chroma:…` from its queue ends for good, so that none is ever sent.
    static func inner(_ name: Text) -> Text? {
        if name == "#document" { return document }
        if name == "#uri" { return uri }
        let reserved = ["#", "$", "chroma:", "vecsh:"].contains { name.utf8.starts(with: $0.utf8) }
        return name.utf8.isEmpty || reserved || name == document || name == uri ? nil : name
    }

    /// How a member of the metadata is called in the payload.
    static func outer(_ name: Text) -> Text {
        name == document ? "#document" : name == uri ? "#uri" : name
    }

    // MARK: Values

    /// Passes over the value that comes next, and says whether Chroma gives it back as it is.
    private func isHeld(_ scanner: inout JSONScanner) throws(JSONError) -> Bool {
        switch try scanner.kind() {
        case .string:
            _ = try scanner.rawString()
            return true
        case .bool:
            _ = try scanner.bool()
            return true
        case .number: return try Self.number(&scanner) != .other
        case .array: return try isHeldList(&scanner) && hasLists
        case .object, .null:
            try scanner.skip()
            return false
        }
    }

    private enum Element { case text, truth, whole, fraction, other }

    /// All of one kind; of an empty list Chroma keeps nothing.
    private func isHeldList(_ scanner: inout JSONScanner) throws(JSONError) -> Bool {
        var kinds: Set<Element> = []
        try scanner.array { scanner throws(JSONError) in
            switch try scanner.kind() {
            case .string:
                kinds.insert(.text)
                _ = try scanner.rawString()
            case .bool:
                kinds.insert(.truth)
                _ = try scanner.bool()
            case .number: kinds.insert(try Self.number(&scanner))
            case .array, .object, .null:
                kinds.insert(.other)
                try scanner.skip()
            }
        }
        return kinds.count == 1 && !kinds.contains(.other)
    }

    private static func number(_ scanner: inout JSONScanner) throws(JSONError) -> Element {
        let start = scanner.offset
        let range = try scanner.number()
        let text = scanner.raw(range)
        guard isWhole(text) else {
            scanner.offset = start
            // A fraction that float64 does not have stays as it is written.
            return (try? scanner.double()).map(isKept) == true ? .fraction : try pass(&scanner, start)
        }
        // Minus zero is a fraction for every reader.
        guard let value = Int64(String(decoding: text, as: UTF8.self)) else { return .other }
        return value == 0 && text.count > 1 ? .other : .whole
    }

    /// Chroma's own file forgets the sign of zero.
    private static func isKept(_ value: Double) -> Bool { value.isFinite && (value != 0 || value.sign == .plus) }

    private static func pass(_ scanner: inout JSONScanner, _ start: Int) throws(JSONError) -> Element {
        scanner.offset = start
        try scanner.skip()
        return .other
    }

    private static func isWhole(_ number: Swift.Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        !number.contains { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }
    }
}
