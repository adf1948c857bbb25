import Model

/// Generations are tables under names of their own; a swap renames them, and all that is named after them, in one
/// transaction.
extension PostgreSQLStore: Generations {
    package var isAtomic: Bool { true }

    package func staging(for name: String) async throws(StoreError) -> String {
        let staging = GenerationName.staging(name)
        _ = try await lanes.run { connection throws(StoreError) in
            try PostgreSQLCatalog(connection).place(for: staging).table
        }
        return staging
    }

    package func list(_ name: String) async throws(StoreError) -> [Description] {
        try await lanes.run { connection throws(StoreError) in
            let catalog = try PostgreSQLCatalog(connection)
            var found: [Description] = []
            for name in try catalog.generationNames().generations(of: name) {
                found.append(try catalog.describe(catalog.table(name), building: []))
            }
            return found
        }
    }

    package func swap(_ moves: [Move]) async throws(StoreError) {
        try await lanes.run { connection throws(StoreError) in
            try connection.transaction { () throws(StoreError) in
                let catalog = try PostgreSQLCatalog(connection)
                let names = try catalog.generationNames()
                let renamed = try names.after(moves)
                guard !renamed.isEmpty else { return }
                try PostgreSQLRenaming(catalog).lock(renamed)
                // What is true behind the locks counts.
                guard try catalog.generationNames().after(moves) == renamed else { throw .changed(moves[0].name) }
                if let layout = connection.server.layout {
                    for name in moves.map(\.name) {
                        guard let live = try catalog.find(name) else { continue }
                        try layout.checkAlone(live.name, connection)
                    }
                }
                try PostgreSQLRenaming(catalog).rename(renamed)
            }
        }
    }
}

extension PostgreSQLStore: Renaming {
    package func rename(_ name: String, to newName: String) async throws(StoreError) {
        try await lanes.run { connection throws(StoreError) in
            try connection.transaction { () throws(StoreError) in
                let catalog = try PostgreSQLCatalog(connection)
                guard try catalog.find(newName) == nil else { throw .isCollection(newName) }
                guard let found = try catalog.find(name) else { throw .noCollection(name) }
                let renamed = [Identity(String(found.oid)): newName]
                try PostgreSQLRenaming(catalog).lock(renamed)
                try PostgreSQLRenaming(catalog).rename(renamed)
            }
        }
    }
}

extension PostgreSQLCatalog {
    fileprivate func generationNames() throws(StoreError) -> GenerationNames {
        GenerationNames(Dictionary(try tables().map { ($0.name, Identity(String($0.oid))) }) { first, _ in first })
    }
}

/// Gives tables new names, which may be those of others that get new ones; indexes, sequences and constraints that are
/// called after their table go with it.
private struct PostgreSQLRenaming {
    private let catalog: PostgreSQLCatalog
    private var connection: PostgreSQLConnection { catalog.connection }

    init(_ catalog: PostgreSQLCatalog) { self.catalog = catalog }

    private struct Thing {
        /// TABLE, INDEX or SEQUENCE.
        var kind: String
        var oid: Int
        var old: PostgreSQLName
        var new: String

        /// What it is called between the old name and the new one.
        var passing: String { "_vecsh_passing_\(oid)" }
    }

    func lock(_ renamed: [Identity: String]) throws(StoreError) {
        let names = try renamed.keys.map(\.token).sorted().map { oid throws(StoreError) in try name(oid).sql }
        try connection.run("LOCK TABLE \(names.joined(separator: ", ")) IN ACCESS EXCLUSIVE MODE")
    }

    func rename(_ renamed: [Identity: String]) throws(StoreError) {
        var things: [Thing] = []
        for (identity, new) in renamed.sorted(by: { $0.key.token < $1.key.token }) {
            let old = try name(identity.token)
            let place = try catalog.place(for: new)
            guard place.schema == old.schema else {
                throw StoreError(
                    .unsupported, "\"\(new)\" is in another schema than \(old.schema)", help: "keep it in its schema")
            }
            things.append(Thing(kind: "TABLE", oid: Int(identity.token) ?? 0, old: old, new: place.table))
            things += try parts(identity.token, old, place.table)
            try renameConstraints(identity.token, old, place.table)
        }
        for thing in things { try rename(thing, thing.old.table, to: thing.passing) }
        for thing in things { try rename(thing, thing.passing, to: free(thing)) }
    }

    private func rename(_ thing: Thing, _ name: String, to new: String) throws(StoreError) {
        let old = PostgreSQLName(schema: thing.old.schema, table: name)
        try connection.run("ALTER \(thing.kind) \(old.sql) RENAME TO \(new.quoted)")
    }

    /// The new name, or one like it where something else has it.
    private func free(_ thing: Thing) throws(StoreError) -> String {
        if thing.kind == "TABLE" { return thing.new }
        let taken = try connection.run(
            "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1",
            [thing.old.schema]
        ).rows.map { $0.string(0) }
        var names = PostgreSQLNames(taken: taken)
        return names.claim(thing.new)
    }

    private func name(_ oid: String) throws(StoreError) -> PostgreSQLName {
        let row = try connection.run(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1",
            [oid]
        ).rows.first
        guard let row else { throw .noCollection(oid) }
        return PostgreSQLName(schema: row.string(0), table: row.string(1))
    }

    /// Indexes, and sequences that belong to a column.
    private func parts(_ oid: String, _ old: PostgreSQLName, _ new: String) throws(StoreError) -> [Thing] {
        try connection.run(
            """
            SELECT 'INDEX', c.oid, c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE i.indrelid = $1 UNION ALL
            SELECT 'SEQUENCE', c.oid, c.relname FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
            WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = $1
                AND d.deptype IN ('a', 'i') ORDER BY 3
            """, [oid]
        ).rows.compactMap { row in
            let name = PostgreSQLName(schema: old.schema, table: row.string(2))
            return name.table.named(after: old.table, now: new).map {
                Thing(kind: row.string(0), oid: row.number(1) ?? 0, old: name, new: $0)
            }
        }
    }

    /// Those of constraints that no index stands for; their names are the table's own matter.
    private func renameConstraints(_ oid: String, _ old: PostgreSQLName, _ new: String) throws(StoreError) {
        let names = try connection.run(
            "SELECT conname FROM pg_constraint WHERE conrelid = $1 AND contype IN ('c', 'f', 'n') AND conislocal", [oid]
        ).rows.map { $0.string(0) }
        for name in names {
            guard let renamed = name.named(after: old.table, now: new), !names.contains(renamed) else { continue }
            try connection.run("ALTER TABLE \(old.sql) RENAME CONSTRAINT \(name.quoted) TO \(renamed.quoted)")
        }
    }
}

extension String {
    /// `new_key` for `old_key`; nil if it is not called after its table.
    fileprivate func named(after old: String, now new: String) -> String? {
        guard utf8.starts(with: (old + "_").utf8) else { return nil }
        return new.clipped(before: String(decoding: utf8.dropFirst(old.utf8.count), as: UTF8.self))
    }
}
