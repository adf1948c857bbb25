import JSON

/// A shape as JSON: what `describe` prints, and what stores keep in their own files.
extension Collection {
    package var json: JSONValue { .object(members) }

    package var members: [JSONValue.Member] {
        [
            JSONValue.Member("name", .string(name)),
            JSONValue.Member(
                "key",
                ["name": .string(key.name), "type": .string("\(key.type)"), "auto": .bool(key.isInvented)]),
            JSONValue.Member("vectors", .array(vectors.map(\.json))),
            JSONValue.Member("fields", .array(fields.map(\.json))),
            JSONValue.Member("open", .bool(isOpen)),
            JSONValue.Member("indexes", .array(indexes.map(\.json))),
            JSONValue.Member("partitions", .array(partitions.map(JSONValue.string))),
            JSONValue.Member("native", .object(native)),
        ]
    }

    /// The shape as it will be read again where it is kept as JSON; throws if that is no shape at all.
    package var throughJSON: Collection {
        get throws(StoreError) {
            guard let json = try? JSONValue(json.text) else {
                throw StoreError(.rejected, "the shape of \(name) cannot be written as JSON")
            }
            do { return try Collection(json: json) } catch { throw StoreError(.rejected, error.message) }
        }
    }

    /// Throws ``StoreError/Code/malformed`` with the part that is not as it should be.
    package init(json: JSONValue) throws(StoreError) {
        let part = Part(json, "the shape")
        self.init(
            name: try part.text("name"), key: try KeyField(try part.part("key")),
            vectors: try part.list("vectors") { part throws(StoreError) in try VectorField(part) },
            fields: try part.list("fields") { part throws(StoreError) in try Field(part) },
            isOpen: try part.truth("open"),
            indexes: try part.list("indexes") { part throws(StoreError) in try Index(part) },
            partitions: json["partitions"]?.array?.compactMap(\.string) ?? [],
            native: json["native"]?.dictionary ?? [:])
    }
}

extension JSONValue {
    /// Members by name, sorted, so that what is printed is stable.
    package static func object(_ members: [String: JSONValue]) -> JSONValue {
        .object(members.sorted { $0.key < $1.key }.map { Member($0.key, $0.value) })
    }

    package var dictionary: [String: JSONValue]? {
        members.map { Dictionary($0.map { ($0.name, $0.value) }) { _, last in last } }
    }

    package static func optional(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }
    package static func optional(_ number: Int?) -> JSONValue { number.map { .integer(Int64($0)) } ?? .null }
}

extension VectorField {
    package var json: JSONValue {
        [
            "name": .string(name), "layout": .string(layout.rawValue), "element": .string(element.rawValue),
            "dimension": .optional(dimension), "metric": .optional(metric?.rawValue), "nullable": .bool(isNullable),
        ]
    }

    fileprivate init(_ part: Part) throws(StoreError) {
        let layout = try part.word("layout", Layout.init(rawValue:))
        self.init(
            name: try part.text("name"), layout: layout,
            element: try part.word("element", Element.init(rawValue:)),
            dimension: layout == .sparse ? nil : try part.positive("dimension"),
            metric: try part.wordOrNull("metric", Metric.init(rawValue:)), isNullable: try part.truth("nullable"))
    }
}

extension Field {
    package var json: JSONValue {
        var (type, limit) = (type.description, Int?.none)
        if case .text(let length) = self.type { (type, limit) = ("text", length) }
        return [
            "name": .string(name), "type": .string(type), "nullable": .bool(isNullable),
            "max_length": .optional(limit),
        ]
    }

    fileprivate init(_ part: Part) throws(StoreError) {
        var type = try part.word("type", FieldType.init)
        if case .text = type { type = .text(maxLength: part.value["max_length"]?.integer.map(Int.init)) }
        self.init(name: try part.text("name"), type: type, isNullable: try part.truth("nullable"))
    }
}

extension KeyField {
    fileprivate init(_ part: Part) throws(StoreError) {
        self.init(
            name: try part.text("name"), type: try part.word("type", KeyType.init),
            isInvented: try part.truth("auto"))
    }
}

extension Index {
    package var members: [JSONValue.Member] {
        [
            JSONValue.Member("name", .string(name)), JSONValue.Member("field", .string(field)),
            JSONValue.Member("type", .string(type)), JSONValue.Member("metric", .optional(metric?.rawValue)),
            JSONValue.Member("params", .object(params)),
        ]
    }

    fileprivate var json: JSONValue { .object(members) }

    fileprivate init(_ part: Part) throws(StoreError) {
        self.init(
            name: try part.text("name"), field: try part.text("field"), type: try part.text("type"),
            metric: try part.wordOrNull("metric", Metric.init(rawValue:)),
            params: part.value["params"]?.dictionary ?? [:])
    }
}

/// A part of a document, and what it is called when it is wrong.
private struct Part {
    let value: JSONValue
    let name: String

    init(_ value: JSONValue, _ name: String) {
        self.value = value
        self.name = name
    }

    func part(_ member: String) throws(StoreError) -> Part {
        guard let inner = value[member] else { throw wrong(member) }
        return Part(inner, "\(name).\(member)")
    }

    func text(_ member: String) throws(StoreError) -> String { try read(member, \.string) }
    func truth(_ member: String) throws(StoreError) -> Bool { try read(member, \.bool) }

    func positive(_ member: String) throws(StoreError) -> Int {
        try read(member) { $0.integer.flatMap(Int.init(exactly:)).flatMap { $0 > 0 ? $0 : nil } }
    }

    func word<Word>(_ member: String, _ make: (String) -> Word?) throws(StoreError) -> Word {
        try read(member) { $0.string.flatMap(make) }
    }

    func wordOrNull<Word>(_ member: String, _ make: (String) -> Word?) throws(StoreError) -> Word? {
        value[member] ?? .null == .null ? nil : try word(member, make)
    }

    func list<Item>(_ member: String, _ make: (Part) throws(StoreError) -> Item) throws(StoreError) -> [Item] {
        var items: [Item] = []
        for (index, element) in try read(member, \.array).enumerated() {
            items.append(try make(Part(element, "\(name).\(member)[\(index)]")))
        }
        return items
    }

    private func read<Value>(_ member: String, _ make: (JSONValue) -> Value?) throws(StoreError) -> Value {
        guard let value = value[member].flatMap(make) else { throw wrong(member) }
        return value
    }

    private func wrong(_ member: String) -> StoreError {
        StoreError(
            .malformed, "\(name).\(member) is missing or not as it should be: \(value[member]?.text ?? "nothing")")
    }
}
