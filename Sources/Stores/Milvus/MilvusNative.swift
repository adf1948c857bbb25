import JSON
import Model

/// What only Milvus has, as far as it is not what Milvus takes by itself: so that one Milvus can be made like another.
extension MilvusTable {
    var native: [String: JSONValue] {
        var native: [String: JSONValue] = [:]
        if !schema.note.isEmpty { native["description"] = .string(schema.note) }
        if number != 0, consistency != MilvusTable.usualConsistency {
            native["consistency"] = .integer(Int64(consistency))
        }
        if shards > 1 { native["shards"] = .integer(Int64(shards)) }
        if number != 0, schema.hasPartitionKey, keyPartitions > 0, keyPartitions != MilvusTable.usualPartitions {
            native["partitions"] = .integer(Int64(keyPartitions))
        }
        let kept = properties.filter { !MilvusMark.all.contains($0.key) }
        if !kept.isEmpty { native["properties"] = .object(kept.mapValues(JSONValue.string)) }
        let fields = schema.fields.map { ($0.name, $0.native) }.filter { !$0.1.isEmpty }
        if !fields.isEmpty { native["fields"] = .object(Dictionary(fields) { $1 }.mapValues { .object($0) }) }
        if !schema.functions.isEmpty { native["functions"] = .array(schema.functions.map(\.native)) }
        return native.merging(nativeIndexes) { $1 }
    }

    /// Bounded: what Milvus takes where nothing is said.
    static let usualConsistency = 2
    static let usualPartitions = 64

    /// On what functions make.
    private var nativeIndexes: [String: JSONValue] {
        let outputs = Set(schema.fields.filter(\.isOutput).map(\.name))
        let kept = indexes.filter { outputs.contains($0.field) }
        guard !kept.isEmpty else { return [:] }
        return ["indexes": .array(kept.map { .object($0.index(on: schema).members) })]
    }
}

extension MilvusField {
    fileprivate var native: [String: JSONValue] {
        var native: [String: JSONValue] = [:]
        if !note.isEmpty { native["description"] = .string(note) }
        native["default"] = fallback
        if isPartitionKey { native["partition_key"] = true }
        if isClusteringKey { native["clustering_key"] = true }
        if type == .geometry || type == .text || isOutput { native["type"] = .integer(Int64(type.rawValue)) }
        if type == .array, let capacity = number("max_capacity"), capacity != MilvusField.usualCapacity {
            native["max_capacity"] = .integer(Int64(capacity))
        }
        let others = params.filter { !MilvusField.known.contains($0.key) && !MilvusMark.all.contains($0.key) }
        if !others.isEmpty { native["params"] = .object(others.mapValues(JSONValue.string)) }
        if isOutput { native["output"] = .object(params.mapValues(JSONValue.string)) }
        return native
    }

    static let usualCapacity = 4096
    private static let known: Set<String> = ["dim", "max_length", "max_capacity"]

    /// Takes back what ``native`` says.
    mutating func take(_ native: JSONValue) {
        note = native["description"]?.string ?? note
        fallback = native["default"] ?? fallback
        isPartitionKey = native["partition_key"]?.bool ?? isPartitionKey
        isClusteringKey = native["clustering_key"]?.bool ?? isClusteringKey
        if let type = native["type"]?.integer.flatMap({ MilvusType(rawValue: Int($0)) }) { self.type = type }
        if let capacity = native["max_capacity"]?.integer { params["max_capacity"] = String(capacity) }
        for (name, value) in native["params"]?.dictionary ?? [:] { params[name] = value.string }
        if let made = native["output"]?.dictionary {
            isOutput = true
            params.merge(made.compactMapValues(\.string)) { $1 }
        }
    }
}

extension MilvusFunction {
    fileprivate var native: JSONValue {
        [
            "name": .string(name), "description": .string(note), "type": .integer(Int64(type)),
            "inputs": .array(inputs.map(JSONValue.string)), "outputs": .array(outputs.map(JSONValue.string)),
            "params": .object(params.mapValues(JSONValue.string)),
        ]
    }

    init?(_ native: JSONValue) {
        guard let name = native["name"]?.string, let type = native["type"]?.integer else { return nil }
        self.init(
            name: name, note: native["description"]?.string ?? "", type: Int(type),
            inputs: native["inputs"]?.array?.compactMap(\.string) ?? [],
            outputs: native["outputs"]?.array?.compactMap(\.string) ?? [],
            params: native["params"]?.dictionary?.compactMapValues(\.string) ?? [:])
    }
}
