import Model

/// One table of a layout, and the collection of LightRAG that it holds.
struct PostgreSQLModel: Hashable, Sendable {
    var collection: String
    var table: String
    /// The columns as `CREATE TABLE` has them; `DIMENSION` stands for the vectors'.
    var declarations: [String]
    /// The column that is the key beside the workspace; nil where ends of an edge are.
    var key: String?
    var columns: [Column]
    /// The column of the vectors.
    var vector: String?
    /// The column of JSON for those fields that have none of their own; nil where there is no place for them.
    var packed: String?

    /// A field and the column that it stands in.
    struct Column: Hashable, Sendable {
        enum Kind: Hashable, Sendable {
            case text, integer, json
            /// Seconds since 1970, in a timestamp without zone that is UTC.
            case seconds
            /// `2025-12-19T21:33:20+00:00`, in a timestamp without zone that is UTC.
            case moment
            /// Texts with `<SEP>` between them, in an array.
            case joined
        }

        var field: String
        var column: String
        var kind: Kind

        init(_ field: String, _ kind: Kind = .text, in column: String? = nil) {
            self.field = field
            self.column = column ?? field
            self.kind = kind
        }
    }

    /// What the vectors of LightRAG's files are called.
    static let embedding = "embedding"
    /// LightRAG's own word between names that it puts into one text.
    static let separator = "<SEP>"
    static let edgeKey = "_key"
}

// MARK: HybridRAG

extension PostgreSQLModel {
    private static let hybridHead = ["id serial PRIMARY KEY", "workspace VARCHAR(255) NOT NULL"]
    private static let hybridTail = ["created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP"]

    static let hybridRAG = [
        PostgreSQLModel(
            collection: "kv_store_full_docs", table: "hybridrag_kv_store",
            declarations: hybridHead + ["key VARCHAR(512) NOT NULL", "value JSONB"] + hybridTail
                + ["UNIQUE (workspace, key)"],
            key: "key", columns: [], packed: "value"),
        PostgreSQLModel(
            collection: "graph_edges", table: "hybridrag_graph_edges",
            declarations: hybridHead + [
                "source_id VARCHAR(512) NOT NULL", "target_id VARCHAR(512) NOT NULL", "properties JSONB",
            ] + hybridTail + ["UNIQUE (workspace, source_id, target_id)"],
            columns: [Column("src_id", in: "source_id"), Column("tgt_id", in: "target_id")], packed: "properties"),
        PostgreSQLModel(
            collection: "vdb_chunks", table: "hybridrag_chunks",
            declarations: hybridHead + [
                "chunk_id VARCHAR(512) NOT NULL", "content TEXT", "embedding DIMENSION", "metadata JSONB",
            ] + hybridTail + ["UNIQUE (workspace, chunk_id)"],
            key: "chunk_id", columns: [Column("content")], vector: "embedding", packed: "metadata"),
        PostgreSQLModel(
            collection: "kv_store_doc_status", table: "hybridrag_doc_status",
            declarations: hybridHead + ["doc_id VARCHAR(512) NOT NULL", "status_data JSONB"] + hybridTail
                + ["UNIQUE (workspace, doc_id)"],
            key: "doc_id", columns: [], packed: "status_data"),
    ]
}

// MARK: LightRAG

extension PostgreSQLModel {
    private static let times = [Column("create_time", .seconds), Column("update_time", .seconds)]
    private static let wholeSeconds = ["create_time", "update_time"].map {
        "\($0) TIMESTAMP(0) DEFAULT CURRENT_TIMESTAMP"
    }

    private static func keyed(
        _ collection: String, _ table: String, idLength: Int = 255, _ own: [String], _ columns: [Column]
    )
        -> PostgreSQLModel
    {
        PostgreSQLModel(
            collection: collection, table: table,
            declarations: ["id VARCHAR(\(idLength))", "workspace VARCHAR(255)"] + own + wholeSeconds
                + ["PRIMARY KEY (workspace, id)"],
            key: "id", columns: columns)
    }

    private static func vectors(_ collection: String, _ table: String, _ own: [String], _ columns: [Column])
        -> PostgreSQLModel
    {
        var model = keyed(
            collection, table, own + ["content TEXT", "content_vector DIMENSION", "file_path TEXT"],
            columns + [Column("content"), Column("file_path"), Column("__created_at__", .seconds, in: "create_time")])
        model.vector = "content_vector"
        return model
    }

    private static func counted(_ name: String, idLength: Int, _ column: String) -> PostgreSQLModel {
        keyed(
            "kv_store_\(name)", "lightrag_\(name)", idLength: idLength, ["\(column) JSONB", "count INTEGER"],
            [Column(column, .json), Column("count", .integer)] + times)
    }

