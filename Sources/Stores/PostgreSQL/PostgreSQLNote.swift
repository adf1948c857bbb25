import JSON
import Model

/// What the type of a column or an index does not say of what we keep there: `vecsh {"metric":"cosine"}`, as its comment.
struct PostgreSQLNote: Hashable, Sendable {
    /// What the field is called, where the column must have another name.
    var name: String?
    /// The field's type, or the element of a vector, where the column's own type has other values too.
    var type: String?
    var metric: Metric?
    /// The fields that stand in a column of JSON, where another program has laid the table out.
    var packed: [Field]?
    /// The column that takes what records carry beyond the declared fields.
    var isPayload = false

    init(
        name: String? = nil, type: String? = nil, metric: Metric? = nil, isPayload: Bool = false, packed: [Field]? = nil
    ) {
        self.name = name
        self.type = type
        self.metric = metric
        self.isPayload = isPayload
        self.packed = packed
    }

    /// Other comments are people's own, and say nothing to us.
    init(comment: String?) {
        guard let comment, comment.hasPrefix(Self.mark),
            let json = try? JSONValue(String(comment.dropFirst(Self.mark.count)))
        else {
            self.init()
            return
        }
        self.init(
            name: json["name"]?.string, type: json["type"]?.string,
            metric: json["metric"]?.string.flatMap(Metric.init(rawValue:)), isPayload: json["payload"]?.bool ?? false,
            packed: json["fields"]?.array.map { $0.compactMap(Self.field) })
    }

    /// Nil where there is nothing to say.
    var comment: String? {
        var members: [JSONValue.Member] = []
        if let name { members.append(.init("name", .string(name))) }
        if let type { members.append(.init("type", .string(type))) }
        if let metric { members.append(.init("metric", .string(metric.rawValue))) }
        if let packed {
            let fields = packed.map { JSONValue.object([.init($0.name, .string("\($0.type)"))]) }
            members.append(.init("fields", .array(fields)))
        }
        if isPayload { members.append(.init("payload", true)) }
        return members.isEmpty ? nil : Self.mark + JSONValue.object(members).text
    }

    private static func field(_ json: JSONValue) -> Field? {
        guard let (name, type) = json.dictionary?.first, let type = type.string.flatMap(FieldType.init) else {
            return nil
        }
        return Field(name: name, type: type)
    }

    private static let mark = "vecsh "
}
