import JSON
import Model

/// How a collection's vectors are compared and indexed.
struct ChromaSettings: Hashable, Sendable {
    /// By the names that they have in a configuration.
    private var values: [String: JSONValue] = [:]

    private struct Name {
        let modern: String
        let legacy: String
        let usual: JSONValue
    }

    private static let names = [
        Name(modern: "space", legacy: "hnsw:space", usual: "l2"),
        Name(modern: "ef_construction", legacy: "hnsw:construction_ef", usual: 100),
        Name(modern: "ef_search", legacy: "hnsw:search_ef", usual: 100),
        Name(modern: "max_neighbors", legacy: "hnsw:M", usual: 16),
        Name(modern: "resize_factor", legacy: "hnsw:resize_factor", usual: 1.2),
        Name(modern: "batch_size", legacy: "hnsw:batch_size", usual: 100),
        Name(modern: "sync_threshold", legacy: "hnsw:sync_threshold", usual: 1000),
    ]

    /// Of a collection as the server describes it. Servers before 1.3 always call the space `l2` in their configuration,
    /// and so do later ones for what those have made: then the metadata counts.
    init(_ json: JSONValue) {
        let configuration = json["configuration_json"]
        let inSchema = json["schema"]?["keys"]?["#embedding"]?["float_list"]?["vector_index"]?["config"]
        let modern = ChromaSettings(modern: configuration?["hnsw"])
            .filled(by: ChromaSettings(modern: configuration?["spann"])).filled(
                by: ChromaSettings(modern: inSchema?["hnsw"]))
        let legacy = ChromaSettings(metadata: json["metadata"]?.members ?? [])
        self = modern.filled(by: legacy)
        if modern.values["space"] ?? "l2" == "l2", let space = legacy.values["space"] { values["space"] = space }
    }

    init(modern: JSONValue?) {
        for name in Self.names { values[name.modern] = modern?[name.modern]?.something }
    }

    init(metadata: [JSONValue.Member]) {
        for name in Self.names { values[name.modern] = metadata.last { $0.name == name.legacy }?.value }
        if metric(values["space"]) == nil { values["space"] = nil }
    }

    func filled(by other: ChromaSettings) -> ChromaSettings {
        var filled = self
        filled.values.merge(other.values) { mine, _ in mine }
        return filled
    }

    var metric: Metric {
        get { metric(values["space"]) ?? .l2 }
        set { values["space"] = .string(newValue.rawValue) }
    }

    private func metric(_ space: JSONValue?) -> Metric? {
        space?.string.flatMap(Metric.init(rawValue:)).flatMap { Self.metrics.contains($0) ? $0 : nil }
    }

    static let metrics: [Metric] = [.l2, .ip, .cosine]

    /// What another store's index says of itself.
    mutating func take(_ index: Index) {
        guard index.type.lowercased() == "hnsw" else { return }
        for (name, value) in index.params where value.integer != nil {
            switch name.lowercased() {
            case "m", "max_neighbors": values["max_neighbors"] = value
            case "ef_construction", "efconstruction", "ef_construct": values["ef_construction"] = value
            default: break
            }
        }
    }

    /// What is not as is said elsewhere, or else as usual; the space is the vector's metric.
    func unusual(besides said: ChromaSettings) -> [String: JSONValue] {
        var unusual: [String: JSONValue] = [:]
        for name in Self.names where name.modern != "space" {
            let expected = said.values[name.modern] ?? name.usual
            guard let value = values[name.modern], value != expected else { continue }
            unusual[name.modern] = value
        }
        return unusual
    }

    /// As a configuration has them.
    var modern: [String: JSONValue] { values }

    /// As metadata has them.
    var metadata: [JSONValue.Member] {
        Self.names.compactMap { name in
            values[name.modern].flatMap { $0 == name.usual ? nil : JSONValue.Member(name.legacy, $0) }
        }
    }
}

extension JSONValue {
    /// Itself, unless it is null.
    var something: JSONValue? { self == .null ? .none : .some(self) }
}
