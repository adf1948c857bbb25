import JSON
import Model

/// Collections in one SQLite file.
///
/// It waits on the disk and on locks, so it runs on a queue of its own; each reading has another.
package actor SQLiteStore: Store {
    private let queue = BlockingQueue("sqlite")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    private let file: SQLiteFile
    private var connection: SQLiteConnection?
    /// Whether something was written that a crash of the machine may still undo.
    private var isUnsettled = false

    init(_ file: SQLiteFile) { self.file = file }

    package nonisolated let facts = Facts(
        version: SQLiteConnection.version, write: Budget(records: 10_000, bytes: 32 << 20), readers: 4, writers: 1,
        moment: .session)

    /// Throws unless a database that can be read is there, or none yet.
    package func check() throws(StoreError) { _ = try opened() }

    package func collections() throws(StoreError) -> [String] { try opened()?.collectionNames() ?? [] }

    package func describe(_ name: String) throws(StoreError) -> Description {
        let connection = try opened(for: name)
        return try connection.describe(connection.table(name))
    }

    package nonisolated func fit(_ wanted: Collection, into existing: Collection?) -> Fit {
        .exact(wanted, into: existing) { index in (try? wanted.checkBuildable(index)) != nil }
    }

    package func create(_ collection: Collection) throws(StoreError) -> Identity {
        let wanted = fit(collection, into: nil).collection
        let connection = try prepared()
        return try connection.transaction { () throws(StoreError) in
            try connection.makeCatalog()
            if let existing = try connection.collection(wanted.name) {
                guard existing.collection.json.text == wanted.json.text else { throw .differs(wanted.name) }
                return existing.identity
            }
            guard try !connection.isAlias(wanted.name) else { throw .isAlias(wanted.name) }
            return try connection.make(wanted).identity
        }
    }

    package func drop(_ name: String, being identity: Identity?) throws(StoreError) {
        guard let connection = try opened() else { return }
        try connection.transaction { () throws(StoreError) in
            guard try !connection.isAlias(name) else { throw .isAlias(name) }
            guard let table = try connection.collection(name) else { return }
            guard identity == nil || identity == table.identity else { throw .changed(name) }
            try connection.run("DROP TABLE \(table.name.quoted)")
            try connection.forgetRevision(of: table)
            try connection.run("DELETE FROM _vecsh_aliases WHERE name = ?", [.text(name)])
            try connection.run("DELETE FROM _vecsh_collections WHERE name = ?", [.text(name)])
        }
    }

    package func read(_ name: String, at moment: Moment?) throws(StoreError) -> any Reading {
        try reading(name, at: moment)
    }

    func reading(_ name: String, at moment: Moment?) throws(StoreError) -> SQLiteReading {
        guard moment == nil else {
            throw StoreError(.expired, "a moment of \(file.path) ends with its reading", help: "read it as it is now")
        }
        _ = try opened(for: name)
        return try SQLiteReading.open(file, name)
    }

    package func write(_ batch: Batch, to name: String, _ attempt: Attempt) throws(StoreError) -> Receipt {
        let connection = try opened(for: name)
        isUnsettled = true
        try connection.transaction(isDurable: false) { () throws(StoreError) in
            let table = try connection.table(name)
            try table.collection.check(batch)
            try connection.insert(batch, into: table)
            try connection.countChange(of: table)
        }
        return Receipt()
    }

    /// A durable commit brings to disk all that the log holds before it.
    package func settle(_ name: String) throws(StoreError) {
        let connection = try opened(for: name)
        _ = try connection.table(name)
        guard isUnsettled else { return }
        try connection.transaction { () throws(StoreError) in
            try connection.run("UPDATE _vecsh_catalog SET value = value + 1 WHERE name = 'settled'")
        }
        isUnsettled = false
    }

    package func delete(_ keys: [Key], from name: String) throws(StoreError) -> Int {
        let connection = try opened(for: name)
        isUnsettled = true
        return try connection.transaction(isDurable: false) { () throws(StoreError) in
            let table = try connection.table(name)
            var count = 0
            for key in keys where table.collection.key.type.accepts(key) {
                count += try connection.change(table.deletion, [SQLiteValue(key)])
            }
            if count > 0 { try connection.countChange(of: table) }
            return count
        }
    }

    package func close() { connection = nil }

    package nonisolated var search: (any Searching)? { self }
    package nonisolated var indexing: (any Indexing)? { self }
    package nonisolated var aliasing: (any Aliasing)? { self }
    package nonisolated var renaming: (any Renaming)? { self }
    package nonisolated var generations: (any Generations)? { self }
}

// MARK: The connection

extension SQLiteStore {
    /// Nil while the file is not there, or holds no collections of ours.
    func opened() throws(StoreError) -> SQLiteConnection? {
        guard let connection = try connected(isNew: false), try connection.hasCatalog() else { return nil }
        return connection
    }

    func opened(for name: String) throws(StoreError) -> SQLiteConnection {
        guard let connection = try opened() else { throw .noCollection(name) }
        return connection
    }

    /// Makes the file, or makes it ours, where that has not been done.
    private func prepared() throws(StoreError) -> SQLiteConnection {
        if let connection = try opened() { return connection }
        guard let connection = try connected(isNew: true) else { throw .noCollection(file.path) }
        connection.prepareFile()
        return connection
    }

    /// Nil while the file is not there, unless it `isNew`; a file that was replaced is opened again.
    private func connected(isNew: Bool) throws(StoreError) -> SQLiteConnection? {
        if let connection, !connection.hasMoved { return connection }
        connection = try file.isPresent() || isNew ? try file.connect(isNew: isNew) : nil
        return connection
    }
}
