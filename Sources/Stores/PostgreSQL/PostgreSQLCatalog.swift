import JSON
import Model

/// What the server's own catalogs say of tables.
struct PostgreSQLCatalog {
    let connection: PostgreSQLConnection
    /// Where tables are that go by their own name.
    let schema: String

    init(_ connection: PostgreSQLConnection) throws(StoreError) {
        self.connection = connection
        guard let schema = try connection.run("SELECT current_schema()").rows.first?.text(0) else {
            throw StoreError(
                .notFound, "no schema of the search path is there",
                help: "make it: CREATE SCHEMA; or connect with another `schema`")
        }
        self.schema = schema
    }

    // MARK: Names

    /// Tables that are people's own, by oid, with the name of each collection.
    func tables() throws(StoreError) -> [(name: String, oid: UInt32)] {
        try connection.run(
            """
            SELECT c.oid, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
                AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
                AND has_schema_privilege(n.oid, 'USAGE')
                AND NOT EXISTS (SELECT 1 FROM pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
            """
        ).rows.compactMap { row in
            let name = PostgreSQLName(schema: row.string(1), table: row.string(2))
            return shown(name).map { ($0, UInt32(row.number(0) ?? 0)) }
        }
    }

    /// The name of the collection in a table; nil if it is none.
    private func shown(_ name: PostgreSQLName) -> String? {
        guard let layout = connection.server.layout else { return name.shown(in: schema) }
        return name.schema == schema ? layout.collection(in: name.table) : nil
    }

    /// The oid and the name of a table, if it is there.
    func find(_ name: String) throws(StoreError) -> (oid: UInt32, name: PostgreSQLName)? {
        guard name.utf8.allSatisfy({ $0 != 0 }) else { return nil }
        guard let name = connection.server.layout.map({ $0.table(for: name) }) ?? name else { return nil }
        let dotted = PostgreSQLName(dotted: name)
        return try connection.run(
            """
            SELECT c.oid, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND (n.nspname = $1 AND c.relname = $2 OR n.nspname = $3 AND c.relname = $4)
            ORDER BY n.nspname = $1 AND c.relname = $2 DESC LIMIT 1
            """, [schema, name, dotted?.schema, dotted?.table]
        ).rows.first.map { row in
            (UInt32(row.number(0) ?? 0), PostgreSQLName(schema: row.string(1), table: row.string(2)))
        }
    }

    /// Where a new table of this name belongs.
    func place(for collection: String) throws(StoreError) -> PostgreSQLName {
        let layout = connection.server.layout
        let name = try layout?.checked(layout?.table(for: collection), for: collection) ?? collection
        var place = PostgreSQLName(schema: schema, table: name)
        if let dotted = PostgreSQLName(dotted: name),
            try connection.run("SELECT 1 FROM pg_namespace WHERE nspname = $1", [dotted.schema]).count == 1
        {
            place = dotted
        }
        guard !place.table.isTooLongForPostgreSQL, !place.table.isEmpty else {
            throw StoreError(
                .rejected, "\"\(name)\" is no name for a table: PostgreSQL takes 1 to 63 bytes",
                help: "choose a shorter name")
        }
        return place
    }

    // MARK: Tables

    func table(_ name: String) throws(StoreError) -> PostgreSQLTable {
        guard let found = try find(name) else { throw .noCollection(name) }
        return try table(found.oid, found.name)
    }

    private func table(_ oid: UInt32, _ name: PostgreSQLName) throws(StoreError) -> PostgreSQLTable {
        var columns: [PostgreSQLColumn] = []
        for row in try columnRows(oid) { columns.append(try column(row, name)) }
        if let layout = connection.server.layout, let model = layout.model(of: name.table) {
            var table = try layout.table(columns, oid: oid, name: name, model: model)
            table.parts = try parts(oid)
            table.collection.indexes = try indexes(of: table).compactMap(\.index)
            return table
        }
        let keyNames = try keyNames(oid)
        var table = PostgreSQLTable(columns, keyNames: keyNames, oid: oid, name: name, shown: name.shown(in: schema))
        table.parts = try parts(oid)
        let indexes = try indexes(of: table)
        table.collection.indexes = indexes.compactMap(\.index)
        let others = indexes.filter { $0.index == nil && !$0.isPrimary }.map { JSONValue.string($0.definition) }
        if !others.isEmpty { table.collection.native["indexes"] = .array(others) }
        for place in table.vectors.indices where table.collection.vectors[place].metric == nil {
            let name = table.collection.vectors[place].name
            table.collection.vectors[place].metric = table.collection.indexes.first { $0.field == name }?.metric
        }
        return table
    }

