import JSON
import Model

/// One collection as it is in a folder at one moment.
final class ChromaDirectorySnapshot: Sendable {
    let entry: ChromaDirectoryEntry
    let rows: ChromaDirectoryRows
    let description: Description
    private let indexStamp: String
    /// Differs whenever the database or the collection's index was written to.
    var stamp: String { database.files.stamp + indexStamp }
    private let database: ChromaDirectoryDatabase
    private let folder: String?

    /// Records whose text is read at a time.
    private static let run = 256

    init(_ entry: ChromaDirectoryEntry, _ database: ChromaDirectoryDatabase) throws(StoreError) {
        (self.entry, self.database) = (entry, database)
        folder = entry.index.map { "\(database.files.place.root)/\($0)" }
        indexStamp = try folder.map { folder throws(StoreError) in try ChromaDirectoryIndex.stamp(folder) } ?? ""
        rows = try database.use { connection throws(StoreError) in
            try ChromaDirectoryRows(entry, database, connection)
        }
        description = ChromaDirectoryShape(entry, rows, database).description
        try checkUnchanged()
    }

    func checkUnchanged() throws(StoreError) {
        try database.files.checkUnchanged()
        guard let folder else { return }
        guard try ChromaDirectoryIndex.stamp(folder) == indexStamp else { throw database.files.place.isWritten }
    }

    /// The records from one on, as far as the budget goes; the first always comes.
    func page(_ range: Range<Int>, _ wanted: Projection, _ budget: Budget) throws(StoreError) -> Batch? {
        guard !range.isEmpty else { return nil }
        try checkUnchanged()
        let batch = try database.use { connection throws(StoreError) in
            let records = ChromaDirectoryRecords(entry: entry, rows: rows, database: database, connection: connection)
            var page = ChromaDirectoryPage(self, wanted)
            var start = range.lowerBound
            while start < range.upperBound, page.count < max(1, budget.records) {
                let end = min(range.upperBound, start + min(Self.run, max(1, budget.records) - page.count))
                let texts = try records.texts(at: Array(start..<end), isWhole: wanted.hasText)
                for (place, text) in texts.enumerated() {
                    guard try page.take(text, start + place, budget) else { return try page.batch(connection) }
                }
                start = end
            }
            return try page.batch(connection)
        }
        try checkUnchanged()
        return batch
    }

    /// The records of those keys that are there, in their order here.
    func fetch(_ keys: [Key], _ wanted: Projection) throws(StoreError) -> Batch {
        try checkUnchanged()
        return try database.use { connection throws(StoreError) in
            var positions: Set<Int> = []
            for key in keys where description.collection.key.type.accepts(key) {
                let id = Text(utf8: key.chromaText)
                if let position = try position(of: id, connection) { positions.insert(position) }
            }
            let sorted = positions.sorted()
            let records = ChromaDirectoryRecords(entry: entry, rows: rows, database: database, connection: connection)
            var page = ChromaDirectoryPage(self, wanted)
            for (text, position) in zip(try records.texts(at: sorted, isWhole: wanted.hasText), sorted) {
                _ = try page.take(text, position, Budget(records: .max, bytes: .max))
            }
            return try page.batch(connection)
        }
    }

    private func position(of key: Text, _ connection: SQLiteConnection) throws(StoreError) -> Int? {
        if let position = rows.position(queued: KeyNumbers.Hash(key.utf8)) { return position }
        guard let segment = entry.records else { return nil }
        let sql = "SELECT id FROM embeddings WHERE segment_id = ? AND embedding_id = ?"
        return try connection.number(sql, [.text(segment), .text(key.utf8)]).flatMap { rows.position(of: $0) }
    }
}

extension Projection {
    /// Whether anything beside keys and vectors is wanted.
    fileprivate var hasText: Bool { rest || fields != [] }
}
