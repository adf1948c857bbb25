import CSQLite
import Files
import JSON
import Model

/// The records of a collection in the order in which they are read, and where the vector of each stands.
struct ChromaDirectoryRows: Sendable {
    /// The rows in the table of records, ascending; behind them, below zero, the queue's numbers of those that only the
    /// queue has.
    private(set) var numbers: [Int64] = []
    private(set) var places: [ChromaDirectoryPlaceOfVector] = []
    /// By the record's position, the rows of the queue that its metadata has not taken up yet.
    private(set) var patches: [Int: [Int64]] = [:]
    private var queued = KeyNumbers()

    /// How many vectors there should be and are not, and why.
    private(set) var lost = 0
    private(set) var reasons: [String] = []
    private(set) var dimension: Int?
    private(set) var index: ChromaDirectoryIndex?
    /// Without a vector, lost ones included.
    private(set) var bare = 0
    private(set) var fromQueue = 0
    private(set) var waiting = 0

    var count: Int { numbers.count }

    init(
        _ entry: ChromaDirectoryEntry, _ database: ChromaDirectoryDatabase, _ connection: SQLiteConnection
    ) throws(StoreError) {
        dimension = entry.dimension
        var base = try ChromaDirectoryBase(entry, in: database.files.place.root)
        base.check(dimension)
        let cuts = try ChromaDirectoryCuts(entry, connection, pickle: base.sequence)
        var records = try connection.records(of: entry)
        var (before, after) = (ChromaDirectoryReplay(), ChromaDirectoryReplay())
        var pending = ChromaDirectoryPending(records, cuts.metadata)
        let path = database.files.place.path
        try database.queue.each(of: entry.id, columns: "seq_id, operation, id, length(vector)", connection) {
            row throws(StoreError) in
            let sequence = row.integer(0)
            guard let operation = ChromaDirectoryOperation(rawValue: row.integer(1)) else {
                throw .chroma(
                    broken: path, "asks for an unknown operation \(row.integer(1)) in row \(sequence) of its queue")
            }
            let id = KeyNumbers.Hash(UnsafeRawBufferPointer(row.bytes(2)))
            let hasVector = row.type(3) != SQLITE_NULL
            if hasVector, dimension == nil { dimension = Int(row.integer(3)) / 4 }
            let isWhole = hasVector && Int(row.integer(3)) == (dimension ?? 0) * 4
            if hasVector, !isWhole { base.complain("the queue holds vectors of another dimension") }
            pending.apply(operation, id, at: sequence)
            let state: ChromaDirectoryReplay.State = isWhole ? .queued(sequence) : hasVector ? .broken : .bare
            if sequence <= cuts.vectors {
                before.apply(operation, to: id, state, isKnown: false)
            } else {
                let isKnown = before[id].map { $0 != .deleted } ?? (base.row(of: id) != nil)
                after.apply(operation, to: id, state, isKnown: isKnown)
            }
        }
        pending.finish(&records)
        patches = pending.patches
        queued = pending.born
        waiting = after.count
        base.check(dimension)
        dimension = dimension ?? base.dimension
        index = base.index
        resolve(records, base, before, after, isPurged: database.queue.isPurged)
    }

    private mutating func resolve(
        _ records: [ChromaDirectoryRecord], _ base: ChromaDirectoryBase, _ before: ChromaDirectoryReplay,
        _ after: ChromaDirectoryReplay, isPurged: Bool
    ) {
        numbers.reserveCapacity(records.count)
        places.reserveCapacity(records.count)
        for record in records {
            // The index rounds what it compares by cosine, so a queue that holds everything goes first.
            let indexed = base.row(of: record.id).map { ChromaDirectoryPlaceOfVector(row: $0) }
            let older = ChromaDirectoryPlaceOfVector(before[record.id])
            let found =
                ChromaDirectoryPlaceOfVector(after[record.id])
                ?? (isPurged ? indexed ?? older : older ?? indexed) ?? .lost
            numbers.append(record.number)
            places.append(found)
            if found == .lost { lost += 1 }
            if found.isMissing { bare += 1 }
            if found.sequence != nil { fromQueue += 1 }
        }
        if lost > 0 {
            reasons = base.complaints.isEmpty ? ["neither the index nor the queue holds them"] : base.complaints
        } else if base.index?.lacksLengths == true, places.contains(where: { $0.row != nil }) {
            reasons = base.complaints
        }
    }

