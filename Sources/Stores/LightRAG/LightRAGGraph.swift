import JSON
import Model

/// What a GraphML file says about itself: the attributes that it declares, and where its parts begin.
struct LightRAGGraph: Sendable {
    struct Attribute: Hashable, Sendable {
        /// How the file's elements refer to it: `d0`.
        var id: String
        var isOfNodes: Bool
        var isOfEdges: Bool
        var name: String
        /// GraphML's word for it: `string`, `long`, `double`, `boolean`…
        var type: String
    }

    var attributes: [Attribute] = []
    /// The bytes at which `<graph`, the first `<edge` and `</graph>` begin.
    var start = 0
    var firstEdge: Int?
    var end = 0

    static let (source, target) = ("src_id", "tgt_id")
    /// LightRAG's own word between names that it puts into one text.
    static let separator = "<SEP>"

    func attributes(of kind: LightRAGName.Kind) -> [Attribute] {
        attributes.filter { kind == .nodes ? $0.isOfNodes : $0.isOfEdges }
    }

    /// The fields of a graph's collection, as the file declares them.
    func fields(of kind: LightRAGName.Kind) -> [Field] {
        let declared = attributes(of: kind)
        var fields: [Field] = kind == .edges ? Self.ends : []
        for attribute in declared where !fields.contains(where: { $0.name == attribute.name }) {
            let types = Set(declared.filter { $0.name == attribute.name }.map(\.fieldType))
            fields.append(Field(name: attribute.name, type: types.count == 1 ? attribute.fieldType : .json))
        }
        return fields
    }

    /// What every edge has.
    static let ends = [source, target].map { Field(name: $0, type: .text(maxLength: nil), isNullable: false) }

    static func key(_ source: [UInt8], _ target: [UInt8]) -> [UInt8] { source + Array(separator.utf8) + target }
}

extension LightRAGGraph.Attribute {
    init(_ tag: LightRAGXML.Tag) throws(LightRAGXML.Failure) {
        let domain = String(decoding: tag.attributes["for"] ?? Array("all".utf8), as: UTF8.self)
        guard let id = tag.attributes["id"], let name = tag.attributes["attr.name"] else {
            throw LightRAGXML.Failure(message: "a <key> has no id or no attr.name")
        }
        self.init(
            id: String(decoding: id, as: UTF8.self), isOfNodes: domain == "node" || domain == "all",
            isOfEdges: domain == "edge" || domain == "all", name: String(decoding: name, as: UTF8.self),
            type: String(decoding: tag.attributes["attr.type"] ?? Array("string".utf8), as: UTF8.self))
    }

    var fieldType: FieldType {
        switch type {
        case "boolean": .bool
        case "int": .int32
        case "long": .int64
        case "float": .float
        case "double": .double
        default: .text(maxLength: nil)
        }
    }

    /// The word for a field's type; nil if GraphML has none.
    static func word(_ type: FieldType) -> String? {
        switch type {
        case .bool: "boolean"
        case .int8, .int16, .int32: "int"
        case .int64: "long"
        case .float: "float"
        case .double: "double"
        case .text, .timestamp: "string"
        case .json, .array: nil
        }
    }
}
