/// An element of a small XML document, without its attributes.
struct XMLElement: Sendable {
    private(set) var name = ""
    private(set) var text = ""
    private(set) var children: [XMLElement] = []

    /// The text of the first child of a name.
    subscript(name: String) -> String? { children.first { $0.name == name }?.text }

    func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    /// The document's one element; nil if this is no XML.
    init?(_ bytes: [UInt8]) {
        var open = [XMLElement()]
        var rest = bytes[...]
        while let mark = rest.firstIndex(of: UInt8(ascii: "<")) {
            open[open.count - 1].text += XMLElement.decoded(rest[..<mark])
            rest = rest[rest.index(after: mark)...]
            guard XMLElement.take(&rest, into: &open) else { return nil }
        }
        guard open.count == 1, let root = open[0].children.first else { return nil }
        self = root
    }

    private init() {}

    /// What stands behind a `<`.
    private static func take(_ rest: inout ArraySlice<UInt8>, into open: inout [XMLElement]) -> Bool {
        if rest.starts(with: "!--".utf8) { return rest.drop(through: "-->") != nil }
        if rest.starts(with: "![CDATA[".utf8) {
            guard let inside = rest.drop(through: "]]>") else { return false }
            open[open.count - 1].text += String(decoding: inside.dropFirst(8), as: UTF8.self)
            return true
        }
        guard let tag = rest.drop(through: ">") else { return false }
        switch tag.first {
        case UInt8(ascii: "?"), UInt8(ascii: "!"): return true
        case UInt8(ascii: "/"): return close(name(tag.dropFirst()), &open)
        default:
            var element = XMLElement()
            element.name = name(tag)
            open.append(element)
            return tag.last == UInt8(ascii: "/") ? close(element.name, &open) : true
        }
    }

    private static func close(_ name: String, _ open: inout [XMLElement]) -> Bool {
        guard open.count > 1, let element = open.popLast(), element.name == name else { return false }
        open[open.count - 1].children.append(element)
        return true
    }

    /// Without its attributes, and without its namespace's letters.
    private static func name(_ tag: ArraySlice<UInt8>) -> String {
        let whole = tag.prefix { $0 > 0x20 && $0 != UInt8(ascii: "/") }
        return String(decoding: whole.split(separator: UInt8(ascii: ":")).last ?? whole, as: UTF8.self)
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.contains(UInt8(ascii: "&")) else { return text }
        var parts = text.split(separator: "&", omittingEmptySubsequences: false)[...]
        var result = String(parts.popFirst() ?? "")
        for part in parts {
            let name = part.prefix { $0 != ";" }
            result += character(name).map { $0 + part.dropFirst(name.count + 1) } ?? "&" + part
        }
        return result
    }

    private static func character(_ name: Substring) -> String? {
        switch name {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard name.first == "#" else { return nil }
            let digits = name.dropFirst()
            let number = digits.first == "x" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            return number.flatMap(Unicode.Scalar.init).map { String(Character($0)) }
        }
    }
}

extension ArraySlice<UInt8> {
    /// Takes away all up to an ending, and it too; answers what stood before it.
    fileprivate mutating func drop(through ending: String) -> ArraySlice<UInt8>? {
        guard let range = firstRange(of: Array(ending.utf8)) else { return nil }
        defer { self = self[range.upperBound...] }
        return self[..<range.lowerBound]
    }
}
