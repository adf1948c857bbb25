import JSON
import Model

/// Which indexes Qdrant keeps on a collection, and what it makes of those of other engines.
///
/// It builds one graph for each vector that is not sparse, of its own accord, and one index for each payload field that it
/// is told of; neither has a name of its own.
struct QdrantIndexing: Sendable {
    private let shape: Collection

    init(_ shape: Collection) { self.shape = shape }

    static let vectorType = "hnsw"
    private static let onAny = ["on_disk", "enable_hnsw", "memory"]

    static let kinds: [IndexKind] = [
        IndexKind(
            "keyword", on: .field, "finds equal texts; `is_tenant=true` keeps tenants apart",
            params: ["is_tenant"] + onAny),
        IndexKind(
            "integer", on: .field, "finds equal and ordered whole numbers",
            params: ["lookup", "range", "is_principal"] + onAny),
        IndexKind("float", on: .field, "finds ordered numbers", params: ["is_principal"] + onAny),
        IndexKind("bool", on: .field, "finds what is true", params: onAny),
        IndexKind("datetime", on: .field, "finds ordered moments", params: ["is_principal"] + onAny),
        IndexKind("uuid", on: .field, "finds equal UUIDs", params: ["is_tenant"] + onAny),
        IndexKind(
            "text", on: .field, "finds words",
            params: [
                "tokenizer", "min_token_len", "max_token_len", "lowercase", "phrase_matching", "stopwords", "stemmer",
                "ascii_folding",
            ] + onAny),
        IndexKind("geo", on: .field, "finds places", params: onAny),
        IndexKind(
            vectorType, on: .vector, "a graph: fast and near",
            params: [
                "m", "ef_construct", "full_scan_threshold", "max_indexing_threads", "on_disk", "payload_m",
                "inline_storage",
            ]),
    ]

    static let fieldTypes = Set(kinds.filter { $0.subject == .field }.map(\.type))

    static func name(onVector vector: String) -> String { "\(vector)_hnsw" }

    // MARK: What is there

    struct Listed {
        let index: Index
        /// How many points it covers, where that is told of it alone.
        let points: Int?
    }

    /// The graphs of vectors, but for those that are switched off.
    func listed(_ config: JSONValue, _ dense: [JSONValue.Member]) -> [Listed] {
        dense.compactMap { entry in
            let own = (entry.value["hnsw_config"]?.members ?? []).filter { $0.value != .null }
            let edges = own.first { $0.name == "m" }?.value ?? config["hnsw_config"]?["m"]
            guard edges?.integer != 0 else { return nil }
            return Listed(index: graph(entry.name, Dictionary(own.map { ($0.name, $0.value) }) { $1 }), points: nil)
        }
    }

    private func graph(_ vector: String, _ params: [String: JSONValue] = [:]) -> Index {
        Index(
            name: Self.name(onVector: vector), field: vector, type: Self.vectorType,
            metric: shape.vectors.first { $0.name == vector }?.metric, params: params)
    }

    /// The indexes on payload.
    func listed(_ schema: JSONValue?) -> [Listed] {
        (schema?.members ?? []).map { entry in
            let field = QdrantPath.field(entry.name)
            let params = (entry.value["params"]?.members ?? []).filter { $0.name != "type" && $0.value != .null }
            return Listed(
                index: Index(
                    name: field, field: field, type: entry.value["data_type"]?.string ?? "",
                    params: Dictionary(params.map { ($0.name, $0.value) }) { $1 }),
                points: Int(entry.value["points"]?.integer ?? 0))
        }
    }

    // MARK: What is wanted

    struct Made { let index: Index?; let verdict: Verdict }

    /// An index as Qdrant keeps it, and what that changes.
    func made(_ wanted: Index) -> Made {
        let type = wanted.type.lowercased()
        let subject = "index \(wanted.name)"
        // Payload may have a vector's name; its types of index are others.
        if !Self.fieldTypes.contains(type), shape.vectors.contains(where: { $0.name == wanted.field }) {
            return onVector(wanted, type, subject)
        }
        let declared = shape.fields.first { $0.name == wanted.field }?.type
        guard let kind = kind(type, declared) else {
            let types = Self.kinds.filter { $0.subject == .field }.map(\.type).joined(separator: "|")
            let why =
                declared == nil
                ? "what type \"\(wanted.field)\" has is not known: say `type \(types)`"
                : "Qdrant indexes no field of type \(declared.map { "\($0)" } ?? "")"
            return Made(index: nil, verdict: Verdict(subject, .lossy, why))
        }
        let params = kind == type ? wanted.params : [:]
        return Made(
            index: Index(name: wanted.field, field: wanted.field, type: kind, params: params),
            verdict: verdict(subject, from: type, to: kind))
    }

