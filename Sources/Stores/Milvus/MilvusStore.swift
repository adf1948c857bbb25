import JSON
import Model
import Synchronization
import Wire

/// The collections of one database of a Milvus.
package final class MilvusStore: Store {
    let server: MilvusServer
    let residence: MilvusResidence
    /// What collections looked like a moment ago: a write does not ask each time.
    private let known = Mutex<[String: (table: MilvusTable, since: ContinuousClock.Instant)]>([:])

    init(_ server: MilvusServer, mayLoad: Bool) {
        self.server = server
        residence = MilvusResidence(server, mayLoad: mayLoad)
    }

    var engine: MilvusEngine { server.engine }

    package var facts: Facts {
        let isLocal = engine.kind != .server
        return Facts(
            version: engine.words, write: Budget(records: MilvusReading.mostRows, bytes: 32 << 20),
            readers: isLocal ? 2 : 4, writers: isLocal ? 1 : 4, moment: engine.hasMoments ? .session : .none,
            hasUniqueKeys: !engine.repeatsKeys)
    }

    package func collections() async throws(StoreError) -> [String] { try await server.collectionNames() }

    package func describe(_ name: String) async throws(StoreError) -> Description {
        try await fresh(name).description
    }

    package func fit(_ wanted: Collection, into existing: Collection?) -> Fit {
        guard let existing else { return MilvusFit(wanted, engine).fit }
        return MilvusMatch(engine).fit(wanted, existing)
    }

    package func create(_ collection: Collection) async throws(StoreError) -> Identity {
        let made = MilvusFit(collection, engine)
        if let impossible = made.verdicts.first(where: { $0.grade == .impossible }) {
            throw StoreError(.unsupported, "Milvus cannot hold \(impossible.subject): \(impossible.detail)")
        }
        // What `fit` adds of its own accord is made by whoever asks for it.
        var table = made.table
        let asked = Set(collection.indexes.map(\.field))
        table.indexes.removeAll { index in
            !asked.contains(index.field) && table.schema.given.contains { $0.name == index.field }
        }
        if let existing = try await server.existing(collection.name) {
            return try identity(of: existing, ifLike: table, collection.name)
        }
        try await server.create(&table)
        forget(collection.name)
        return try await fresh(collection.name).identity
    }

    private func identity(
        of existing: MilvusTable, ifLike wanted: MilvusTable, _ name: String
    ) throws(StoreError) -> Identity {
        guard existing.schema.name == name else { throw .isAlias(name) }
        guard existing.collection.bare == wanted.collection.bare else { throw .differs(name) }
        return existing.identity
    }

    package func drop(_ name: String, being identity: Identity?) async throws(StoreError) {
        guard let table = try await server.existing(name) else { return }
        guard identity == nil || identity == table.identity else { throw .changed(name) }
        guard table.schema.name == name else { return try await drop(kept: name, table, isKnown: identity != nil) }
        // Milvus 2.3 leaves such an alias behind, pointing nowhere; newer ones refuse.
        guard table.aliases.isEmpty else {
            throw StoreError(
                .conflict, "\(name) has aliases: \(table.aliases.joined(separator: ", "))",
                help: "move them to another collection, or say `including aliases`")
        }
        try await server.order("DropCollection", server.request(name), about: name)
        await residence.keep(name)
        forget(name)
    }

    /// A generation that goes by an alias, since its live name does. Nothing else is dropped through one.
    private func drop(kept alias: String, _ table: MilvusTable, isKnown: Bool) async throws(StoreError) {
        guard isKnown, let live = GenerationName.kept(alias)?.name, table.aliases == [alias],
            try await server.aliases(of: "").contains(live)
        else { throw .isAlias(alias) }
        try await remove(alias: alias)
        try await drop(table.schema.name, being: table.identity)
    }

    package func read(_ name: String, at moment: Moment?) async throws(StoreError) -> any Reading {
        guard moment == nil else {
            throw StoreError(.expired, "a moment of Milvus ends with its reading", help: "read it as it is now")
        }
        return try await reading(name)
    }

    func reading(_ name: String) async throws(StoreError) -> MilvusReading {
        try await MilvusReading(server, try await fresh(name), residence)
    }

    /// What Milvus has acknowledged stands in its log, which survives a crash.
    package func settle(_ name: String) async throws(StoreError) {
        let table = try await table(name)
        if engine.kind == .lite { try await server.flush(table.schema.name, waiting: false) }
    }

    package var networkBytes: Int? { server.line.grpc.movedBytes }

    package func close() async {
        await residence.leave()
        server.line.grpc.close()
    }

    package var search: (any Searching)? { self }
    package var indexing: (any Indexing)? { self }
    package var aliasing: (any Aliasing)? { engine.hasAliases ? self : nil }
    package var renaming: (any Renaming)? { engine.hasAliases ? self : nil }
    package var residency: (any Residency)? { self }
    package var generations: (any Generations)? { engine.hasAliases ? self : nil }
    package var loading: (any Loading)? { self }
    package var flushing: (any Flushing)? { self }
    package var inventing: (any Inventing)? { self }
    package var counting: (any Counting)? { self }

    // MARK: What is known

    /// As it was a moment ago at most.
    func table(_ name: String) async throws(StoreError) -> MilvusTable {
        let entry = known.withLock { $0[name] }
        if let entry, .now - entry.since < .seconds(1) { return entry.table }
        return try await fresh(name)
    }

    func fresh(_ name: String) async throws(StoreError) -> MilvusTable {
        let table = try await server.table(name)
        known.withLock { $0[name] = (table, .now) }
        return table
    }

    func forget(_ name: String) { known.withLock { $0.removeAll() } }
}

extension Collection {
    /// What a collection is from its creation on.
    fileprivate var bare: Collection {
        var bare = self
        bare.indexes = []
        bare.native = [:]
        bare.partitions = []
        for place in bare.vectors.indices { bare.vectors[place].metric = nil }
        return bare
    }
}

extension MilvusServer {
    /// Makes a collection with its partitions and indexes.
    func create(_ table: inout MilvusTable) async throws(StoreError) {
        let name = table.schema.name
        let mark = UUID.random().description
        var properties = table.properties
        if engine.kind == .lite { properties[MilvusMark.identity] = mark }
        if engine.kind == .nativeLite {
            for place in table.schema.fields.indices where table.schema.fields[place].isKey {
                table.schema.fields[place].params[MilvusMark.identity] = mark
            }
        }
        var request = request(name)
        request.bytes(4, table.schema.message)
        request.integer(5, max(1, table.shards))
        request.integer(6, table.consistency)
        request.pairs(7, properties)
        request.integer(8, table.keyPartitions)
        try await order("CreateCollection", request, about: name)
        for partition in table.partitions { try await create(partition: partition, of: name) }
        for index in table.indexes { try await create(index, of: name) }
    }

    func create(partition: String, of name: String) async throws(StoreError) {
        var request = request(name)
        request.text(4, partition)
        try await order("CreatePartition", request, about: name)
    }
}
