import CSQLite
import Files
import JSON
import Model

/// Changes a folder that a Chroma of today has made. Records go to its queue and nowhere else: Chroma itself makes metadata,
/// full text and index of them when it is opened next.
final class ChromaDirectoryWriter {
    private let place: ChromaDirectoryPlace
    private let connection: SQLiteConnection
    /// By collection, the ids that may be there, as long as nobody else writes.
    private var known: [String: KeyNumbers] = [:]
    private var version: Int64?

    init(_ place: ChromaDirectoryPlace) throws(StoreError) {
        self.place = place
        connection = try SQLiteConnection(place.file, flags: SQLITE_OPEN_READWRITE)
        let generation = try ChromaDirectoryGeneration(connection)
        guard generation.first == "1.5.0" else {
            throw StoreError(
                .unsupported, "\(place.root) was written by Chroma \(generation.writers), and is only read",
                help: "copy to a new folder, which a Chroma of today has made: see docs/stores/chroma-dir.md")
        }
    }

    // MARK: Collections

    func create(_ table: ChromaTable) throws(StoreError) -> Identity {
        let id = UUID.random().description
        let home = try database()
        try connection.transaction { () throws(StoreError) in
            try connection.run(
                """
                INSERT INTO collections (id, name, dimension, database_id, config_json_str, schema_str) \
                VALUES (?, ?, ?, ?, '{}', ?)
                """,
                [
                    .text(id), .text(table.name), table.dimension.map { .integer(Int64($0)) } ?? .null, .text(home),
                    .text(ChromaDirectorySchema(table).text),
                ])
            for (type, scope) in [("vector/hnsw-local-persisted", "VECTOR"), ("metadata/sqlite", "METADATA")] {
                try connection.run(
                    "INSERT INTO segments (id, type, scope, collection) VALUES (?, ?, ?, ?)",
                    [.text(UUID.random().description), .text("urn:chroma:segment/\(type)"), .text(scope), .text(id)])
            }
            for member in table.metadata { try insert(member, of: id) }
        }
        return Identity(id)
    }

    private func insert(_ member: JSONValue.Member, of collection: String) throws(StoreError) {
        let (column, value): (String, SQLiteValue)
        switch member.value {
        case .string(let text): (column, value) = ("str_value", .text(text))
        case .integer(let number): (column, value) = ("int_value", .integer(number))
        case .double(let number): (column, value) = ("float_value", .real(number))
        case .bool(let truth): (column, value) = ("bool_value", .integer(truth ? 1 : 0))
        case .null, .array, .object, .raw: return
        }
        try connection.run(
            "INSERT INTO collection_metadata (collection_id, key, \(column)) VALUES (?, ?, ?)",
            [.text(collection), .text(member.name), value])
    }

    /// The database that new collections belong to.
    private func database() throws(StoreError) -> String {
        let (tenant, name) = (place.tenant ?? "default_tenant", place.database ?? "default_database")
        let sql = "SELECT id FROM databases WHERE tenant_id = ? AND name = ?"
        guard let id = try connection.text(sql, [.text(tenant), .text(name)]) else {
            throw StoreError(
                .notFound, "\(place.root) has no database \"\(name)\" of the tenant \"\(tenant)\"",
                help: "make it with Chroma first")
        }
        return id
    }

    func drop(_ entry: ChromaDirectoryEntry) throws(StoreError) {
        try connection.transaction { () throws(StoreError) in
            if let segment = entry.records { try removeRecords(of: segment) }
            let topic = SQLiteValue.text("persistent://default/default/\(entry.id)")
            try connection.run("DELETE FROM embeddings_queue WHERE topic = ?", [topic])
            for segment in [entry.records, entry.index].compactMap({ $0 }) {
                try connection.run("DELETE FROM max_seq_id WHERE segment_id = ?", [.text(segment)])
                try connection.run("DELETE FROM segment_metadata WHERE segment_id = ?", [.text(segment)])
            }
            try connection.run("DELETE FROM segments WHERE collection = ?", [.text(entry.id)])
            try connection.run("DELETE FROM collection_metadata WHERE collection_id = ?", [.text(entry.id)])
            try connection.run("DELETE FROM collections WHERE id = ?", [.text(entry.id)])
        }
        known[entry.id] = nil
        if let index = entry.index, Disk.isFolder("\(place.root)/\(index)") {
            try Disk.removeFolder("\(place.root)/\(index)")
        }
    }

    private func removeRecords(of segment: String) throws(StoreError) {
        let ids = "(SELECT id FROM embeddings WHERE segment_id = ?)"
        for (table, column) in [
            ("embedding_fulltext_search", "rowid"), ("embedding_metadata", "id"), ("embedding_metadata_array", "id"),
        ] {
            try connection.run("DELETE FROM \(table) WHERE \(column) IN \(ids)", [.text(segment)])
        }
        try connection.run("DELETE FROM embeddings WHERE segment_id = ?", [.text(segment)])
    }

    // MARK: Records