    private func verdict(_ subject: String, from type: String, to kind: String) -> Verdict {
        kind == type ? Verdict(subject, .exact) : Verdict(subject, .converted, "\(type) becomes \(kind)")
    }

    private func onVector(_ wanted: Index, _ type: String, _ subject: String) -> Made {
        guard let vector = shape.vectors.first(where: { $0.name == wanted.field }), vector.layout != .sparse else {
            return Made(index: nil, verdict: Verdict(subject, .converted, "Qdrant indexes sparse vectors of itself"))
        }
        guard type.hasPrefix(Self.vectorType) else {
            return Made(
                index: graph(vector.name),
                verdict: Verdict(subject, .converted, "\(type) becomes hnsw, as Qdrant builds it"))
        }
        var params: [String: JSONValue] = [:]
        for (name, value) in wanted.params { params[Self.synonyms[name.lowercased()] ?? name] = value }
        // From another Qdrant they come whole, known here or not.
        if shape.qdrant == nil { params = params.filter { Self.isGraphParam($0.key) } }
        return Made(index: graph(vector.name, params), verdict: verdict(subject, from: type, to: Self.vectorType))
    }

    private static func isGraphParam(_ name: String) -> Bool {
        kinds.first { $0.type == vectorType }?.params.contains(name) == true
    }

    private static let synonyms = [
        "m": "m", "max_neighbors": "m", "ef_construction": "ef_construct", "efconstruction": "ef_construct",
        "construction_ef": "ef_construct",
    ]

    /// The type that is asked for where it can stand there, else that of the field.
    private func kind(_ type: String, _ declared: FieldType?) -> String? {
        guard let declared else { return Self.fieldTypes.contains(type) ? type : nil }
        let usual = declared.qdrantKinds
        return usual.contains(type) ? type : usual.first
    }

    /// The graphs that Qdrant builds unasked.
    func unasked(besides asked: [Index]) -> [Index] {
        guard shape.qdrant?["hnsw_config"]?["m"]?.integer != 0 else { return [] }
        return shape.vectors.filter { vector in
            vector.layout != .sparse && !asked.contains { $0.field == vector.name && $0.type == Self.vectorType }
                && shape.qdrant?["vectors"]?[vector.name]?["hnsw_config"]?["m"]?.integer != 0
        }.map { graph($0.name) }
    }
}

extension FieldType {
    /// The types of index that may stand on such a field; the first stands for those that Qdrant does not have.
    fileprivate var qdrantKinds: [String] {
        switch self {
        case .bool: ["bool"]
        case .int8, .int16, .int32, .int64: ["integer", "float"]
        case .float, .double: ["float"]
        case .text: ["keyword", "text", "uuid"]
        case .timestamp: ["datetime", "keyword"]
        case .array(let element): element.qdrantKinds
        case .json: []
        }
    }
}

/// How Qdrant spells the place of a payload field.
enum QdrantPath {
    /// The spelling of one name; nil if it has none.
    static func name(_ name: String) -> String? {
        let isPlain = !name.isEmpty && name.utf8.allSatisfy(Self.isPlain)
        if isPlain { return name }
        return name.contains("\"") || name.contains("\\") || name.isEmpty ? nil : "\"\(name)\""
    }

    /// The spelling of a name that may lead into objects.
    static func path(_ path: String) -> String {
        let isPlain = path.utf8.allSatisfy { Self.isPlain($0) || ".[]\"".utf8.contains($0) }
        return isPlain ? path : name(path) ?? path
    }

    /// The name that is spelled so.
    static func field(_ path: String) -> String {
        guard path.utf8.count > 2, path.hasPrefix("\""), path.hasSuffix("\""),
            !path.dropFirst().dropLast().contains("\"")
        else { return path }
        return String(path.dropFirst().dropLast())
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
