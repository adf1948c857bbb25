import CSQLite
import Model

/// Which versions of Chroma write a database of such a form.
struct ChromaDirectoryGeneration: Sendable, Hashable {
    /// `0.5.6 to 0.6.3`.
    let writers: String
    /// The first version that opens it; every later one brings it to its own form.
    let first: String

    /// By part, how far its form has been developed, in the order of the versions that brought it there.
    private static let steps: [(part: String, step: Int64, first: String, last: String)] = [
        ("metadb", 6, "1.5.0", ""), ("sysdb", 10, "1.3.0", "1.4"), ("metadb", 5, "1.0.0", "1.2"),
        ("embeddings_queue", 2, "0.5.6", "0.6.3"), ("sysdb", 8, "0.5.6", "0.6.3"), ("sysdb", 7, "0.5.4", "0.5.5"),
        ("sysdb", 6, "0.5.1", "0.5.3"), ("sysdb", 5, "0.5.0", "0.5.0"), ("sysdb", 4, "0.4.15", "0.4.24"),
        ("metadb", 3, "0.4.6", "0.4.14"), ("metadb", 2, "0.4.4", "0.4.5"), ("metadb", 1, "0.4.0", "0.4.3"),
    ]
    private static let last = ["sysdb": 10, "metadb": 6, "embeddings_queue": 2]

    init(_ connection: SQLiteConnection) throws(StoreError) {
        let tables = try connection.tables()
        guard tables.isSuperset(of: ["migrations", "collections", "segments", "embeddings", "embedding_metadata"])
        else {
            throw .chroma(
                broken: connection.file.path, "is a database, but none of Chroma's: it has no table of collections",
                help: "check the path")
        }
        var parts: [String: Int64] = [:]
        for (part, step) in try connection.rows(
            "SELECT dir, max(version) FROM migrations GROUP BY dir", [],
            { row throws(StoreError) in (row.string(0), row.integer(1)) })
        {
            parts[part] = step
        }
        for (part, step) in parts where step > Self.last[part] ?? 0 {
            throw StoreError(
                .unsupported,
                "\(connection.file.path) was written by a newer Chroma than this program knows (\(part) \(step))",
                help: "get a newer vecsh, or copy from a server of that Chroma by chroma://")
        }
        guard let found = Self.steps.first(where: { parts[$0.part] ?? 0 >= $0.step }) else {
            throw .chroma(broken: connection.file.path, "does not say which Chroma wrote it: its migrations are gone")
        }
        first = found.first
        writers =
            found.last.isEmpty ? "\(first) and newer" : found.last == first ? first : "\(first) to \(found.last)"
    }
}

extension SQLiteConnection {
    func tables() throws(StoreError) -> Set<String> {
        Set(try rows("SELECT name FROM sqlite_schema WHERE type = 'table'") { $0.string(0) })
    }

    func columns(of table: String) throws(StoreError) -> Set<String> {
        Set(try rows("SELECT name FROM pragma_table_info(?)", [.text(table)]) { $0.string(0) })
    }

    /// The column, or NULL where the table is older than it.
    func column(_ name: String, of table: String, as alias: String) throws(StoreError) -> String {
        try columns(of: table).contains(name) ? "\(alias).\(name)" : "NULL"
    }
}
