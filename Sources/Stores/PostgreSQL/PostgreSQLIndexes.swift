import JSON
import Model

/// An index as the server has it, and what it is to us.
struct PostgreSQLIndex: Hashable, Sendable {
    /// Nil for what has several columns, a condition or an expression of somebody's own.
    var index: Index?
    var name: PostgreSQLName
    var definition: String
    var isPrimary: Bool
    var state: IndexState

    /// How many rows a build `p` will have taken; pgvector's hnsw does not tell, but how much of the table it has read.
    fileprivate static let expected = """
        CASE WHEN p.tuples_total > 0 THEN p.tuples_total
            WHEN p.blocks_done > 0 THEN p.tuples_done * p.blocks_total / p.blocks_done ELSE 0 END
        """
}

extension PostgreSQLCatalog {
    func indexes(of table: PostgreSQLTable) throws(StoreError) -> [PostgreSQLIndex] {
        try connection.run(
            """
            SELECT c.relname, m.amname, i.indisprimary, i.indisunique, i.indisvalid AND i.indisready,
                i.indnkeyatts = 1 AND i.indpred IS NULL, coalesce(a.attname, x.attname), o.opcname,
                o.opcdefault, array_to_json(c.reloptions), pg_get_indexdef(i.indexrelid), obj_description(c.oid, 'pg_class'),
                greatest(c.reltuples, 0)::bigint, p.tuples_done, \(PostgreSQLIndex.expected), x.attname IS NOT NULL
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
                LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND a.attnum > 0
                LEFT JOIN pg_attribute x ON x.attrelid = i.indrelid AND i.indkey[0] = 0 AND x.attnum > 0
                    AND pg_get_expr(i.indexprs, i.indrelid) LIKE format('(%I)::%%halfvec(%%)', x.attname)
                LEFT JOIN pg_opclass o ON o.oid = i.indclass[0]
                LEFT JOIN pg_stat_progress_create_index p ON p.index_relid = i.indexrelid
            WHERE i.indrelid = \(table.oid) ORDER BY c.relname
            """
        ).rows.map { row in
            PostgreSQLIndex(
                index: row.truth(5) && !row.truth(2) ? index(row, table) : nil,
                name: PostgreSQLName(schema: table.name.schema, table: row.string(0)), definition: row.string(10),
                isPrimary: row.truth(2), state: state(row))
        }
    }

    private func state(_ row: PostgreSQLRow) -> IndexState {
        if let done = row.number(13) {
            return IndexState(.building, indexed: done, pending: max(0, (row.number(14) ?? 0) - done))
        }
        return IndexState(row.truth(4) ? .finished : .failed, indexed: row.number(12) ?? 0)
    }

    private func index(_ row: PostgreSQLRow, _ table: PostgreSQLTable) -> Index? {
        guard let column = row.text(6), let field = table.field(ofColumn: column) else { return nil }
        var params: [String: JSONValue] = [:]
        for option in row.list(9) {
            let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { continue }
            params[parts[0]] = Int64(parts[1]).map(JSONValue.integer) ?? .string(parts[1])
        }
        if row.truth(3) { params["unique"] = true }
        if row.truth(15) { params["cast"] = "halfvec" }
        let isVector = PostgreSQLIndexFit.vectorTypes.contains(row.string(1))
        if !isVector, row.text(7) == "jsonb_path_ops" { params["ops"] = "jsonb_path_ops" }
        let note = PostgreSQLNote(comment: row.text(11))
        return Index(
            name: note.name ?? row.string(0), field: field, type: row.string(1),
            metric: isVector ? PostgreSQLMetric.metric(ofClass: row.string(7)) : nil, params: params)
    }

    /// The collection with all that is known of it; `building` is what is on its way.
    func describe(_ table: PostgreSQLTable, building: [Index]) throws(StoreError) -> Description {
        var description = Description(collection: table.collection, identity: table.identity)
        for index in try indexes(of: table) {
            if let name = index.index?.name { description.states[name] = index.state }
        }
        for index in building where description.states[index.name] == nil {
            description.collection.indexes.append(index)
            description.states[index.name] = try progress(table)
        }
        let sizes = table.parts.map { "pg_total_relation_size(\($0))" }.joined(separator: " + ")
        if !sizes.isEmpty { description.bytes = try connection.run("SELECT \(sizes)").rows.first?.number(0) }
        return description
    }