    /// As of LightRAG 1.5; those before it do not ask for the columns that they do not know.
    static let lightRAG = [
        keyed(
            "kv_store_full_docs", "lightrag_doc_full",
            [
                "doc_name VARCHAR(1024)", "content TEXT", "meta JSONB", "sidecar_location TEXT",
                "parse_format VARCHAR(32) DEFAULT 'raw'", "content_hash TEXT", "process_options TEXT",
                "chunk_options JSONB DEFAULT '{}'::jsonb", "parse_engine TEXT",
            ],
            [
                Column("content"), Column("file_path", in: "doc_name"), Column("sidecar_location"),
                Column("parse_format"), Column("content_hash"), Column("process_options"),
                Column("chunk_options", .json), Column("parse_engine"),
            ] + times),
        keyed(
            "kv_store_text_chunks", "lightrag_doc_chunks",
            [
                "full_doc_id VARCHAR(256)", "chunk_order_index INTEGER", "tokens INTEGER", "content TEXT",
                "file_path TEXT", "llm_cache_list JSONB DEFAULT '[]'::jsonb", "heading JSONB DEFAULT '{}'::jsonb",
                "sidecar JSONB DEFAULT '{}'::jsonb",
            ],
            [
                Column("tokens", .integer), Column("content"), Column("chunk_order_index", .integer),
                Column("full_doc_id"), Column("file_path"), Column("llm_cache_list", .json), Column("heading", .json),
                Column("sidecar", .json),
            ] + times),
        vectors(
            "vdb_chunks", "lightrag_vdb_chunks",
            ["full_doc_id VARCHAR(256)", "chunk_order_index INTEGER", "tokens INTEGER"],
            [Column("full_doc_id"), Column("chunk_order_index", .integer), Column("tokens", .integer)]),
        vectors(
            "vdb_entities", "lightrag_vdb_entity", ["entity_name VARCHAR(512)", "chunk_ids VARCHAR(255)[]"],
            [Column("entity_name"), Column("source_id", .joined, in: "chunk_ids")]),
        vectors(
            "vdb_relationships", "lightrag_vdb_relation",
            ["source_id VARCHAR(512)", "target_id VARCHAR(512)", "chunk_ids VARCHAR(255)[]"],
            [
                Column("src_id", in: "source_id"), Column("tgt_id", in: "target_id"),
                Column("source_id", .joined, in: "chunk_ids"),
            ]),
        PostgreSQLModel(
            collection: "kv_store_llm_response_cache", table: "lightrag_llm_cache",
            declarations: [
                "workspace VARCHAR(255) NOT NULL", "id VARCHAR(255) NOT NULL", "original_prompt TEXT",
                "return_value TEXT", "chunk_id VARCHAR(255)", "cache_type VARCHAR(32)", "queryparam JSONB",
                "create_time TIMESTAMP DEFAULT CURRENT_TIMESTAMP", "update_time TIMESTAMP DEFAULT CURRENT_TIMESTAMP",
                "PRIMARY KEY (workspace, id)",
            ],
            key: "id",
            columns: [
                Column("return", in: "return_value"), Column("cache_type"), Column("chunk_id"),
                Column("original_prompt"),
                Column("queryparam", .json),
            ] + times),
        PostgreSQLModel(
            collection: "kv_store_doc_status", table: "lightrag_doc_status",
            declarations: [
                "workspace VARCHAR(255) NOT NULL", "id VARCHAR(255) NOT NULL", "content_summary VARCHAR(255)",
                "content_length INTEGER", "chunks_count INTEGER", "status VARCHAR(64)", "file_path TEXT",
                "chunks_list JSONB DEFAULT '[]'::jsonb", "track_id VARCHAR(255)", "metadata JSONB DEFAULT '{}'::jsonb",
                "error_msg TEXT", "content_hash TEXT", "created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP",
                "updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP", "PRIMARY KEY (workspace, id)",
            ],
            key: "id",
            columns: [
                Column("status"), Column("content_summary"), Column("content_length", .integer),
                Column("chunks_count", .integer), Column("chunks_list", .json), Column("file_path"), Column("track_id"),
                Column("metadata", .json), Column("error_msg"), Column("content_hash"), Column("created_at", .moment),
                Column("updated_at", .moment),
            ]),
        counted("full_entities", idLength: 255, "entity_names"),
        counted("full_relations", idLength: 255, "relation_pairs"),
        counted("entity_chunks", idLength: 512, "chunk_ids"),
        counted("relation_chunks", idLength: 512, "chunk_ids"),
    ]
}
