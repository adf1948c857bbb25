import JSON
import Model

/// Which indexes an engine builds on what.
struct MilvusIndexing: Sendable {
    private let engine: MilvusEngine

    init(_ engine: MilvusEngine) { self.engine = engine }

    struct Made { let index: MilvusIndex; let detail: String? }
    struct Objection: Error { let why: String }

    /// An index as this engine would keep it, and what that changes; or why it does not build it.
    func made(_ wanted: Index, on field: MilvusField, metric: Metric?) -> Result<Made, Objection> {
        var index = MilvusIndex(name: engine.keepsIndexNames ? wanted.name : field.name, field: field.name)
        let type = field.type.vector == nil ? scalarType(wanted.type, field) : vectorType(wanted.type, field, metric)
        switch type {
        case .failure(let objection): return .failure(objection)
        case .success(let name): index.params["index_type"] = name
        }
        if field.type.vector != nil { index.params["metric_type"] = metric?.rawValue.uppercased() }
        let (params, lost) = keptParams(wanted, field)
        if !params.isEmpty { index.params["params"] = JSONValue.object(params).text }
        let kept = index.params["index_type"]?.lowercased() ?? ""
        let detail = kept == wanted.type ? lost : "\(wanted.type) becomes \(kept)"
        return .success(Made(index: index, detail: detail))
    }

    /// Milvus Lite refuses a share of small values to leave out.
    private func keptParams(_ wanted: Index, _ field: MilvusField) -> ([String: JSONValue], String?) {
        guard engine.kind == .lite, field.type == .sparseVector, let share = wanted.params[Self.dropped],
            share.double != 0
        else { return (wanted.params, nil) }
        let rest = wanted.params.filter { $0.key != Self.dropped }
        return (rest, "\(Self.dropped) is left out: this server takes only 0")
    }

    private func vectorType(_ wanted: String, _ field: MilvusField, _ metric: Metric?) -> Result<String, Objection> {
        guard let metric else { return .failure(Objection(why: "it has no metric")) }
        guard field.type.metrics.contains(metric) else {
            return .failure(Objection(why: "Milvus has no \(metric.rawValue) for such vectors"))
        }
        let name = Self.synonyms[wanted] ?? wanted.uppercased()
        if field.type == .sparseVector {
            return .success(Self.sparse.contains(name) ? name : Self.sparse[0])
        }
        if field.type == .binaryVector { return .success(Self.binary.contains(name) ? name : Self.binary[0]) }
        if engine.kind == .nativeLite, !Self.native.contains(name) {
            return .failure(Objection(why: "Milvus Lite 2 builds only \(Self.native.joined(separator: ", "))"))
        }
        return .success(name)
    }

    private func scalarType(_ wanted: String, _ field: MilvusField) -> Result<String, Objection> {
        let asked = wanted == "trie" ? "Trie" : Self.synonyms[wanted] ?? wanted.uppercased()
        guard let types = scalarTypes(field), let usual = types.first else {
            return .failure(Objection(why: "this server indexes no field of such a type"))
        }
        return .success(types.contains(asked) ? asked : usual)
    }

    /// The first is what stands for those that it does not know.
    private func scalarTypes(_ field: MilvusField) -> [String]? {
        switch (engine.kind, field.type) {
        case (_, .json) where engine.kind != .server: nil
        case (.lite, .array), (.lite, .float), (.lite, .double): nil
        case (.lite, _): ["INVERTED"]
        case (.server, .varChar) where !engine.hasInvertedIndexes: ["Trie"]
        case (.server, .bool), (.server, .array), (.server, .json):
            engine.hasInvertedIndexes ? ["INVERTED", "BITMAP", "AUTOINDEX", "NGRAM"] : nil
        case (.server, _) where !engine.hasInvertedIndexes: ["STL_SORT"]
        case (_, .varChar): ["INVERTED", "Trie", "BITMAP", "AUTOINDEX", "NGRAM"]
        case (.nativeLite, _): ["INVERTED"]
        default: ["INVERTED", "STL_SORT", "BITMAP", "AUTOINDEX", "RTREE"]
        }
    }

