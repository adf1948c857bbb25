import CSQLite
import JSON
import Model

/// What has been asked of each collection, in order: the rows of the queue that are still there.
struct ChromaDirectoryQueue: Sendable {
    /// Whether what has been applied to an index is removed, so that not all vectors are there.
    let isPurged: Bool
    private let runs: [String: [ClosedRange<Int64>]]

    init(_ connection: SQLiteConnection) throws(StoreError) {
        var runs: [String: [ClosedRange<Int64>]] = [:]
        var (last, first, end) = ("", Int64(0), Int64(-1))
        let statement = try connection.prepared("SELECT seq_id, topic FROM embeddings_queue ORDER BY seq_id")
        defer { statement.reset() }
        var topic: [UInt8] = []
        while try statement.step() {
            guard statement.integer(0) > end || topic.isEmpty else { throw connection.isOutOfOrder("its queue") }
            let bytes = statement.bytes(1)
            if !topic.elementsEqual(bytes) {
                if first <= end { runs[last, default: []].append(first...end) }
                (topic, first) = (Array(bytes), statement.integer(0))
                last = String(decoding: bytes, as: UTF8.self).split(separator: "/").last.map(String.init) ?? ""
            }
            end = statement.integer(0)
        }
        if first <= end { runs[last, default: []].append(first...end) }
        self.runs = runs
        isPurged = try Self.isPurged(connection)
    }

    /// Before 0.5.6 there was nothing to say it with, and nothing was ever removed.
    private static func isPurged(_ connection: SQLiteConnection) throws(StoreError) -> Bool {
        guard try connection.tables().contains("embeddings_queue_config") else { return false }
        let text = try connection.text("SELECT config_json_str FROM embeddings_queue_config LIMIT 1")
        guard let text, let json = try? JSONValue(text) else { return true }
        return json["automatically_purge"]?.bool ?? true
    }

    /// Calls `body` for each row of a collection's, in order.
    func each(
        of collection: String, columns: String, behind: Int64 = .min, _ connection: SQLiteConnection,
        _ body: (SQLiteStatement) throws(StoreError) -> Void
    ) throws(StoreError) {
        let sql = "SELECT \(columns) FROM embeddings_queue WHERE seq_id BETWEEN ? AND ? ORDER BY seq_id"
        for run in runs[collection] ?? [] where run.upperBound > behind {
            let statement = try connection.prepared(sql)
            defer { statement.reset() }
            try statement.bind([
                .integer(max(run.lowerBound, behind == .min ? .min : behind + 1)), .integer(run.upperBound),
            ])
            while try statement.step() { try body(statement) }
        }
    }
}

extension SQLiteConnection {
    /// A damaged tree of pages may show the same ones again and again.
    func isOutOfOrder(_ table: String) -> StoreError {
        .chroma(
            broken: file.path, "is damaged: the rows of \(table) are out of order", help: "restore it from a backup")
    }
}

/// What a row of the queue asks for.
enum ChromaDirectoryOperation: Int64 {
    case add, update, upsert, delete
}

/// Where the vector of each id stands once the queue has been applied to what the index holds.
struct ChromaDirectoryReplay {
    /// What is known of an id.
    enum State: Equatable {
        case deleted, bare
        /// It has a vector that is no vector of this collection's.
        case broken
        case queued(Int64)

        fileprivate var number: Int {
            switch self {
            case .deleted: 0
            case .bare: 1
            case .broken: 2
            case .queued(let sequence): Int(truncatingIfNeeded: sequence &+ 3)
            }
        }

        fileprivate init(_ number: Int) {
            switch number {
            case 0: self = .deleted
            case 1: self = .bare
            case 2: self = .broken
            default: self = .queued(Int64(number) - 3)
            }
        }
    }

    private var states = KeyNumbers()
    private(set) var count = 0

    subscript(id: KeyNumbers.Hash) -> State? { states[id].map { State($0) } }

    /// `isKnown` says whether an id was there before.
    mutating func apply(
        _ operation: ChromaDirectoryOperation, to id: KeyNumbers.Hash, _ new: State, isKnown: Bool
    ) {
        count += 1
        let state = self[id]
        let isThere = state.map { $0 != .deleted } ?? isKnown
        let hasVector = new != .bare
        switch operation {
        case .add: if !isThere { states.set(id, new.number) }
        case .update: if isThere, hasVector { states.set(id, new.number) }
        case .upsert: if hasVector || !isThere { states.set(id, new.number) }
        case .delete: states.set(id, State.deleted.number)
        }
    }
}
