import CSQLite
import Model
import Synchronization

/// A folder's database at one moment, and what all its collections share.
final class ChromaDirectoryDatabase: Sendable {
    let files: ChromaDirectoryFiles
    let generation: ChromaDirectoryGeneration
    let entries: [ChromaDirectoryEntry]
    let queue: ChromaDirectoryQueue
    /// Whether a record may hold lists.
    let hasLists: Bool
    let hasTruths: Bool

    private let lanes = ChromaDirectoryLanes()

    init(_ place: ChromaDirectoryPlace) throws(StoreError) {
        files = try ChromaDirectoryFiles(place)
        let connection = try files.connect()
        generation = try ChromaDirectoryGeneration(connection)
        entries = try connection.entries(place)
        queue = try ChromaDirectoryQueue(connection)
        let lists = "SELECT EXISTS (SELECT 1 FROM embedding_metadata_array)"
        let mayHaveLists = try connection.tables().contains("embedding_metadata_array")
        hasLists = mayHaveLists ? try connection.number(lists) == 1 : false
        hasTruths = try connection.columns(of: "embedding_metadata").contains("bool_value")
        try files.checkUnchanged()
        lanes.put(connection)
    }

    /// Runs `body` with a connection that no one else has meanwhile.
    func use<Value>(_ body: (SQLiteConnection) throws(StoreError) -> Value) throws(StoreError) -> Value {
        let connection = if let idle = lanes.take() { idle } else { try files.connect() }
        defer { lanes.put(connection) }
        return try connection.atOneMoment { () throws(StoreError) in try body(connection) }
    }

    func entry(_ name: String) throws(StoreError) -> ChromaDirectoryEntry {
        guard let entry = entries.first(where: { $0.name == name }) else { throw .noCollection(name) }
        return entry
    }
}

extension SQLiteConnection {
    /// Takes SQLite's lock once for all that `body` reads, and not for each statement.
    fileprivate func atOneMoment<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
        try run("BEGIN")
        do throws(StoreError) {
            let value = try body()
            try run("COMMIT")
            return value
        } catch {
            try? run("ROLLBACK")
            throw error
        }
    }
}

/// Connections that no one uses at the moment.
private final class ChromaDirectoryLanes: Sendable {
    private struct Lane: @unchecked Sendable {
        // One thread at a time has it.
        let connection: SQLiteConnection
    }

    private let idle = Mutex<[Lane]>([])

    func take() -> SQLiteConnection? { idle.withLock { $0.popLast() }?.connection }

    func put(_ connection: SQLiteConnection) {
        let lane = Lane(connection: connection)
        idle.withLock { $0.append(lane) }
    }
}