    /// Whatever is there of an id goes first, as Chroma would keep what the new record does not name.
    func write(_ batch: Batch, to entry: ChromaDirectoryEntry, _ shape: Collection) throws(StoreError) {
        let rows = try rows(batch, shape)
        guard batch.count > 0 else { return }
        guard let vector = shape.vectors.first, case .dense(let bytes)? = batch.vectors.first?.values else {
            throw StoreError(.rejected, "\(shape.name) has no vectors yet", help: "copy a collection that has some")
        }
        try forgetIfChanged()
        var ids = if let ids = known[entry.id] { ids } else { try ids(of: entry) }
        let topic = Array("persistent://default/default/\(entry.id)".utf8)
        try connection.transaction { () throws(StoreError) in
            try checkPresence(of: entry)
            var sequence = try last()
            for (row, (id, metadata)) in rows.enumerated() {
                let hash = KeyNumbers.Hash(id)
                if ids.insert(hash, row) != nil {
                    sequence += 1
                    try delete(id, topic, at: sequence)
                }
                sequence += 1
                let values: [SQLiteValue] = [
                    .integer(sequence), .text(topic), .text(id),
                    .blob(Array(bytes[row * vector.stride..<(row + 1) * vector.stride])), .text(metadata),
                ]
                try connection.run(
                    """
                    INSERT INTO embeddings_queue (seq_id, operation, topic, id, vector, encoding, metadata) \
                    VALUES (?, 2, ?, ?, ?, 'FLOAT32', ?)
                    """, values)
            }
            if entry.dimension == nil { try setDimension(vector.dimension, of: entry) }
        }
        known[entry.id] = ids
    }

    /// Ids, and what stands beside the vectors: all that may be refused is refused before anything is written.
    private func rows(_ batch: Batch, _ shape: Collection) throws(StoreError) -> [(id: [UInt8], metadata: [UInt8])] {
        try shape.check(batch)
        if let vector = shape.vectors.first { try batch.checkVectors(vector) }
        let writer = RecordWriter(shape)
        var payload = ChromaPayload(shape, .ofFiles)
        var rows: [(id: [UInt8], metadata: [UInt8])] = []
        rows.reserveCapacity(batch.count)
        for row in 0..<batch.count {
            let id = batch.keys[row].chromaText
            guard !id.isEmpty else { throw batch.refusal(row, "Chroma takes no empty id") }
            var object = JSONWriter()
            object.raw("{")
            writer.writeFields(batch, row: row, to: &object)
            object.raw("}")
            do { try payload.take(object.bytes) } catch { throw batch.refusal(row, "its payload is no JSON: \(error)") }
            rows.append((id, payload.queued))
        }
        return rows
    }

    /// Another program may have written in between.
    private func forgetIfChanged() throws(StoreError) {
        let now = try connection.number("PRAGMA data_version")
        if now != version { known = [:] }
        version = now
    }

    private func checkPresence(of entry: ChromaDirectoryEntry) throws(StoreError) {
        let sql = "SELECT EXISTS (SELECT 1 FROM collections WHERE id = ?)"
        guard try connection.number(sql, [.text(entry.id)]) == 1 else { throw .changed(entry.name) }
    }

    /// The first records give a collection its dimension.
    private func setDimension(_ dimension: Int?, of entry: ChromaDirectoryEntry) throws(StoreError) {
        try connection.run(
            "UPDATE collections SET dimension = ? WHERE id = ? AND dimension IS NULL",
            [dimension.map { .integer(Int64($0)) } ?? .null, .text(entry.id)])
    }

    func delete(_ keys: [Key], from entry: ChromaDirectoryEntry) throws(StoreError) {
        let topic = Array("persistent://default/default/\(entry.id)".utf8)
        try connection.transaction { () throws(StoreError) in
            var sequence = try last()
            for key in keys {
                sequence += 1
                try delete(key.chromaText, topic, at: sequence)
            }
        }
    }

    private func delete(_ id: [UInt8], _ topic: [UInt8], at sequence: Int64) throws(StoreError) {
        try connection.run(
            "INSERT INTO embeddings_queue (seq_id, operation, topic, id) VALUES (?, 3, ?, ?)",
            [.integer(sequence), .text(topic), .text(id)])
    }

    /// The last number that was given, also where the queue has been emptied since.
    private func last() throws(StoreError) -> Int64 {
        let sql = """
            SELECT max(coalesce((SELECT max(seq_id) FROM embeddings_queue), 0), \
            coalesce((SELECT max(seq_id) FROM max_seq_id), 0))
            """
        return try connection.number(sql) ?? 0
    }

    private func ids(of entry: ChromaDirectoryEntry) throws(StoreError) -> KeyNumbers {
        var ids = KeyNumbers()
        let queries = [
            ("SELECT embedding_id FROM embeddings WHERE segment_id = ?", entry.records ?? ""),
            ("SELECT id FROM embeddings_queue WHERE topic = ?", "persistent://default/default/\(entry.id)"),
        ]
        for (sql, owner) in queries {
            _ = try connection.rows(sql, [.text(owner)]) {
                _ = ids.insert(KeyNumbers.Hash(UnsafeRawBufferPointer($0.bytes(0))), 0)
            }
        }
        return ids
    }
}
