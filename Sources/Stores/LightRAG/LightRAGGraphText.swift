import JSON
import Model

/// Rows as the elements of a GraphML file.
struct LightRAGGraphText {
    /// A graph without nodes.
    static let empty = """
        <?xml version='1.0' encoding='utf-8'?>
        <graphml xmlns="http://graphml.graphdrawing.org/xmlns" \
        xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
        xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns \
        http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">
        <graph edgedefault="undirected">
        </graph>
        </graphml>

        """

    /// The same as it is found in a file.
    static let emptyGraph: LightRAGGraph = {
        var graph = LightRAGGraph()
        graph.start = place(of: "<graph ")
        graph.end = place(of: "</graph>")
        return graph
    }()

    private static func place(of tag: String) -> Int {
        empty.firstRange(of: tag).map { empty.utf8.distance(from: empty.startIndex, to: $0.lowerBound) } ?? 0
    }

    private let isNode: Bool
    private let known: [LightRAGGraph.Attribute]
    private let added: [LightRAGGraph.Attribute]

    init(_ kind: LightRAGName.Kind, _ graph: LightRAGGraph, _ collection: Collection) {
        isNode = kind == .nodes
        var known = graph.attributes(of: kind)
        var added: [LightRAGGraph.Attribute] = []
        var number = graph.attributes.count
        for field in collection.fields where !(kind == .edges && LightRAGGraph.ends.contains { $0.name == field.name })
        {
            let words =
                LightRAGGraph.Attribute.word(field.type).map { [$0] } ?? ["string", "long", "double", "boolean"]
            for word in words where !known.contains(where: { $0.name == field.name && $0.type == word }) {
                while graph.attributes.contains(where: { $0.id == "d\(number)" }) { number += 1 }
                added.append(
                    LightRAGGraph.Attribute(
                        id: "d\(number)", isOfNodes: isNode, isOfEdges: !isNode, name: field.name, type: word))
                number += 1
            }
        }
        known += added
        (self.known, self.added) = (known, added)
    }

    /// What the file does not declare yet.
    var declarations: [UInt8] {
        var xml: [UInt8] = []
        for attribute in added {
            xml += "<key id=\"\(attribute.id)\" for=\"\(isNode ? "node" : "edge")\" attr.name=\"".utf8
            LightRAGXML.append(attribute.name.utf8, isAttribute: true, to: &xml)
            xml += "\" attr.type=\"\(attribute.type)\"/>\n".utf8
        }
        return xml
    }

    /// The element of a row.
    func element(_ text: UnsafeBufferPointer<UInt8>) throws(StoreError) -> [UInt8] {
        let row: JSONValue
        do { row = try JSONValue(Array(text)) } catch {
            throw StoreError(.malformed, "what was written is no record any more: \(error)")
        }
        var xml: [UInt8] = Array((isNode ? "<node" : "<edge").utf8)
        for (attribute, name) in ends {
            xml += " \(attribute)=\"".utf8
            LightRAGXML.append((row[name]?.string ?? "").utf8, isAttribute: true, to: &xml)
            xml += "\"".utf8
        }
        xml += ">\n".utf8
        for member in row.members ?? [] where isAttribute(member) { try append(member, to: &xml) }
        xml += (isNode ? "</node>" : "</edge>").utf8
        return xml
    }

    private var ends: [(String, String)] {
        isNode ? [("id", LightRAGOutline.key)] : [("source", LightRAGGraph.source), ("target", LightRAGGraph.target)]
    }

    private func isAttribute(_ member: JSONValue.Member) -> Bool {
        member.value != .null && member.name != LightRAGOutline.key
            && (isNode || !LightRAGGraph.ends.contains { $0.name == member.name })
    }

    private func append(_ member: JSONValue.Member, to xml: inout [UInt8]) throws(StoreError) {
        let candidates = known.filter { $0.name == member.name }
        guard let attribute = candidates.first(where: { $0.holds(member.value) }) else {
            throw StoreError(.rejected, "the graph has no attribute \"\(member.name)\" for \(member.value.text)")
        }
        xml += "  <data key=\"".utf8
        LightRAGXML.append(attribute.id.utf8, isAttribute: true, to: &xml)
        xml += "\">".utf8
        LightRAGXML.append((member.value.string ?? member.value.text).utf8, to: &xml)
        xml += "</data>\n".utf8
    }
}

extension LightRAGGraph.Attribute {
    fileprivate func holds(_ value: JSONValue) -> Bool {
        switch (fieldType, value) {
        case (.bool, .bool), (.int32, .integer), (.int64, .integer), (.text, .string), (.float, .double),
            (.double, .double), (.float, .integer), (.double, .integer):
            true
        default: false
        }
    }
}
