import Model

/// The collections in one folder of Chroma's, to be read and nothing else.
package actor ChromaDirectoryStore: Store {
    private let place: ChromaDirectoryPlace
    private let executor = BlockingQueue("chroma-dir")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private var opened: ChromaDirectoryDatabase?
    /// The last state of each, so that an index is not looked through twice.
    private var snapshots: [String: ChromaDirectorySnapshot] = [:]

    init(_ place: ChromaDirectoryPlace) { self.place = place }

    package init(at root: String) { place = ChromaDirectoryPlace(root: root) }

    package nonisolated let facts = Facts(
        version: "Chroma 0.4 to 1.5, files", write: Budget(), readers: 4, writers: 1, moment: .durable)

    package nonisolated var search: (any Searching)? { self }

    package func check() throws(StoreError) { _ = try database() }

    package func collections() throws(StoreError) -> [String] { try database().entries.map(\.name) }

    package func describe(_ name: String) throws(StoreError) -> Description { try snapshot(name).description }

    package nonisolated func fit(_ wanted: Collection, into existing: Collection?) -> Fit {
        Fit(
            collection: wanted, verdicts: [Verdict("collection", .impossible, "a folder of Chroma's is only read here")]
        )
    }

    package func read(_ name: String, at moment: Moment?) throws(StoreError) -> any Reading {
        let snapshot = try snapshot(name)
        guard moment == nil || moment?.token == snapshot.stamp else {
            throw StoreError(
                .expired, "\(place.root) was written to since then", help: "Chroma keeps only the last state")
        }
        return ChromaDirectoryReading(snapshot)
    }

    package func close() { (opened, snapshots) = (nil, [:]) }

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

    // MARK: What is refused

    @discardableResult
    package func create(_ collection: Collection) throws(StoreError) -> Identity { throw readOnly }
    package func drop(_ name: String, being identity: Identity?) throws(StoreError) { throw readOnly }
    @discardableResult
    package func write(_ batch: Batch, to name: String, _ attempt: Attempt) throws(StoreError) -> Receipt {
        throw readOnly
    }
    package func settle(_ name: String) throws(StoreError) { throw readOnly }
    @discardableResult
    package func delete(_ keys: [Key], from name: String) throws(StoreError) -> Int { throw readOnly }

    private var readOnly: StoreError {
        StoreError(
            .unsupported, "a folder of Chroma's is only read here: \(place.root)",
            help: "write to a server of Chroma's by chroma://")
    }
}

extension ChromaDirectoryStore: Searching {}