    /// The position of a record by the number of its row.
    func position(of number: Int64) -> Int? {
        var (low, high) = (0, numbers.count - queued.count)
        while low < high {
            let middle = (low + high) / 2
            if numbers[middle] < number { low = middle + 1 } else { high = middle }
        }
        return low < numbers.count - queued.count && numbers[low] == number ? low : nil
    }

    /// The position of a record that only the queue has.
    func position(queued id: KeyNumbers.Hash) -> Int? { queued[id] }
}

/// Where a vector stands, in eight bytes.
struct ChromaDirectoryPlaceOfVector: Equatable, Sendable {
    private let number: Int64

    static let lost = ChromaDirectoryPlaceOfVector(number: -1)
    /// The record never had one.
    static let none = ChromaDirectoryPlaceOfVector(number: -2)

    private init(number: Int64) { self.number = number }

    init(row: Int) { number = Int64(row) << 1 | 1 }

    init?(_ state: ChromaDirectoryReplay.State?) {
        switch state {
        case nil, .deleted: return nil
        case .bare: self = .none
        case .broken: self = .lost
        case .queued(let sequence): number = sequence << 1
        }
    }

    var isMissing: Bool { number < 0 }
    var row: Int? { number > 0 && number & 1 == 1 ? Int(number >> 1) : nil }
    var sequence: Int64? { number >= 0 && number & 1 == 0 ? number >> 1 : nil }
}

/// A record as the table of records has it.
struct ChromaDirectoryRecord {
    var number: Int64
    var id: KeyNumbers.Hash
}

/// Up to where the queue has been taken up.
private struct ChromaDirectoryCuts {
    let metadata: Int64
    let vectors: Int64

    /// `pickle` is what the index says itself, as it did before 0.5.6.
    init(_ entry: ChromaDirectoryEntry, _ connection: SQLiteConnection, pickle: Int64?) throws(StoreError) {
        func sequence(_ segment: String?) throws(StoreError) -> Int64? {
            guard let segment else { return nil }
            return try connection.rows("SELECT seq_id FROM max_seq_id WHERE segment_id = ?", [.text(segment)]) {
                row throws(StoreError) in try row.sequence(0, connection.file.path)
            }.first ?? nil
        }
        metadata = try sequence(entry.records) ?? 0
        vectors = try sequence(entry.index) ?? pickle ?? 0
    }
}

extension SQLiteStatement {
    /// A number of the queue: eight bytes until 0.6, the highest first, and an integer since.
    fileprivate func sequence(_ column: Int32, _ path: String) throws(StoreError) -> Int64? {
        switch type(column) {
        case SQLITE_NULL: return nil
        case SQLITE_INTEGER: return integer(column)
        case SQLITE_BLOB where size(column) == 8:
            return Int64(bitPattern: bytes(column).reduce(0) { $0 << 8 | UInt64($1) })
        default:
            throw .chroma(broken: path, "says in a way that is not known up to where its queue has been taken up")
        }
    }
}

extension SQLiteConnection {
    fileprivate func records(of entry: ChromaDirectoryEntry) throws(StoreError) -> [ChromaDirectoryRecord] {
        guard let segment = entry.records else { return [] }
        let sql = "SELECT id, embedding_id FROM embeddings WHERE segment_id = ?"
        var records = try rows(sql, [.text(segment)]) {
            ChromaDirectoryRecord(number: $0.integer(0), id: KeyNumbers.Hash(UnsafeRawBufferPointer($0.bytes(1))))
        }
        records.sort { $0.number < $1.number }
        let isInOrder = zip(records, records.dropFirst()).allSatisfy { $0.number < $1.number }
        guard isInOrder, records.first?.number ?? 1 > 0 else { throw isOutOfOrder("its table of records") }
        return records
    }
}

