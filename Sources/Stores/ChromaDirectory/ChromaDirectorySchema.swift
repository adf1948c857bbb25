import JSON
import Model

/// What Chroma 1.5 says of a new collection, in its own words.
struct ChromaDirectorySchema {
    private let settings: [String: JSONValue]
    private let embedder: JSONValue

    init(_ table: ChromaTable) {
        settings = table.settings.modern
        embedder = table.embedder ?? ["type": "legacy"]
    }

    var text: String {
        let (on, off): (JSONValue, JSONValue) = (
            ["enabled": true, "config": [:]], ["enabled": false, "config": [:]]
        )
        let schema: JSONValue = [
            "defaults": [
                "string": ["fts_index": off, "string_inverted_index": on],
                "float_list": list(isOn: false),
                "sparse_vector": [
                    "sparse_vector_index": [
                        "enabled": false, "config": ["embedding_function": ["type": "unknown"], "bm25": false],
                    ]
                ],
                "int": ["int_inverted_index": on], "float": ["float_inverted_index": on],
                "bool": ["bool_inverted_index": on],
            ],
            "keys": [
                "#embedding": ["float_list": list(isOn: true)],
                "#document": ["string": ["fts_index": on, "string_inverted_index": off]],
            ],
        ]
        return schema.text
    }

    private func list(isOn: Bool) -> JSONValue {
        var config: [JSONValue.Member] = [
            .init("space", settings["space"] ?? "l2"), .init("embedding_function", embedder),
        ]
        if isOn { config.append(.init("source_key", "#document")) }
        config.append(
            .init(
                "hnsw",
                [
                    "ef_construction": settings["ef_construction"] ?? 100,
                    "max_neighbors": settings["max_neighbors"] ?? 16, "ef_search": settings["ef_search"] ?? 100,
                    "num_threads": 2, "batch_size": settings["batch_size"] ?? 100,
                    "sync_threshold": settings["sync_threshold"] ?? 1000,
                    "resize_factor": settings["resize_factor"] ?? 1.2,
                ]))
        return ["vector_index": ["enabled": .bool(isOn), "config": .object(config)]]
    }
}
