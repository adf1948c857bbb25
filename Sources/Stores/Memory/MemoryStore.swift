import JSON
import Model

package actor MemoryStore: Store {
    struct Table {
        var collection: Collection
        var identity: Identity
        /// A batch of one record each.
        var rows: [Key: Batch] = [:]
        /// How often they were changed.
        var revision = 0
    }

    var tables: [String: Table] = [:]
    var targets: [String: String] = [:]

    package init() {}

    package nonisolated let facts = Facts(
        version: "1", write: Budget(records: 10_000, bytes: 64 << 20), readers: 4, writers: 1, moment: .session)

    package func collections() throws(StoreError) -> [String] { tables.keys.sorted() }

    package func describe(_ name: String) throws(StoreError) -> Description {
        let table = try table(name)
        let states = table.collection.indexes.map { ($0.name, IndexState(.finished, indexed: table.rows.count)) }
        return Description(
            collection: table.collection, identity: table.identity,
            aliases: targets.filter { $0.value == table.collection.name }.keys.sorted(),
            states: Dictionary(uniqueKeysWithValues: states))
    }

    package nonisolated func fit(_ wanted: Collection, into existing: Collection?) -> Fit {
        .exact(wanted, into: existing)
    }

    @discardableResult
    package func create(_ collection: Collection) throws(StoreError) -> Identity {
        if let existing = tables[collection.name] {
            guard existing.collection == collection else { throw .differs(collection.name) }
            return existing.identity
        }
        guard targets[collection.name] == nil else { throw .isAlias(collection.name) }
        // By chance: a job that outlived its process must not take a new collection for its own.
        let identity = Identity(UUID.random().description)
        tables[collection.name] = Table(collection: collection, identity: identity)
        return identity
    }

    package func drop(_ name: String, being identity: Identity?) throws(StoreError) {
        guard targets[name] == nil else { throw .isAlias(name) }
        guard let table = tables[name] else { return }
        guard identity == nil || identity == table.identity else { throw .changed(name) }
        tables[name] = nil
        targets = targets.filter { $0.value != name }
    }

    package func read(_ name: String, at moment: Moment?) throws(StoreError) -> any Reading {
        guard moment == nil else { throw StoreError(.expired, "a moment in memory ends with its reading") }
        let table = try table(name)
        return MemoryReading(rows: table.rows, description: try describe(name), revision: String(table.revision))
    }

    @discardableResult
    package func write(_ batch: Batch, to name: String, _ attempt: Attempt) throws(StoreError) -> Receipt {
        let collection = try table(name).collection
        try collection.check(batch)
        tables[collection.name]?.revision += 1
        for row in 0..<batch.count { tables[collection.name]?.rows[batch.keys[row]] = batch.rows([row]) }
        return Receipt()
    }

    package func settle(_ name: String) throws(StoreError) { _ = try table(name) }

    package func delete(_ keys: [Key], from name: String) throws(StoreError) -> Int {
        let name = try table(name).collection.name
        let count = keys.count { tables[name]?.rows.removeValue(forKey: $0) != nil }
        if count > 0 { tables[name]?.revision += 1 }
        return count
    }

    package func close() {}

    package nonisolated var search: (any Searching)? { self }
    package nonisolated var indexing: (any Indexing)? { self }
    package nonisolated var aliasing: (any Aliasing)? { self }
    package nonisolated var renaming: (any Renaming)? { self }
    package nonisolated var altering: (any Altering)? { self }
    package nonisolated var generations: (any Generations)? { self }

    /// The table behind a name or an alias.
    func table(_ name: String) throws(StoreError) -> Table {
        guard let table = tables[targets[name] ?? name] else { throw .noCollection(name) }
        return table
    }
}

struct MemoryReading: Reading {
    private let rows: [Key: Batch]
    private let order: [Key]
    let description: Description
    let moment = Moment(token: "now", life: .session)
    let revision: String?

    init(rows: [Key: Batch], description: Description, revision: String?) {
        self.revision = revision
        self.rows = rows
        order = rows.keys.sorted()
        self.description = description
    }

    func answers(_ conjunct: Filter) -> Bool { false }

    func count(_ filter: Filter?) -> Int { rows.count }

    func slices(atMost count: Int) -> [Slice] {
        let pieces = max(1, min(count, order.count))
        let cuts = (1..<pieces).map { cursor(order[order.count * $0 / pieces - 1]) }
        return (0...cuts.count).map { index in
            Slice(
                index: index, after: index == 0 ? nil : cuts[index - 1],
                through: index == cuts.count ? nil : cuts[index])
        }
    }

    func page(_ scan: Scan) throws(StoreError) -> Page? {
        let start = try scan.slice.after.map { after throws(StoreError) in try place(behind: key(after)) } ?? 0
        let stop = try scan.slice.through.map { through throws(StoreError) in try place(behind: key(through)) }
        var taken: [Batch] = []
        var bytes = 0
        for key in order[start..<max(start, stop ?? order.count)] {
            guard let row = rows[key], taken.isEmpty || bytes + row.byteCount <= scan.budget.bytes else { break }
            taken.append(row)
            bytes += row.byteCount
            if taken.count == scan.budget.records { break }
        }
        guard let batch = Batch(joining: taken), let last = batch.keys.last else { return nil }
        return Page(batch: batch.projected(scan.wanted, description.collection), end: cursor(last))
    }

    func fetch(_ keys: [Key], _ wanted: Projection) -> Batch {
        let found = Batch(joining: Set(keys).sorted().compactMap { rows[$0] })
        let shape = description.collection
        return found?.projected(wanted, shape) ?? BatchBuilder(wanted.shape(of: shape)).batch()
    }

    func close() {}

    private func place(behind key: Key) -> Int { order.firstIndex { $0 > key } ?? order.count }

    private func cursor(_ key: Key) -> Cursor { Cursor(key.token) }

    private func key(_ cursor: Cursor) throws(StoreError) -> Key {
        guard let key = Key(token: cursor.token) else {
            throw StoreError(.malformed, "\"\(cursor.token)\" is no place in a collection in memory")
        }
        return key
    }
}
