import JSON
import Model
import Synchronization
import Wire

/// The collections of one database of a Chroma server.
package final class ChromaStore: Store {
    let server: ChromaServer
    /// What collections looked like a moment ago: a write does not ask each time.
    private let known = Mutex<[String: (table: ChromaTable, since: ContinuousClock.Instant)]>([:])
    /// Chroma says of no dimension before there is a record, so that those of new collections are remembered, by id.
    private let dimensions = Mutex<[String: Int]>([:])

    init(_ server: ChromaServer) { self.server = server }

    var engine: ChromaEngine { server.engine }

    package var facts: Facts {
        Facts(
            version: engine.version, write: Budget(records: engine.mostRecords, bytes: 8 << 20), readers: 4, writers: 2,
            moment: .none)
    }

    package func collections() async throws(StoreError) -> [String] {
        try await server.tables().map(\.name).sorted { Text($0) < Text($1) }
    }

    package func describe(_ name: String) async throws(StoreError) -> Description {
        try await fresh(name).description(engine)
    }

    package func fit(_ wanted: Collection, into existing: Collection?) -> Fit {
        existing.map { ChromaMatch($0, engine).fit(wanted) } ?? ChromaFit(wanted, engine).fit
    }

    package func create(_ collection: Collection) async throws(StoreError) -> Identity {
        let made = ChromaFit(collection, engine)
        if let impossible = made.verdicts.first(where: { $0.grade == .impossible }) {
            throw StoreError(.unsupported, "Chroma cannot hold \(impossible.subject): \(impossible.detail)")
        }
        if let existing = try await server.existing(collection.name) {
            let table = remembered(existing)
            guard table.collection(engine).asMade == made.table.collection(engine).asMade else {
                throw .differs(collection.name)
            }
            return table.identity
        }
        let answer = try await server.line.answer("POST", server.path(), made.table.order(engine))
        let table = try ChromaTable(answer, server.line.address)
        if let dimension = made.table.dimension { dimensions.withLock { $0[table.id] = dimension } }
        forget()
        return table.identity
    }

    package func drop(_ name: String, being identity: Identity?) async throws(StoreError) {
        guard let table = try await server.existing(name) else { return }
        guard identity == nil || identity == table.identity else { throw .changed(name) }
        _ = try await server.line.bytes("DELETE", server.path(name), about: name)
        forget()
    }

    package func read(_ name: String, at moment: Moment?) async throws(StoreError) -> any Reading {
        guard moment == nil else {
            throw StoreError(.expired, "Chroma has no past to be read", help: "read it as it is now")
        }
        return try await reading(name)
    }

    func reading(_ name: String) async throws(StoreError) -> ChromaReading {
        ChromaReading(server, try await fresh(name))
    }

    /// What Chroma has acknowledged stands in its database, which survives a crash.
    package func settle(_ name: String) async throws(StoreError) { _ = try await table(name) }

    package var networkBytes: Int? { server.line.http.movedBytes }

    package func close() async { server.line.http.close() }

    package var search: (any Searching)? { self }
    package var renaming: (any Renaming)? { self }
    package var generations: (any Generations)? { self }

    // MARK: What is known

    /// As it was a moment ago at most.
    func table(_ name: String) async throws(StoreError) -> ChromaTable {
        let entry = known.withLock { $0[name] }
        if let entry, .now - entry.since < .seconds(1) { return entry.table }
        return try await fresh(name)
    }

    func fresh(_ name: String) async throws(StoreError) -> ChromaTable {
        let table = remembered(try await server.table(name))
        known.withLock { $0[name] = (table, .now) }
        return table
    }

    private func remembered(_ table: ChromaTable) -> ChromaTable {
        guard table.dimension == nil, let dimension = dimensions.withLock({ $0[table.id] }) else { return table }
        var table = table
        table.dimension = dimension
        return table
    }

    func learn(_ shape: Collection, of table: ChromaTable) {
        guard table.dimension == nil, let dimension = shape.vectors.first?.dimension else { return }
        dimensions.withLock { $0[table.id] = dimension }
        forget()
    }

    func forget() { known.withLock { $0.removeAll() } }
}
