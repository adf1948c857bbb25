import Files
import JSON
import Model

/// A node or an edge of GraphML as the row that it is elsewhere: an object with its key.
struct LightRAGElement {
    let key: [UInt8]
    let json: [UInt8]

    init(
        _ xml: inout LightRAGXML, _ graph: LightRAGGraph, _ kind: LightRAGName.Kind
    ) throws(LightRAGXML.Failure) {
        var writer = JSONWriter()
        writer.raw("{")
        let tag = try xml.tag()
        key = try Self.begin(tag, kind, &writer)
        let attributes = graph.attributes(of: kind)
        while !tag.isEmpty {
            _ = try xml.text()
            let data = try xml.tag()
            if data.name == "/\(tag.name)" { break }
            guard data.name == "data", let id = data.attributes["key"],
                let attribute = attributes.first(where: { id.elementsEqual($0.id.utf8) })
            else {
                throw LightRAGXML.Failure(message: "holds <\(data.name)> with a key that the file does not declare")
            }
            let text = data.isEmpty ? [] : try xml.text()
            if !data.isEmpty { _ = try xml.tag() }
            writer.name(attribute.name.utf8)
            try Self.write(text, attribute, &writer)
        }
        writer.raw("}")
        json = writer.bytes
    }

    private static func begin(
        _ tag: LightRAGXML.Tag, _ kind: LightRAGName.Kind, _ writer: inout JSONWriter
    ) throws(LightRAGXML.Failure) -> [UInt8] {
        let key: [UInt8]
        switch (kind, tag.attributes["id"], tag.attributes["source"], tag.attributes["target"]) {
        case (.edges, _, let source?, let target?):
            key = LightRAGGraph.key(source, target)
            for (name, end) in [(LightRAGGraph.source, source), (LightRAGGraph.target, target)] {
                writer.name(name.utf8)
                writer.string(end)
            }
        case (.nodes, let id?, _, _): key = id
        default: throw LightRAGXML.Failure(message: "a <\(tag.name)> does not say which it is")
        }
        writer.name(LightRAGOutline.key.utf8)
        writer.string(key)
        return key
    }

    private static func write(
        _ text: [UInt8], _ attribute: LightRAGGraph.Attribute, _ writer: inout JSONWriter
    ) throws(LightRAGXML.Failure) {
        let word = String(decoding: text, as: UTF8.self)
        switch attribute.fieldType {
        case .bool where ["true", "True", "1"].contains(word): writer.bool(true)
        case .bool where ["false", "False", "0"].contains(word): writer.bool(false)
        case .int32, .int64:
            guard let number = Int64(word) else { throw wrong(word, attribute) }
            writer.integer(number)
        case .float, .double:
            guard let number = Double(word), number.isFinite else { throw wrong(word, attribute) }
            // Its own digits, where JSON allows them.
            if (try? JSONValue(word)) != nil { writer.raw(text) } else { writer.double(number) }
        case .bool: throw wrong(word, attribute)
        default: writer.string(text)
        }
    }

    private static func wrong(_ word: String, _ attribute: LightRAGGraph.Attribute) -> LightRAGXML.Failure {
        LightRAGXML.Failure(message: "\"\(attribute.name)\" is \"\(word.prefix(40))\", and no \(attribute.type)")
    }
}

// MARK: The pass over the file

extension LightRAGOutline {
    mutating func readGraph(_ stream: LightRAGStream, _ kind: LightRAGName.Kind) throws(StoreError) {
        var graph = LightRAGGraph()
        while try stream.find(UInt8(ascii: "<")) {
            let start = stream.offset
            let tag = try stream.tagName()
            switch tag {
            case "key": graph.attributes.append(try attribute(stream))
            case "graph":
                guard graph.start == 0 else { throw stream.broken("holds a graph inside of a graph", at: start) }
                graph.start = start
                try stream.find(UInt8(ascii: ">"))
            case "node", "edge":
                if tag == "edge", graph.firstEdge == nil { graph.firstEdge = start }
                try readElement(stream, tag, kind, graph)
            case "hyperedge", "port", "!DOCTYPE":
                throw stream.broken("holds a <\(tag)>, which no graph here has", at: start)
            default:
                if tag == "/graph" { graph.end = start }
                if tag.hasPrefix("!--") { try stream.passComment() } else { try stream.find(UInt8(ascii: ">")) }
            }
        }
        guard graph.end > 0 else { throw stream.cut }
        self.graph = graph
    }

    private func attribute(_ stream: LightRAGStream) throws(StoreError) -> LightRAGGraph.Attribute {
        try stream.xml(stream.passElement("key")) { xml throws(LightRAGXML.Failure) in
            let tag = try xml.tag()
            if !tag.isEmpty, try xml.tag().name != "/key" {
                throw LightRAGXML.Failure(message: "a <key> with a default value is not understood")
            }
            return try LightRAGGraph.Attribute(tag)
        }
    }

    private mutating func readElement(
        _ stream: LightRAGStream, _ tag: String, _ kind: LightRAGName.Kind, _ graph: LightRAGGraph
    ) throws(StoreError) {
        let range = try stream.passElement(tag)
        guard (tag == "node") == (kind == .nodes) else { return }
        let element = try stream.xml(range) { xml throws(LightRAGXML.Failure) in
            try LightRAGElement(&xml, graph, kind)
        }
        try add(element.key, range, stream)
    }
}

extension LightRAGStream {
    /// The name behind the `<` that comes next.
    fileprivate func tagName() throws(StoreError) -> String {
        let text = try bytes(offset + 1..<min(size, offset + 12))
        let name = text.prefix { $0 > 0x20 && $0 != UInt8(ascii: ">") }
        return String(decoding: name.last == UInt8(ascii: "/") ? name.dropLast() : name, as: UTF8.self)
    }

    /// Passes over the element that begins here, whose end tag has the same name.
    fileprivate func passElement(_ name: String) throws(StoreError) -> Range<Int> {
        let start = offset
        try passTag()
        if try bytes(offset - 2..<offset).first == UInt8(ascii: "/") { return start..<offset }
        while try find(UInt8(ascii: "<")) {
            let tag = try tagName()
            guard !tag.hasPrefix("!"), tag != name else {
                throw broken("holds a <\(tag)> inside of <\(name)>", at: offset)
            }
            try passTag()
            if tag == "/\(name)" { return start..<offset }
        }
        throw cut
    }

    /// Passes over a tag, in whose quotes anything may stand.
    private func passTag() throws(StoreError) {
        var quote: UInt8?
        while let byte = try peek() {
            offset += 1
            if quote == nil, byte == UInt8(ascii: ">") { return }
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'"), quote == nil || quote == byte {
                quote = quote == nil ? byte : nil
            }
        }
        throw cut
    }

    fileprivate func passComment() throws(StoreError) {
        while try find(UInt8(ascii: ">")) {
            offset += 1
            if try bytes(offset - 3..<offset).starts(with: "--".utf8) { return }
        }
        throw cut
    }

    fileprivate func broken(_ what: String, at place: Int) -> StoreError {
        .lightRAG(broken: file.path, "at byte \(place): \(what)")
    }

    fileprivate func xml<Value>(
        _ range: Range<Int>, _ body: (inout LightRAGXML) throws(LightRAGXML.Failure) -> Value
    ) throws(StoreError) -> Value {
        var xml = LightRAGXML(try bytes(range))
        do { return try body(&xml) } catch { throw broken(error.message, at: range.lowerBound) }
    }
}
