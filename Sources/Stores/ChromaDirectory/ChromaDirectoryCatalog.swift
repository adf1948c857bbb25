import CSQLite
import JSON
import Model

/// One collection as Chroma's tables describe it.
struct ChromaDirectoryEntry: Sendable {
    var id: String
    /// As it is called here.
    var name: String
    var tenant: String
    var database: String
    /// Nil until Chroma has seen a vector.
    var dimension: Int?
    var space: Metric
    var metadata: [JSONValue.Member]
    /// Its schema (since 1.3) and its configuration (since 0.5.4), as far as it has them.
    var configs: [JSONValue]
    /// The segments: where its records are, and the folder of its index.
    var records: String?
    var index: String?
    /// Why the index cannot be read, where it is of a kind that only a cluster has.
    var foreign: String?
}

extension SQLiteConnection {
    /// The collections that are meant, those of other databases than the default one by a longer name.
    func entries(_ place: ChromaDirectoryPlace) throws(StoreError) -> [ChromaDirectoryEntry] {
        let hasDatabases = try tables().contains("databases")
        let config = try column("config_json_str", of: "collections", as: "c")
        let schema = try column("schema_str", of: "collections", as: "c")
        let sql = """
            SELECT c.id, c.name, c.dimension, \(config), \(schema), \
            \(hasDatabases ? "d.tenant_id, d.name" : "NULL, NULL") FROM collections c \
            \(hasDatabases ? "LEFT JOIN databases d ON d.id = c.database_id" : "")
            """
        var entries = try rows(sql) { row throws(StoreError) in try ChromaDirectoryEntry(row, path: file.path) }
        entries = entries.filter { entry in
            (place.tenant ?? entry.tenant) == entry.tenant && (place.database ?? entry.database) == entry.database
        }
        for at in entries.indices {
            entries[at].name = place.name(of: entries[at])
            try complete(&entries[at])
        }
        return entries.sorted { Text($0.name) < Text($1.name) }
    }

    /// Segments, metadata, and by them the space.
    private func complete(_ entry: inout ChromaDirectoryEntry) throws(StoreError) {
        let segments = try rows("SELECT id, type, scope FROM segments WHERE collection = ?", [.text(entry.id)]) {
            ($0.string(0), $0.string(1), $0.string(2))
        }
        entry.records = segments.first { $0.2 == "METADATA" }?.0
        if let (id, type, _) = segments.first(where: { $0.2 == "VECTOR" }) {
            entry.index = id
            if !type.hasSuffix("/hnsw-local-persisted") { entry.foreign = "its index is of type \(type)" }
        }
        entry.metadata = try metadata("collection_metadata", "collection_id", entry.id)
        let own = try entry.index.map { id throws(StoreError) in try metadata("segment_metadata", "segment_id", id) }
        entry.space = try ChromaDirectorySpace(entry, segment: own ?? []).metric
    }

    private func metadata(
        _ table: String, _ owner: String, _ id: String
    ) throws(StoreError) -> [JSONValue.Member] {
        let truth = try column("bool_value", of: table, as: "m")
        let sql = """
            SELECT m.key, m.str_value, m.int_value, m.float_value, \(truth) FROM \(table) m WHERE m.\(owner) = ? \
            ORDER BY m.key
            """
        return try rows(sql, [.text(id)]) { row in
            let value: JSONValue =
                row.type(4) != SQLITE_NULL
                ? .bool(row.integer(4) != 0)
                : row.type(1) != SQLITE_NULL
                    ? .string(row.string(1))
                    : row.type(2) != SQLITE_NULL
                        ? .integer(row.integer(2)) : row.type(3) != SQLITE_NULL ? .double(row.double(3)) : .null
            return JSONValue.Member(row.string(0), value)
        }
    }
}

extension ChromaDirectoryEntry {
    fileprivate init(_ row: SQLiteStatement, path: String) throws(StoreError) {
        (id, name) = (row.string(0), row.string(1))
        let dimension = row.type(2) == SQLITE_NULL ? nil : Int(row.integer(2))
        guard dimension.map({ 1...1_000_000 ~= $0 }) ?? true else {
            throw .chroma(broken: path, "gives the collection \(name) the dimension \(dimension ?? 0)")
        }
        self.dimension = dimension
        (space, metadata) = (.l2, [])
        configs = [try Self.json(row, 4, of: name, path), try Self.json(row, 3, of: name, path)].compactMap { $0 }
        tenant = row.type(5) == SQLITE_NULL ? "default_tenant" : row.string(5)
        database = row.type(6) == SQLITE_NULL ? "default_database" : row.string(6)
    }

    private static func json(
        _ row: SQLiteStatement, _ column: Int32, of name: String, _ path: String
    ) throws(StoreError) -> JSONValue? {
        guard row.type(column) != SQLITE_NULL else { return nil }
        do throws(JSONError) { return try JSONValue(Array(row.bytes(column))) } catch {
            throw .chroma(broken: path, "holds a configuration of \(name) that is no JSON: \(error.message)")
        }
    }
}

extension ChromaDirectoryPlace {
    fileprivate func name(of entry: ChromaDirectoryEntry) -> String {
        let database = self.database == nil && entry.database != "default_database"
        let tenant = self.tenant == nil && entry.tenant != "default_tenant"
        var parts = [entry.name]
        if database || tenant { parts.insert(entry.database, at: 0) }
        if tenant { parts.insert(entry.tenant, at: 0) }
        return parts.joined(separator: "/")
    }
}

/// What a collection's vectors are compared by, which each generation says elsewhere.
struct ChromaDirectorySpace {
    let metric: Metric

    init(_ entry: ChromaDirectoryEntry, segment: [JSONValue.Member]) throws(StoreError) {
        // Chroma 0.5.4 to 0.6.3 wrote `hnsw_configuration`, which says l2 whatever is true, and is not looked at.
        let said =
            entry.configs.lazy.compactMap(\.space).first
            ?? segment.space ?? entry.metadata.space ?? "l2"
        guard let metric = Metric(rawValue: said), [.l2, .ip, .cosine].contains(metric) else {
            throw StoreError(
                .unsupported, "the collection \(entry.name) compares by \"\(said)\"",
                help: "known are l2, ip and cosine")
        }
        self.metric = metric
    }
}

extension JSONValue {
    fileprivate var space: String? {
        let list = self["keys"]?["#embedding"]?["float_list"] ?? self["defaults"]?["float_list"]
        let index = self["vector_index"]
        return list?["vector_index"]?["config"]?["space"]?.string
            ?? index?["hnsw"]?["space"]?.string ?? index?["spann"]?["space"]?.string
    }
}

extension [JSONValue.Member] {
    fileprivate var space: String? { first { $0.name == "hnsw:space" }?.value.string }
}