    private static let dropped = "drop_ratio_build"
    private static let synonyms = [
        "btree": "INVERTED", "ivfflat": "IVF_FLAT", "hash": "INVERTED", "gin": "INVERTED", "keyword": "INVERTED",
        "integer": "INVERTED", "exact": "FLAT",
    ]
    private static let sparse = ["SPARSE_INVERTED_INDEX", "SPARSE_WAND", "AUTOINDEX"]
    private static let binary = ["BIN_FLAT", "BIN_IVF_FLAT", "MINHASH_LSH"]
    private static let native = ["FLAT", "IVF_FLAT", "AUTOINDEX"]

    var kinds: [IndexKind] {
        let scalar = scalarTypes(MilvusField(name: "", type: .int64)) ?? []
        let text = scalarTypes(MilvusField(name: "", type: .varChar)) ?? []
        let names = scalar + text.filter { !scalar.contains($0) }
        return vectorKinds + names.map { IndexKind($0.lowercased(), on: .field, Self.summaries[$0] ?? "") }
    }

    private var vectorKinds: [IndexKind] {
        let all = [
            IndexKind("flat", on: .vector, "every vector is looked at: exact"),
            IndexKind("hnsw", on: .vector, "a graph: fast and near exact", params: ["M", "efConstruction"]),
            IndexKind("ivf_flat", on: .vector, "lists of near vectors", params: ["nlist"]),
            IndexKind("ivf_sq8", on: .vector, "lists of vectors of a byte an element", params: ["nlist"]),
            IndexKind("ivf_pq", on: .vector, "lists of vectors in few bytes", params: ["nlist", "m", "nbits"]),
            IndexKind("scann", on: .vector, "lists of vectors in few bytes, checked again", params: ["nlist"]),
            IndexKind("diskann", on: .vector, "a graph on disk"),
            IndexKind("autoindex", on: .vector, "what the server thinks best"),
            IndexKind("bin_flat", on: .vector, "for binary vectors: exact"),
            IndexKind("bin_ivf_flat", on: .vector, "for binary vectors: lists of near ones", params: ["nlist"]),
            IndexKind(
                "sparse_inverted_index", on: .vector, "for sparse vectors", params: ["drop_ratio_build"]),
            IndexKind("sparse_wand", on: .vector, "for sparse vectors", params: ["drop_ratio_build"]),
        ]
        return engine.kind == .nativeLite ? all.filter { Self.inNativeLite.contains($0.type) } : all
    }

    private static let inNativeLite: Set<String> = [
        "flat", "ivf_flat", "autoindex", "bin_flat", "bin_ivf_flat", "sparse_inverted_index", "sparse_wand",
    ]
    private static let summaries = [
        "INVERTED": "finds equal and ordered values fast", "STL_SORT": "numbers in order",
        "Trie": "texts by how they begin", "BITMAP": "few different values",
        "AUTOINDEX": "what the server thinks best", "NGRAM": "texts by what is in them", "RTREE": "places",
    ]
}

extension MilvusType {
    /// The index that only looks at every vector.
    var plainIndex: String {
        switch self {
        case .binaryVector: "bin_flat"
        case .sparseVector: "sparse_inverted_index"
        default: "flat"
        }
    }

    var metrics: [Metric] {
        switch self {
        case .binaryVector: [.hamming, .jaccard]
        case .sparseVector: [.ip, .bm25]
        default: [.l2, .ip, .cosine]
        }
    }

    /// For an index that is only there so that a collection can be read.
    var anyMetric: Metric { metrics[self == .int8Vector ? 2 : 0] }
}

extension MilvusIndex {
    /// Of what ``MilvusTable/native`` says of indexes.
    init?(native: JSONValue) {
        guard let name = native["name"]?.string, let field = native["field"]?.string, let type = native["type"]?.string
        else { return nil }
        self.init(name: name, field: field)
        params["index_type"] = type.uppercased()
        params["metric_type"] = native["metric"]?.string?.uppercased()
        if let more = native["params"], more.members?.isEmpty == false { params["params"] = more.text }
    }
}
