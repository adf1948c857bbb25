import Model

/// Every database that this program can open, in the order in which help lists them.
package let storeKinds: [StoreKind] = [
    SQLite.kind,
    Archive.kind,
    LightRAG.kind,
    ChromaDirectory.kind,
    PostgreSQL.kind,
    PostgreSQL.longKind,
    Milvus.kind,
    Milvus.secureKind,
    Chroma.kind,
    Chroma.secureKind,
    Qdrant.kind,
    Qdrant.secureKind,
    Memory.kind,
]
