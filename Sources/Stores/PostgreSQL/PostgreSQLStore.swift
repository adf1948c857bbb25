import JSON
import Model
import Synchronization

/// Tables in one PostgreSQL database.
///
/// It waits on the server, so every call runs on the queue of a connection, of which there are a few.
package struct PostgreSQLStore: Store {
    static let readers = 4
    private static let writers = 2

    let server: PostgreSQLServer
    let lanes: PostgreSQLLanes
    let state: PostgreSQLKnowledge
    package let facts: Facts

    static func open(_ server: PostgreSQLServer) async throws(StoreError) -> PostgreSQLStore {
        let lanes = PostgreSQLLanes(server, limit: writers + 1)
        let (version, available) = try await lanes.run { connection throws(StoreError) in
            (connection.parameter("server_version") ?? "", try connection.vectorExtension())
        }
        let vectors = available.version.map { " with pgvector \($0)" } ?? " without pgvector"
        return PostgreSQLStore(
            server: server, lanes: lanes, state: PostgreSQLKnowledge(available),
            facts: Facts(
                version: version + vectors, write: Budget(records: 50_000, bytes: 16 << 20), readers: readers,
                writers: writers, moment: .session))
    }

    package func collections() async throws(StoreError) -> [String] {
        try await lanes.run { connection throws(StoreError) in
            try PostgreSQLCatalog(connection).tables().map(\.name)
        }.sorted { Text($0) < Text($1) }
    }

    package func describe(_ name: String) async throws(StoreError) -> Description {
        try await found(name).description
    }

    func found(_ name: String) async throws(StoreError) -> (table: PostgreSQLTable, description: Description) {
        let builds = state.builds
        return try await lanes.run { connection throws(StoreError) in
            let catalog = try PostgreSQLCatalog(connection)
            let table = try catalog.table(name)
            return (table, try catalog.describe(table, building: builds[table.oid] ?? []))
        }
    }

    package func fit(_ wanted: Collection, into existing: Collection?) -> Fit {
        if let layout = server.layout {
            return PostgreSQLLayoutFit.fit(wanted, into: existing, layout, state.available)
        }
        return PostgreSQLFit(available: state.available).fit(wanted, into: existing)
    }

    package func create(_ collection: Collection) async throws(StoreError) -> Identity {
        let state = state
        return try await lanes.run { connection throws(StoreError) in
            try connection.transaction { () throws(StoreError) in
                let catalog = try PostgreSQLCatalog(connection)
                if try catalog.find(collection.name) == nil { try connection.make(collection, catalog, state) }
                let table = try catalog.table(collection.name)
                let wanted = fit(collection, into: nil).collection
                guard table.collection.isAlike(wanted) else { throw .differs(collection.name) }
                return table.identity
            }
        }
    }

    package func drop(_ name: String, being identity: Identity?) async throws(StoreError) {
        try await lanes.run { connection throws(StoreError) in
            try connection.transaction { () throws(StoreError) in
                guard let found = try PostgreSQLCatalog(connection).find(name) else { return }
                try connection.run("LOCK TABLE \(found.name.sql) IN ACCESS EXCLUSIVE MODE")
                guard identity == nil || identity == Identity(String(found.oid)) else { throw .changed(name) }
                try connection.drop(found.name)
            }
        }
    }

    package func read(_ name: String, at moment: Moment?) async throws(StoreError) -> any Reading {
        try await PostgreSQLReading.open(server, found(name), at: moment)
    }

    package func write(_ batch: Batch, to name: String, _ attempt: Attempt) async throws(StoreError) -> Receipt {
        let state = state
        try await lanes.run { connection throws(StoreError) in
            do throws(StoreError) {
                try connection.write(batch, to: connection.writable(name, state), attempt)
            } catch {
                state[table: name] = nil
                throw error
            }
        }
        return Receipt()
    }

    /// A commit returns when the server has it on disk: nothing is left to do.
    package func settle(_ name: String) async throws(StoreError) {
        try await lanes.run { connection throws(StoreError) in
            guard try PostgreSQLCatalog(connection).find(name) != nil else { throw .noCollection(name) }
        }
    }

    package func delete(_ keys: [Key], from name: String) async throws(StoreError) -> Int {
        try await lanes.run { connection throws(StoreError) in
            let table = try PostgreSQLCatalog(connection).table(name)
            try table.checkReadable()
            guard let condition = table.condition(keys: keys) else { return 0 }
            return try connection.run("DELETE FROM \(table.name.sql) WHERE \(condition)").changed
        }
    }

    /// libpq does not say.
    package var networkBytes: Int? { nil }

    package func close() async { await lanes.close() }

    package var search: (any Searching)? { self }
    package var indexing: (any Indexing)? { self }
    package var renaming: (any Renaming)? { self }
    package var altering: (any Altering)? { self }
    package var generations: (any Generations)? { self }
}