/// What the index of a collection holds, and what is wrong with it.
private struct ChromaDirectoryBase {
    private(set) var index: ChromaDirectoryIndex?
    private(set) var sequence: Int64?
    private(set) var complaints: [String] = []
    private var labels = KeyNumbers()
    private var rows = ChromaDirectoryLabels(rows: 0)

    var dimension: Int? { index?.header.dimension }

    init(_ entry: ChromaDirectoryEntry, in root: String) throws(StoreError) {
        guard let segment = entry.index else {
            complain("it has no segment for vectors")
            return
        }
        if let foreign = entry.foreign {
            complain(foreign)
            return
        }
        do throws(StoreError) {
            try read("\(root)/\(segment)", isCosine: entry.space == .cosine)
        } catch  where error.code != .expired {
            complaints.append(error.message)
        }
        complaints = complaints.map { "\(segment): \($0)" }
    }

    private mutating func read(_ folder: String, isCosine: Bool) throws(StoreError) {
        let file = try DiskFile.pickle(in: folder)
        do throws(StoreError) {
            let pickle = try ChromaDirectoryPickle(file)
            (labels, sequence) = (pickle.labels, pickle.sequence)
        } catch { throw StoreError(error.code, "index_metadata.pickle \(error.message)") }
        index = try ChromaDirectoryIndex(folder, isCosine: isCosine)
        rows = try index?.rowsByLabel() ?? rows
        complaints = index?.complaints ?? []
    }

    mutating func complain(_ what: String) { if !complaints.contains(what) { complaints.append(what) } }

    /// An index of another dimension than the collection's is not read.
    mutating func check(_ dimension: Int?) {
        guard let dimension, let index, index.header.dimension != dimension else { return }
        complain("its index has dimension \(index.header.dimension), and the collection \(dimension)")
        self.index = nil
    }

    func row(of id: KeyNumbers.Hash) -> Int? {
        guard index != nil, let label = labels[id], let row = rows[label], row < index?.rows ?? 0 else { return nil }
        return row
    }
}

/// What the queue still asks of the metadata: nothing, as a rule, as Chroma takes it up at once.
private struct ChromaDirectoryPending {
    private(set) var patches: [Int: [Int64]] = [:]
    /// By id, the positions of the records that only the queue has.
    private(set) var born = KeyNumbers()
    private let cut: Int64
    private let records: [ChromaDirectoryRecord]
    private var known: KeyNumbers?
    private var changes: [KeyNumbers.Hash: [Int64]] = [:]
    private var removed: Set<KeyNumbers.Hash> = []
    private var order: [KeyNumbers.Hash] = []

    init(_ records: [ChromaDirectoryRecord], _ cut: Int64) { (self.records, self.cut) = (records, cut) }

    mutating func apply(_ operation: ChromaDirectoryOperation, _ id: KeyNumbers.Hash, at sequence: Int64) {
        guard sequence > cut else { return }
        let known = self.known ?? KeyNumbers(records)
        self.known = known
        let isThere = changes[id] != nil || known[id] != nil && !removed.contains(id)
        switch operation {
        case .add where isThere, .update where !isThere: return
        case .add, .upsert, .update:
            if changes[id] == nil, !isThere { order.append(id) }
            changes[id, default: []].append(sequence)
        case .delete:
            changes[id] = nil
            if known[id] != nil { removed.insert(id) }
        }
    }

    /// Takes away what was deleted and adds what is new.
    mutating func finish(_ records: inout [ChromaDirectoryRecord]) {
        guard known != nil else { return }
        records.removeAll { removed.contains($0.id) }
        for (position, record) in records.enumerated() { patches[position] = changes[record.id] }
        for id in order where born[id] == nil {
            guard let first = changes[id]?.first, known?[id] == nil || removed.contains(id) else { continue }
            _ = born.insert(id, records.count)
            patches[records.count] = changes[id]
            records.append(ChromaDirectoryRecord(number: -first, id: id))
        }
    }
}

extension KeyNumbers {
    fileprivate init(_ records: [ChromaDirectoryRecord]) {
        self.init()
        for (position, record) in records.enumerated() { _ = insert(record.id, position) }
    }
}
