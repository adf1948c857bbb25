import JSON
import Model

/// Records as they become a batch.
struct ChromaDirectoryPage {
    private let snapshot: ChromaDirectorySnapshot
    private let shape: Collection
    private let wanted: Projection
    private var positions: [Int] = []
    private var bytes = 0
    private var builder: BatchBuilder
    private let sources: [Bool]
    /// Only for collections that were made for other types than Chroma has.
    private var reader: RecordReader?

    var count: Int { positions.count }

    init(_ snapshot: ChromaDirectorySnapshot, _ wanted: Projection) {
        (self.snapshot, self.wanted) = (snapshot, wanted)
        shape = wanted.shape(of: snapshot.description.collection)
        let document = snapshot.description.collection.fields.first?.name
        sources = shape.fields.map { $0.name == document }
        builder = BatchBuilder(shape)
        if snapshot.entry.note != nil { reader = RecordReader(snapshot.description.collection.text, wanted: wanted) }
    }

    /// False if there is no room for it.
    mutating func take(
        _ text: ChromaDirectoryText, _ position: Int, _ budget: Budget
    ) throws(StoreError) -> Bool {
        bytes += text.byteCount + shape.vectors.reduce(0) { $0 + $1.stride }
        guard positions.isEmpty || bytes <= budget.bytes else { return false }
        positions.append(position)
        if reader == nil { append(text) } else { try read(text) }
        return true
    }

    private mutating func append(_ text: ChromaDirectoryText) {
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
    }

    private mutating func read(_ text: ChromaDirectoryText) throws(StoreError) {
        let key = try shape.key(spelled: Text(utf8: text.key))
        do throws(JSONError) {
            try text.members().withScanner { scanner throws(JSONError) in
                try reader?.append(fields: &scanner, key: { () throws(JSONError) in key }) {
                    (_, _) throws(JSONError) in false
                }
            }
        } catch {
            throw StoreError(
                .malformed,
                "record \"\(key)\" of \(shape.name) is not what the collection was made for: \(error.message)",
                help: "change the record, or remove \"\(ChromaNote.shape)\" from the collection's metadata")
        }
    }

    mutating func batch(_ connection: SQLiteConnection) throws(StoreError) -> Batch {
        var batch = reader?.take() ?? builder.batch()
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
                while end < positions.count, let first = place.sequence,
                    places[positions[end]].sequence == first + Int64(end - at)
                {
                    end += 1
                }
                let room = UnsafeMutableRawBufferPointer(rebasing: target[at * stride..<end * stride])
                try read(place.sequence, count: end - at, into: room, connection)
            }
            at = end
        }
    }

    /// Vectors of rows of the queue that follow each other.
    private func read(
        _ sequence: Int64?, count: Int, into room: UnsafeMutableRawBufferPointer, _ connection: SQLiteConnection
    ) throws(StoreError) {
        guard let sequence else {
            room.initializeMemory(as: UInt8.self, repeating: 0)
            return
        }
        let statement = try connection.prepared(
            "SELECT vector, encoding FROM embeddings_queue WHERE seq_id BETWEEN ? AND ? ORDER BY seq_id")
        defer { statement.reset() }
        try statement.bind([.integer(sequence), .integer(sequence + Int64(count - 1))])
        let width = room.count / count
        for place in 0..<count {
            let number = sequence + Int64(place)
            guard try statement.step(), statement.size(0) == width else {
                throw StoreError(.expired, "row \(number) of the queue was changed while it was being read")
            }
            guard statement.bytes(1).elementsEqual("FLOAT32".utf8) else {
                throw .chroma(
                    broken: connection.file.path,
                    "holds a vector of \(statement.string(1)) in row \(number) of its queue; only FLOAT32 is known")
            }
            let vector = UnsafeMutableRawBufferPointer(rebasing: room[place * width..<(place + 1) * width])
            vector.copyMemory(from: UnsafeRawBufferPointer(statement.bytes(0)))
        }
    }
}

extension Collection {
    /// What a record holds beside its vector; what others wrote may lack what this program would have asked for.
    fileprivate var text: Collection {
        var text = self
        text.vectors = []
        for place in text.fields.indices { text.fields[place].isNullable = true }
        return text
    }
}
