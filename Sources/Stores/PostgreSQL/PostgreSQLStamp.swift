import Model

/// A table as it was last seen.
struct PostgreSQLStamped: Sendable {
    let table: PostgreSQLTable
    /// Differs whenever the table is made into another one.
    let stamp: String
}

extension PostgreSQLConnection {
    /// The table of a collection that takes records; it is looked through again only if it has changed.
    func writable(_ name: String, _ state: PostgreSQLKnowledge) throws(StoreError) -> PostgreSQLTable {
        if let known = state[table: name], try stamp(known.table.oid, known.table.name) == known.stamp {
            return known.table
        }
        let catalog = try PostgreSQLCatalog(self)
        guard let found = try catalog.find(name) else { throw .noCollection(name) }
        // Before the table: whatever changes from here on makes another stamp.
        let stamp = try stamp(found.oid, found.name)
        let table = try catalog.table(name)
        try table.checkWritable()
        if let stamp, table.oid == found.oid, !table.vectors.contains(where: \.isMeasured) {
            state[table: name] = PostgreSQLStamped(table: table, stamp: stamp)
        }
        return table
    }

    /// What wrote the table's description, columns, indexes and comments last; nil if it is not called this any more.
    private func stamp(_ oid: UInt32, _ name: PostgreSQLName) throws(StoreError) -> String? {
        try run(
            """
            SELECT concat_ws('/', c.xmin::text,
                (SELECT string_agg(xmin::text, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid),
                (SELECT string_agg(indexrelid || ' ' || xmin::text, ',' ORDER BY 1) FROM pg_index
                    WHERE indrelid = c.oid),
                (SELECT string_agg(xmin::text, ',' ORDER BY objsubid) FROM pg_description
                    WHERE objoid = c.oid AND classoid = 'pg_class'::regclass))
            FROM pg_class c WHERE c.oid = \(oid) AND c.relname = \(name.table.literal)
                AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = \(name.schema.literal))
            """
        ).rows.first?.text(0)
    }
}
