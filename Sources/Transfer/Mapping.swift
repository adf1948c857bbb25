import JSON
import Model

/// What a copy does to records on their way.
package struct Mapping: Hashable, Sendable {
    /// Only these vectors and fields; nil is all.
    package var fields: [String]?
    /// New names by old ones.
    package var rename: [String: String]
    /// Values that every record gets, found once when the copy was planned.
    package var set: [String: JSONValue]
    /// The fields of ``set`` that hold the moment at which the copy was first asked for.
    package var moments: Set<String>
    package var keys: KeyRule
    /// Stands before every key that a new one is made of, so that the same key of two sources becomes two.
    package var keyPrefix: String
    /// The number of the first record, where the target is to make keys and makes up none.
    package var firstNumber: Int64 = 1
    /// A field that keeps the key as it was.
    package var keepKeyAs: String?
    /// A field that keeps the lengths of vectors, for a target that brings them to length one.
    package var norms: String?
    /// What becomes of records whose keys other sources of the target have, too.
    package var collisions = CollisionRule.fail
    /// Keys that are made anew, as other sources have them.
    package var rekeyed: Set<Key> = []
    /// Which records come, where others give way to those of other sources.
    package var leaving: Filter?

    package init(
        fields: [String]? = nil, rename: [String: String] = [:], set: [String: JSONValue] = [:],
        moments: Set<String> = [], keys: KeyRule = .keep, keyPrefix: String = "", keepKeyAs: String? = nil,
        norms: String? = nil
    ) {
        self.fields = fields
        self.rename = rename
        (self.set, self.moments) = (set, moments)
        self.keys = keys
        self.keyPrefix = keyPrefix
        self.keepKeyAs = keepKeyAs
        self.norms = norms
    }

    package static let identity = Mapping()

    var projection: Projection {
        guard let fields else { return .all }
        return Projection(vectors: Set(fields), fields: Set(fields), rest: true)
    }

    var json: JSONValue {
        // What is not asked for is left out, so that jobs of earlier versions are found again.
        .object(
            [
                .init("fields", fields.map { .array($0.map(JSONValue.string)) } ?? .null),
                .init("rename", .object(rename.mapValues(JSONValue.string))), .init("set", .object(set)),
                .init("ids", .string(keys.rawValue)), .init("id_prefix", .string(keyPrefix)),
                .init("keep_id_as", .optional(keepKeyAs)),
            ] + (moments.isEmpty ? [] : [.init("moments", .array(moments.sorted().map(JSONValue.string)))])
                + (firstNumber == 1 ? [] : [.init("first_number", .integer(firstNumber))])
                + (norms.map { [.init("norms", .string($0))] } ?? []) + givingWay)
    }

    /// What the person asked for: neither the moment at which it was, nor what else the program chose, is part of that.
    var asked: JSONValue {
        var mapping = self
        mapping.firstNumber = 1
        (mapping.rekeyed, mapping.leaving) = ([], nil)
        for field in moments { mapping.set[field] = .null }
        return mapping.json
    }

    init?(json: JSONValue?) {
        guard let json, let keys = json["ids"]?.string.flatMap(KeyRule.init(rawValue:)) else { return nil }
        self.init(
            fields: json["fields"]?.array?.compactMap(\.string),
            rename: json["rename"]?.dictionary?.compactMapValues(\.string) ?? [:], set: json["set"]?.dictionary ?? [:],
            moments: Set(json["moments"]?.array?.compactMap(\.string) ?? []), keys: keys,
            keyPrefix: json["id_prefix"]?.string ?? "", keepKeyAs: json["keep_id_as"]?.string,
            norms: json["norms"]?.string)
        firstNumber = json["first_number"]?.integer ?? 1
        guard takeGivingWay(json) else { return nil }
    }
}

extension Mapping {
    /// The shape that records have behind this mapping; throws for a name that is not there, or is taken.
    package func shape(of source: Collection, named name: String) throws(JobError) -> Collection {
        var shape = projection.shape(of: source)
        shape.name = name
        let others = shape.native.filter { $0.value["types"] == nil }
        let kept = Set(shape.fields.map(\.name))
        shape.renameNativeTypes { kept.contains($0) && set[renamed($0)] == nil ? renamed($0) : nil }
        // What else one engine has alone is its own to drop, while all names in it hold.
        if rename.isEmpty, fields == nil { shape.native.merge(others) { $1 } }
        try checkNames(source)
        for place in shape.vectors.indices { shape.vectors[place].name = renamed(shape.vectors[place].name) }
        for place in shape.fields.indices { shape.fields[place].name = renamed(shape.fields[place].name) }
        let names = Set(shape.vectors.map(\.name) + shape.fields.map(\.name))
        shape.indexes = source.indexes.map { index in
            var index = index
            index.field = renamed(index.field)
            return index
        }.filter { names.contains($0.field) || shape.isOpen && (fields?.contains($0.field) ?? true) }
        for (field, value) in set.sorted(by: { $0.key < $1.key }) {
            shape.fields.removeAll { $0.name == field }
            shape.fields.append(Field(name: field, type: value.fieldType))
        }
        rekey(&shape)
        if let keepKeyAs { shape.fields.append(Field(name: keepKeyAs, type: .text(maxLength: nil))) }
        if let norms {
            guard let field = VectorLengths(shape.vectors).field(norms) else {
                throw JobError("\(source.name) has no vector whose length \"\(norms)\" could keep")
            }
            shape.fields.append(field)
        }
        try checkDistinct(shape.vectors.map(\.name), in: source)
        try checkDistinct(shape.fields.map(\.name), in: source)
        return shape
    }

    private func rekey(_ shape: inout Collection) {
        switch keys {
        case .keep: return
        case .uuid5: shape.key.type = .uuid
        case .hash: shape.key.type = .int64
        case .auto: (shape.key.type, shape.key.isInvented) = (.int64, true)
        }
        if keys != .auto { shape.key.isInvented = false }
        shape.native = shape.native.mapValues { engine in
            .object((engine.members ?? []).filter { $0.name != "key" })
        }
    }

    private func checkDistinct(_ names: [String], in source: Collection) throws(JobError) {
        var seen: Set<String> = []
        guard let double = names.first(where: { !seen.insert($0).inserted }) else { return }
        throw JobError("two fields of \(source.name) would be \"\(double)\"", help: "choose another name")
    }

    private func renamed(_ name: String) -> String { rename[name] ?? name }

    private func checkNames(_ source: Collection) throws(JobError) {
        let known = Set(source.vectors.map(\.name) + source.fields.map(\.name))
        let named = (fields ?? []) + rename.keys
        if !source.isOpen, let unknown = named.first(where: { !known.contains($0) }) {
            throw JobError(
                "\(source.name) has no field \"\(unknown)\"", help: "it has \(known.sorted().joined(separator: ", "))")
        }
        for new in rename.values where known.contains(new) && rename[new] == nil {
            throw JobError("\"\(new)\" is a field of \(source.name) already", help: "choose another name")
        }
    }
}

extension JSONValue {
    /// The type of a field that holds this value in every record.
    var fieldType: FieldType {
        switch self {
        case .bool: .bool
        case .integer: .int64
        case .double: .double
        case .string: .text(maxLength: nil)
        case .null, .array, .object, .raw: .json
        }
    }
}
