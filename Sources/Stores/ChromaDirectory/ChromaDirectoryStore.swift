import Model

/// The collections in one folder of Chroma's.
package actor ChromaDirectoryStore: Store {
    private let place: ChromaDirectoryPlace
    private let executor = BlockingQueue("chroma-dir")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private var opened: ChromaDirectoryDatabase?
    /// The last state of each, so that an index is not looked through twice.
    private var snapshots: [String: ChromaDirectorySnapshot] = [:]
    private var writer: ChromaDirectoryWriter?
    private var targets: [String: Target] = [:]

    init(_ place: ChromaDirectoryPlace) { self.place = place }

    package init(at root: String) { place = ChromaDirectoryPlace(root: root) }

    package nonisolated let facts = Facts(
        version: "Chroma 0.4 to 1.5, files", write: Budget(records: 5_000), readers: 4, writers: 1, moment: .durable)

    package nonisolated var search: (any Searching)? { self }

    package func check() throws(StoreError) { _ = try database() }

    package func collections() throws(StoreError) -> [String] { try database().entries.map(\.name) }

    package func describe(_ name: String) throws(StoreError) -> Description { try snapshot(name).description }

    package nonisolated func fit(_ wanted: Collection, into existing: Collection?) -> Fit {
        existing.map { ChromaMatch($0, .ofFiles).fit(wanted) } ?? ChromaFit(wanted, .ofFiles).fit
    }

    package func read(_ name: String, at moment: Moment?) throws(StoreError) -> any Reading {
        let snapshot = try snapshot(name)
        guard moment == nil || moment?.token == snapshot.stamp else {
            throw StoreError(
                .expired, "\(place.root) was written to since then", help: "Chroma keeps only the last state")
        }
        return ChromaDirectoryReading(snapshot)
    }

    package func close() {
        (opened, snapshots) = (nil, [:])
        (writer, targets) = (nil, [:])
    }

    // MARK: What is open

    /// The database as it is now.
    private func database() throws(StoreError) -> ChromaDirectoryDatabase {
        if let opened, (try? opened.files.checkUnchanged()) != nil { return opened }
        (opened, snapshots) = (nil, [:])
        let database = try ChromaDirectoryDatabase(place)
        opened = database
        return database
    }

    private func snapshot(_ name: String) throws(StoreError) -> ChromaDirectorySnapshot {
        let database = try database()
        if let snapshot = snapshots[name], (try? snapshot.checkUnchanged()) != nil { return snapshot }
        let snapshot = try ChromaDirectorySnapshot(database.entry(name), database)
        snapshots[name] = snapshot
        return snapshot
    }

    // MARK: What is written

    @discardableResult
    package func create(_ collection: Collection) throws(StoreError) -> Identity {
        let made = ChromaFit(collection, .ofFiles)
        if let impossible = made.verdicts.first(where: { $0.grade == .impossible }) {
            throw StoreError(.unsupported, "Chroma cannot hold \(impossible.subject): \(impossible.detail)")
        }
        guard let entry = try database().entries.first(where: { $0.name == collection.name }) else {
            return try write { writer throws(StoreError) in try writer.create(made.table) }
        }
        guard try snapshot(entry.name).description.collection.bare == made.fit.collection.bare else {
            throw .differs(entry.name)
        }
        return Identity(entry.id)
    }

    package func drop(_ name: String, being identity: Identity?) throws(StoreError) {
        guard let entry = try database().entries.first(where: { $0.name == name }) else { return }
        if let identity, identity.token != entry.id { throw .changed(name) }
        try write(onlyAdds: false) { writer throws(StoreError) in try writer.drop(entry) }
        targets[name] = nil
    }

    @discardableResult
    package func write(_ batch: Batch, to name: String, _ attempt: Attempt) throws(StoreError) -> Receipt {
        let target = if let known = targets[name] { known } else { try target(name) }
        targets[name] = target
        let shape = ChromaTable.filled(target.shape, by: batch)
        try write { writer throws(StoreError) in try writer.write(batch, to: target.entry, shape) }
        if shape.vectors.count > target.shape.vectors.count { targets[name] = nil }
        return Receipt()
    }

    private func target(_ name: String) throws(StoreError) -> Target {
        let snapshot = try snapshot(name)
        return Target(entry: snapshot.entry, shape: snapshot.description.collection)
    }

    /// Every write is on the disk when it returns.
    package func settle(_ name: String) {}

    @discardableResult
    package func delete(_ keys: [Key], from name: String) throws(StoreError) -> Int {
        let snapshot = try snapshot(name)
        let found = try snapshot.fetch(keys, .keys).keys
        if !found.isEmpty {
            try write { writer throws(StoreError) in try writer.delete(found, from: snapshot.entry) }
        }
        return found.count
    }

    /// Readings that are open stay as they are, unless something is taken away.
    private func write<Value: Sendable>(
        onlyAdds: Bool = true, _ body: (ChromaDirectoryWriter) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        let writer = if let known = self.writer { known } else { try ChromaDirectoryWriter(place) }
        self.writer = writer
        defer { (opened, snapshots) = (nil, [:]) }
        return try ChromaDirectoryHand.of(place).write(place, onlyAdds: onlyAdds) { () throws(StoreError) in
            try body(writer)
        }
    }

    private struct Target {
        var entry: ChromaDirectoryEntry
        var shape: Collection
    }
}

extension Collection {
    /// What two folders must agree in.
    fileprivate var bare: Collection {
        var bare = self
        bare.native = [:]
        bare.indexes = []
        bare.partitions = []
        for at in bare.vectors.indices { bare.vectors[at].isNullable = false }
        return bare
    }
}

extension ChromaDirectoryStore: Searching {}