    /// Columns as their types and comments have them.
    private func columnRows(_ oid: UInt32) throws(StoreError) -> [PostgreSQLRow] {
        try connection.run(
            """
            SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.atttypmod, t.typtype, t.typname,
                coalesce(e.typname, ''), a.attnotnull, a.attgenerated <> '', col_description(a.attrelid, a.attnum),
                coalesce(l.collisdeterministic, true), coalesce(x.extname, ''),
                t.typnamespace = 'pg_catalog'::regnamespace
            FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typlen = -1 AND t.typcategory = 'A'
                LEFT JOIN pg_collation l ON l.oid = a.attcollation
                LEFT JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = coalesce(e.oid, t.oid)
                    AND d.deptype = 'e'
                LEFT JOIN pg_extension x ON x.oid = d.refobjid
            WHERE a.attrelid = \(oid) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
            """
        ).rows
    }

    private func column(_ row: PostgreSQLRow, _ name: PostgreSQLName) throws(StoreError) -> PostgreSQLColumn {
        let facts = PostgreSQLTypeFacts(
            name: row.string(4), element: row.string(5), modifier: row.number(2) ?? -1, isBase: row.string(3) == "b",
            isVectors: row.string(10) == "vector", isBuiltIn: row.truth(11))
        var column = PostgreSQLColumn(
            name: row.string(0), type: row.string(1), wire: .text, isGenerated: row.truth(7), isNullable: !row.truth(6),
            isBytewiseEqual: row.truth(9), note: PostgreSQLNote(comment: row.text(8)))
        var wire = facts.wire(column.note)
        if case .vector(let element, nil)? = wire {
            wire = .vector(element, dimension: try dimension(column.name, name))
            column.isMeasured = true
        }
        column.wire = wire ?? .text
        column.isCast = wire == nil
        return column
    }

    /// The dimension of the vectors in a column whose type says nothing of it.
    private func dimension(_ column: String, _ name: PostgreSQLName) throws(StoreError) -> Int? {
        let column = column.quoted
        let sql = "SELECT array_length(string_to_array(\(column)::text, ','), 1) FROM \(name.sql)"
        return try connection.run("\(sql) WHERE \(column) IS NOT NULL LIMIT 1").rows.first?.number(0)
    }

    /// The columns of the primary key, else of the first index that is as good as one.
    private func keyNames(_ oid: UInt32) throws(StoreError) -> [String] {
        try connection.run(
            """
            SELECT (SELECT json_agg(a.attname ORDER BY k.place)
                FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(number, place)
                JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number WHERE k.place <= i.indnkeyatts)
            FROM pg_index i
            WHERE i.indrelid = \(oid) AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
                AND i.indexprs IS NULL AND (i.indisprimary OR i.indnkeyatts = 1
                    AND (SELECT attnotnull FROM pg_attribute WHERE attrelid = i.indrelid AND attnum = i.indkey[0]))
            ORDER BY i.indisprimary DESC, i.indkey[0] LIMIT 1
            """
        ).rows.first?.list(0) ?? []
    }

    private func parts(_ oid: UInt32) throws(StoreError) -> [UInt32] {
        try connection.run(
            """
            WITH RECURSIVE parts(oid) AS (SELECT \(oid)::oid UNION
                SELECT i.inhrelid FROM pg_inherits i JOIN parts p ON i.inhparent = p.oid)
            SELECT c.oid FROM parts p JOIN pg_class c ON c.oid = p.oid WHERE c.relkind = 'r' ORDER BY c.oid
            """
        ).rows.compactMap { $0.number(0).map { UInt32($0) } }
    }
}