    private func progress(_ table: PostgreSQLTable) throws(StoreError) -> IndexState {
        let row = try connection.run(
            """
            SELECT p.tuples_done, greatest(\(PostgreSQLIndex.expected) - p.tuples_done, 0)
            FROM pg_stat_progress_create_index p WHERE p.relid = \(table.oid)
            """
        ).rows.first
        return IndexState(.building, indexed: row?.number(0) ?? 0, pending: row?.number(1) ?? 0)
    }
}

extension PostgreSQLTable {
    fileprivate func field(ofColumn name: String) -> String? {
        if let place = fields.firstIndex(where: { $0.name == name }) { return collection.fields[place].name }
        if let place = vectors.firstIndex(where: { $0.name == name }) { return collection.vectors[place].name }
        if payload?.name == name || key.columns.count == 1 && key.columns[0].name == name { return name }
        return nil
    }

    /// The column that an index on a field stands on.
    func column(ofField name: String, isVector: Bool) -> PostgreSQLColumn? {
        if isVector { return collection.vectors.firstIndex { $0.name == name }.map { vectors[$0] } }
        if let place = collection.fields.firstIndex(where: { $0.name == name }) { return fields[place] }
        if key.columns.count == 1, collection.key.name == name { return key.columns[0] }
        return payload?.name == name ? payload : nil
    }
}

extension PostgreSQLStore: Indexing {
    package var kinds: [IndexKind] { PostgreSQLIndexFit.kinds }

    package func create(_ index: Index, on name: String) async throws(StoreError) {
        let available = state.available
        let found = try await found(name)
        let fit = PostgreSQLIndexFit(available, found.table.collection)
        let existing = found.table.collection.indexes.first { $0.name == index.name }
        if let existing, existing.field != index.field || existing.type != index.type {
            throw .indexDiffers(index.name, name)
        }
        let wanted = try fit.checked(index)
        if let existing {
            guard existing == wanted.withoutBuild else { throw .indexDiffers(index.name, name) }
            guard found.description.states[index.name]?.phase == .failed else { return }
            try await drop(index: index.name, on: name)
        }
        try await build(wanted, on: found.table, available)
    }

    /// On a connection of its own, as it may take hours.
    private func build(
        _ index: Index, on table: PostgreSQLTable, _ available: PostgreSQLExtension
    ) async throws(StoreError) {
        let lane = PostgreSQLLane(server)
        state.begin(index.withoutBuild, on: table.oid)
        do throws(StoreError) {
            try await lane.run { connection throws(StoreError) in try connection.build(index, on: table, available) }
            state.end(index.withoutBuild, on: table.oid)
            await lane.close()
        } catch {
            state.end(index.withoutBuild, on: table.oid)
            await lane.close()
            throw error
        }
    }

    package func drop(index: String, on name: String) async throws(StoreError) {
        try await lanes.run { connection throws(StoreError) in
            let catalog = try PostgreSQLCatalog(connection)
            let table = try catalog.table(name)
            guard let built = try catalog.indexes(of: table).first(where: { $0.index?.name == index }) else {
                throw .noIndex(index, table.collection)
            }
            try connection.run("DROP INDEX \(built.name.sql)")
        }
    }
}

extension PostgreSQLConnection {
    /// Builds an index, and notes its name where the server's must be another.
    func build(_ index: Index, on table: PostgreSQLTable, _ available: PostgreSQLExtension) throws(StoreError) {
        let isVector = PostgreSQLIndexFit.vectorTypes.contains(index.type)
        guard let column = table.column(ofField: index.field, isVector: isVector) else {
            throw .noIndex(index.name, table.collection)
        }
        let taken = try run(
            "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1",
            [table.name.schema]
        ).rows.map { $0.string(0) }
        var names = PostgreSQLNames(taken: taken)
        let name = names.claim("\(table.name.table)_\(index.name)")
        if let memory = index.params["maintenance_work_mem"]?.string {
            try run("SET maintenance_work_mem = \(memory.literal)")
        }
        let isConcurrent = index.params["concurrently"] == true
        let statement = PostgreSQLIndexFit.statement(index, named: name, on: table, column, available)
        do throws(StoreError) { try run(statement) } catch {
            // What CONCURRENTLY leaves half built is of no use to anybody.
            if isConcurrent, !isLost { _ = try? run("DROP INDEX IF EXISTS \(table.name.schema.quoted).\(name.quoted)") }
            throw error
        }
        guard let comment = PostgreSQLNote(name: index.name).comment else { return }
        try run("COMMENT ON INDEX \(table.name.schema.quoted).\(name.quoted) IS \(comment.literal)")
    }
}
