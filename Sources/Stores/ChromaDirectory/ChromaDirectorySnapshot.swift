import JSON
import Model

/// One collection as it is in a folder at one moment.
final class ChromaDirectorySnapshot: Sendable {
    let entry: ChromaDirectoryEntry
    let rows: ChromaDirectoryRows
    let description: Description
    /// Differs whenever the database or the collection's index was written to.
    let stamp: String
    private let database: ChromaDirectoryDatabase
    private let folder: String?

    static let embedding = "embedding"
    static let fields = ["document", "uri"]
    /// Records whose text is read at a time.
    private static let run = 256

    init(_ entry: ChromaDirectoryEntry, _ database: ChromaDirectoryDatabase) throws(StoreError) {
        (self.entry, self.database) = (entry, database)
        folder = entry.index.map { "\(database.files.place.root)/\($0)" }
        stamp = try Self.stamp(database, folder)
        rows = try database.use { connection throws(StoreError) in
            try ChromaDirectoryRows(entry, database, connection)
        }
        description = ChromaDirectoryShape(entry, rows, database).description
        try checkUnchanged()
    }

    private static func stamp(_ database: ChromaDirectoryDatabase, _ folder: String?) throws(StoreError) -> String {
        var stamp = database.files.stamp
        if let folder { stamp += try ChromaDirectoryIndex.stamp(folder) }
        return stamp
    }

    func checkUnchanged() throws(StoreError) {
        try database.files.checkUnchanged()
        guard try Self.stamp(database, folder) == stamp else { throw database.files.place.isWritten }
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
                    guard page.take(text, start + place, budget) else { return try page.batch(connection) }
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
            for case .text(let key) in keys {
                if let position = try position(of: key, connection) { positions.insert(position) }
            }
            let sorted = positions.sorted()
            let records = ChromaDirectoryRecords(entry: entry, rows: rows, database: database, connection: connection)
            var page = ChromaDirectoryPage(self, wanted)
            for (text, position) in zip(try records.texts(at: sorted, isWhole: wanted.hasText), sorted) {
                _ = page.take(text, position, Budget(records: .max, bytes: .max))
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

/// Records as they become a batch.
private struct ChromaDirectoryPage {
    private let snapshot: ChromaDirectorySnapshot
    private let shape: Collection
    private let wanted: Projection
    private var positions: [Int] = []
    private var bytes = 0
    private var builder: BatchBuilder
    private let sources: [Bool]

    var count: Int { positions.count }

    init(_ snapshot: ChromaDirectorySnapshot, _ wanted: Projection) {
        (self.snapshot, self.wanted) = (snapshot, wanted)
        shape = wanted.shape(of: snapshot.description.collection)
        let document = snapshot.description.collection.fields.first?.name
        sources = shape.fields.map { $0.name == document }
        builder = BatchBuilder(shape)
    }

    /// False if there is no room for it.
    mutating func take(_ text: ChromaDirectoryText, _ position: Int, _ budget: Budget) -> Bool {
        bytes += text.byteCount + shape.vectors.reduce(0) { $0 + $1.stride }
        guard positions.isEmpty || bytes <= budget.bytes else { return false }
        positions.append(position)
        builder.keys.append(.text(Text(utf8: text.key)))
        for (place, isDocument) in sources.enumerated() {
            if let value = isDocument ? text.document : text.uri {
                builder.fields[place].append(bytes: value)
            } else {
                builder.fields[place].append(missing: .absent)
            }
        }
        var rest = text.rest
        if shape.isOpen, rest.bytes.count > 1 {
            rest.raw("}")
            builder.rest?.append(bytes: rest.bytes)
        } else if shape.isOpen {
            builder.rest?.append(missing: .absent)
        }
        return true
    }

    func batch(_ connection: SQLiteConnection) throws(StoreError) -> Batch {
        var batch = builder.batch()
        if let vector = shape.vectors.first {
            batch.vectors = [try snapshot.rows.vectors(positions, vector, connection)]
        }
        return batch
    }
}

extension ChromaDirectoryRows {
    /// The vectors of some records, each from where it stands.
    fileprivate func vectors(
        _ positions: [Int], _ field: VectorField, _ connection: SQLiteConnection
    ) throws(StoreError) -> Column {
        var failure: StoreError?
        let bytes = [UInt8](unsafeUninitializedCapacity: positions.count * field.stride) { buffer, filled in
            let target = UnsafeMutableRawBufferPointer(buffer)
            do throws(StoreError) { try read(positions, field.stride, into: target, connection) } catch {
                failure = error
            }
            filled = positions.count * field.stride
        }
        if let failure { throw failure }
        let hasMissing = positions.contains { places[$0].isMissing }
        let marks = hasMissing ? positions.map { places[$0].isMissing ? Column.Mark.absent : .value } : []
        return Column(.dense(bytes), marks: marks)
    }

    private func read(
        _ positions: [Int], _ stride: Int, into target: UnsafeMutableRawBufferPointer, _ connection: SQLiteConnection
    ) throws(StoreError) {
        var at = 0
        // Rows of the index that lie one behind the other are read in one go, but not too many.
        let most = max(1, (512 << 10) / max(1, index?.header.stride ?? 1))
        while at < positions.count {
            let place = places[positions[at]]
            var end = at + 1
            if let row = place.row, let index {
                while end < positions.count, end - at < most, places[positions[end]].row == row + (end - at) {
                    end += 1
                }
                let room = UnsafeMutableRawBufferPointer(rebasing: target[at * stride..<end * stride])
                try index.read(row..<row + (end - at), into: room)
            } else {
                let room = UnsafeMutableRawBufferPointer(rebasing: target[at * stride..<end * stride])
                try read(place.sequence, into: room, connection)
            }
            at = end
        }
    }

    private func read(
        _ sequence: Int64?, into room: UnsafeMutableRawBufferPointer, _ connection: SQLiteConnection
    ) throws(StoreError) {
        guard let sequence else {
            room.initializeMemory(as: UInt8.self, repeating: 0)
            return
        }
        let statement = try connection.prepared("SELECT vector, encoding FROM embeddings_queue WHERE seq_id = ?")
        defer { statement.reset() }
        try statement.bind([.integer(sequence)])
        guard try statement.step(), statement.size(0) == room.count else {
            throw StoreError(.expired, "row \(sequence) of the queue was changed while it was being read")
        }
        guard statement.bytes(1).elementsEqual("FLOAT32".utf8) else {
            throw .chroma(
                broken: connection.file.path,
                "holds a vector of \(statement.string(1)) in row \(sequence) of its queue; only FLOAT32 is known")
        }
        room.copyMemory(from: UnsafeRawBufferPointer(statement.bytes(0)))
    }
}