/// What becomes known, and what is going on, while a store is open.
final class PostgreSQLKnowledge: Sendable {
    private let known: Mutex<PostgreSQLExtension>
    private let running = Mutex<[UInt32: [Index]]>([:])
    private let tables = Mutex<[String: PostgreSQLStamped]>([:])

    init(_ available: PostgreSQLExtension) { known = Mutex(available) }

    var available: PostgreSQLExtension {
        get { known.withLock { $0 } }
        set { known.withLock { $0 = newValue } }
    }

    /// The tables that are written to, as they were last seen.
    subscript(table name: String) -> PostgreSQLStamped? {
        get { tables.withLock { $0[name] } }
        set { tables.withLock { $0[name] = newValue } }
    }

    /// Indexes that are being built, which the server shows to nobody else.
    var builds: [UInt32: [Index]] { running.withLock { $0 } }

    func begin(_ index: Index, on table: UInt32) { running.withLock { $0[table, default: []].append(index) } }
    func end(_ index: Index, on table: UInt32) { running.withLock { $0[table]?.removeAll { $0 == index } } }
}

extension PostgreSQLConnection {
    fileprivate func write(_ batch: Batch, to table: PostgreSQLTable, _ attempt: Attempt) throws(StoreError) {
        try table.collection.check(batch)
        if batch.count == 0 { return }
        guard attempt == .first, table.takesCopy else { return try upsert(batch, into: table) }
        do throws(StoreError) { try copy(batch, into: table) } catch {
            guard error.code == .conflict else { throw error }
            try upsert(batch, into: table)
        }
    }

    /// What there is of pgvector: installed in this database, or ready to be.
    func vectorExtension() throws(StoreError) -> PostgreSQLExtension {
        let row = try run(
            """
            SELECT n.nspname, coalesce(e.extversion, a.default_version) FROM pg_available_extensions a
                LEFT JOIN pg_extension e ON e.extname = a.name LEFT JOIN pg_namespace n ON n.oid = e.extnamespace
            WHERE a.name = 'vector'
            """
        ).rows.first
        return PostgreSQLExtension(schema: row?.text(0), version: row?.text(1))
    }

    fileprivate func make(
        _ collection: Collection, _ catalog: PostgreSQLCatalog, _ state: PostgreSQLKnowledge
    ) throws(StoreError) {
        let name = try catalog.place(for: collection.name)
        if let model = server.layout?.model(for: collection.name) { return try make(collection, name, model, state) }
        var schema = try PostgreSQLSchema(collection, name, state.available)
        if schema.needsExtension, state.available.schema == nil {
            state.available = try extended()
            schema = try PostgreSQLSchema(collection, name, state.available)
        }
        for statement in schema.statements { try run(statement) }
        let table = try catalog.table(collection.name)
        for index in collection.indexes {
            if let index = PostgreSQLIndexFit(state.available, collection).fit(index).index {
                try build(index, on: table, state.available)
            }
        }
    }

    /// A table of a layout.
    private func make(
        _ collection: Collection, _ name: PostgreSQLName, _ model: PostgreSQLModel, _ state: PostgreSQLKnowledge
    ) throws(StoreError) {
        if !collection.vectors.isEmpty, state.available.schema == nil { state.available = try extended() }
        for statement in model.statements(for: collection, name, state.available) { try run(statement) }
    }

    /// Drops a table; one that holds another workspace's records too only loses ours.
    fileprivate func drop(_ name: PostgreSQLName) throws(StoreError) {
        if let layout = server.layout {
            let sql = "DELETE FROM \(name.sql) WHERE \(layout.scope)"
            try run(sql)
            guard try run("SELECT 1 FROM \(name.sql) LIMIT 1").count == 0 else { return }
        }
        try run("DROP TABLE \(name.sql)")
    }

    /// Makes pgvector available in this database, if it is not.
    private func extended() throws(StoreError) -> PostgreSQLExtension {
        let found = try vectorExtension()
        guard found.schema == nil else { return found }
        guard found.version != nil else { throw .noExtension("the server does not have it", "install pgvector there") }
        guard server.mayExtend else { throw .noExtension("extension=no was said", "CREATE EXTENSION vector") }
        do throws(StoreError) { try run("CREATE EXTENSION IF NOT EXISTS vector") } catch {
            guard error.code == .unauthorized else { throw error }
            throw StoreError(
                .unauthorized, "this database has no pgvector, and this user may not add it: \(error.message)",
                help: "have somebody with the right run CREATE EXTENSION vector in it")
        }
        return try vectorExtension()
    }
}

extension StoreError {
    fileprivate static func noExtension(_ why: String, _ help: String) -> StoreError {
        StoreError(.unsupported, "this database has no pgvector, which vectors need: \(why)", help: help)
    }
}

extension Collection {
    /// Whether records are the same in both, whatever indexes there are.
    fileprivate func isAlike(_ other: Collection) -> Bool {
        key.name == other.key.name && key.type == other.key.type && vectors == other.vectors && fields == other.fields
            && isOpen == other.isOpen
    }
}
