/// Reads the XML of one element of a graph, and writes such: tags, attributes and text, and nothing that GraphML lacks.
struct LightRAGXML {
    struct Failure: Error {
        var message: String
    }

    struct Tag {
        var name = ""
        var attributes: [String: [UInt8]] = [:]
        /// `<data/>`: there is no end tag.
        var isEmpty = false
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private(set) var at = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

    // MARK: Reading

    /// The tag that comes next, behind white space; an end tag has a name that begins with `/`.
    mutating func tag() throws(Failure) -> Tag {
        skipSpace()
        try expect(UInt8(ascii: "<"))
        var tag = Tag(name: try name())
        while true {
            skipSpace()
            switch peek {
            case UInt8(ascii: ">"):
                at += 1
                return tag
            case UInt8(ascii: "/"):
                at += 1
                try expect(UInt8(ascii: ">"))
                tag.isEmpty = true
                return tag
            case nil: throw Failure(message: "a tag is not closed")
            default:
                let name = try name()
                tag.attributes[name] = try attribute()
            }
        }
    }

    private mutating func name() throws(Failure) -> String {
        let start = at
        if peek == UInt8(ascii: "/") { at += 1 }
        while let byte = peek, byte > 0x20, byte != UInt8(ascii: ">"), byte != UInt8(ascii: "="),
            byte != UInt8(ascii: "/")
        {
            at += 1
        }
        guard at > start else { throw Failure(message: "a name is missing") }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private mutating func attribute() throws(Failure) -> [UInt8] {
        skipSpace()
        try expect(UInt8(ascii: "="))
        skipSpace()
        guard let quote = peek, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            throw Failure(message: "an attribute's value has no quotes")
        }
        at += 1
        let value = try text(until: quote, isAttribute: true)
        at += 1
        return value
    }

    /// The text up to the next tag.
    mutating func text() throws(Failure) -> [UInt8] { try text(until: UInt8(ascii: "<"), isAttribute: false) }

    private mutating func text(until end: UInt8, isAttribute: Bool) throws(Failure) -> [UInt8] {
        var text: [UInt8] = []
        while let byte = peek, byte != end {
            switch byte {
            case UInt8(ascii: "&"): try appendReference(to: &text)
            case 0x0D:
                // As every reader of XML must: the end of a line is one line feed, and a blank in an attribute.
                if at + 1 < bytes.count, bytes[at + 1] == 0x0A { at += 1 }
                text.append(isAttribute ? 0x20 : 0x0A)
                at += 1
            default:
                text.append(isAttribute && byte < 0x20 ? 0x20 : byte)
                at += 1
            }
        }
        guard peek == end else { throw Failure(message: "the text is cut short") }
        guard String(validating: text, as: UTF8.self) != nil else { throw Failure(message: "the text is not UTF-8") }
        return text
    }

    private mutating func appendReference(to text: inout [UInt8]) throws(Failure) {
        guard let end = bytes[at...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
            throw Failure(message: "an entity is not closed")
        }
        let name = String(decoding: bytes[at + 1..<end], as: UTF8.self)
        at = end + 1
        switch name {
        case "amp": text.append(UInt8(ascii: "&"))
        case "lt": text.append(UInt8(ascii: "<"))
        case "gt": text.append(UInt8(ascii: ">"))
        case "quot": text.append(UInt8(ascii: "\""))
        case "apos": text.append(UInt8(ascii: "'"))
        default:
            guard let scalar = Self.scalar(name) else { throw Failure(message: "the entity &\(name); is not known") }
            text.append(contentsOf: String(scalar).utf8)
        }
    }

    private static func scalar(_ name: String) -> Unicode.Scalar? {
        guard name.hasPrefix("#") else { return nil }
        let digits = name.dropFirst()
        let number = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return number.flatMap(Unicode.Scalar.init)
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
    }

    private mutating func expect(_ byte: UInt8) throws(Failure) {
        guard peek == byte else { throw Failure(message: "expected '\(Unicode.Scalar(byte))'") }
        at += 1
    }

    // MARK: Writing

    /// Whether XML has a way to say this text: it has none for most control characters.
    static func canHold(_ text: some Sequence<UInt8>) -> Bool {
        text.allSatisfy { $0 >= 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
    }

    /// Appends text so that it is read as what it is, also inside of quotes.
    static func append(_ text: some Sequence<UInt8>, isAttribute: Bool = false, to xml: inout [UInt8]) {
        for byte in text {
            switch byte {
            case UInt8(ascii: "&"): xml += "&amp;".utf8
            case UInt8(ascii: "<"): xml += "&lt;".utf8
            case UInt8(ascii: ">"): xml += "&gt;".utf8
            case 0x0D: xml += "&#13;".utf8
            case UInt8(ascii: "\"") where isAttribute: xml += "&quot;".utf8
            case ..<0x20 where isAttribute: xml += "&#\(byte);".utf8
            default: xml.append(byte)
            }
        }
    }
}
