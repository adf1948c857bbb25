import JSON
import Model
import Synchronization
import Wire

/// The collections of a Qdrant.
package final class QdrantStore: Store {
    let server: QdrantServer
    /// What collections looked like a moment ago: a write does not ask each time.
    private let known = Mutex<[String: (table: QdrantTable, since: ContinuousClock.Instant)]>([:])

    init(_ server: QdrantServer) { self.server = server }

    var engine: QdrantEngine { server.engine }

    package var facts: Facts {
        Facts(
            version: "Qdrant \(engine.words)", write: Budget(records: 10_000, bytes: 8 << 20), readers: 4, writers: 4,
            moment: .none)
    }

    package func collections() async throws(StoreError) -> [String] {
        try await server.names().sorted { Text($0) < Text($1) }
    }

    package func describe(_ name: String) async throws(StoreError) -> Description {
        try await fresh(name).description
    }

    package func fit(_ wanted: Collection, into existing: Collection?) -> Fit {
        guard let existing else { return QdrantFit(wanted, engine).fit }
        return QdrantMatch(existing: existing).fit(wanted)
    }

    // MARK: Making and dropping

    package func create(_ collection: Collection) async throws(StoreError) -> Identity {
        let fit = QdrantFit(collection, engine)
        if let impossible = fit.verdicts.first(where: { $0.grade == .impossible }) {
            throw StoreError(.unsupported, "Qdrant cannot hold \(impossible.subject): \(impossible.detail)")
        }
        var shape = fit.collection
        // What Qdrant does of itself is no wish; what is wished for else is made below.
        shape.indexes = collection.indexes.compactMap { QdrantIndexing(shape).made($0).index }
        if let existing = try await server.existing(collection.name) {
            guard existing.name == collection.name else { throw .isAlias(collection.name) }
            guard existing.collection.bare == shape.bare else { throw .differs(collection.name) }
            return existing.identity
        }
        try await make(shape)
        forget()
        return try await fresh(collection.name).identity
    }

    private func make(_ shape: Collection) async throws(StoreError) {
        let path = QdrantServer.path(shape.name)
        _ = try await server.line.result("PUT", path, QdrantNative.creation(shape, engine), about: shape.name)
        if let change = QdrantNative.afterCreation(shape) {
            _ = try await server.line.result("PATCH", path, change, about: shape.name)
        }
        for index in shape.indexes where index.type != QdrantIndexing.vectorType {
            try await build(index, on: shape.name, shape)
        }
    }

    package func drop(_ name: String, being identity: Identity?) async throws(StoreError) {
        guard let table = try await server.existing(name) else { return }
        // A generation that is kept has no other name than such an alias.
        guard table.name == name || GenerationName.kept(name) != nil else { throw .isAlias(name) }
        guard identity == nil || identity == table.identity else { throw .changed(name) }
        // Qdrant would remove them without a word.
        let others = table.aliases.filter { $0 != name }
        guard others.isEmpty else {
            throw StoreError(
                .conflict, "\(table.name) has aliases: \(others.joined(separator: ", "))",
                help: "move them to another collection, or say `including aliases`")
        }
        _ = try await server.line.result("DELETE", QdrantServer.path(table.name), about: table.name)
        forget()
    }

    // MARK: Reading

    package func read(_ name: String, at moment: Moment?) async throws(StoreError) -> any Reading {
        guard moment == nil else {
            throw StoreError(.expired, "Qdrant keeps no moments", help: "read it as it is now")
        }
        return QdrantReading(server, try await fresh(name))
    }

    /// What Qdrant has acknowledged stands in its log, which survives a crash.
    package func settle(_ name: String) {}

    package var networkBytes: Int? { server.line.http.movedBytes }

    package func close() { server.line.http.close() }

    package var search: (any Searching)? { self }
    package var indexing: (any Indexing)? { self }
    package var aliasing: (any Aliasing)? { self }
    package var generations: (any Generations)? { self }

    // MARK: What is known

    /// As it was a moment ago at most.
    func table(_ name: String) async throws(StoreError) -> QdrantTable {
        let entry = known.withLock { $0[name] }
        if let entry, .now - entry.since < .seconds(1) { return entry.table }
        return try await fresh(name)
    }

    func fresh(_ name: String) async throws(StoreError) -> QdrantTable {
        let table = try await server.table(name)
        known.withLock { $0[name] = (table, .now) }
        return table
    }

    func forget() { known.withLock { $0.removeAll() } }
}

extension Collection {
    /// What a collection is from its creation on, whatever the server has added.
    fileprivate var bare: Collection {
        var bare = self
        bare.indexes = []
        bare.native = [:]
        return bare
    }
}
