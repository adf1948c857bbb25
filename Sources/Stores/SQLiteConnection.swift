import CSQLite
import Model

/// One connection to a database file, used by one actor at a time.
final class SQLiteConnection {
    static var version: String { String(cString: sqlite3_libversion()) }

    let file: SQLiteFile
    let handle: OpaquePointer
    private var statements: [String: SQLiteStatement] = [:]
    private var isDurable = true

    /// More statements than these are prepared anew.
    private static let mostStatements = 64

    init(_ file: SQLiteFile, uri: String? = nil, flags: Int32) throws(StoreError) {
        self.file = file
        var handle: OpaquePointer?
        let code = sqlite3_open_v2(uri ?? file.path, &handle, flags | SQLITE_OPEN_NOMUTEX, nil)
        guard let handle, code == SQLITE_OK else {
            defer { sqlite3_close_v2(handle) }
            throw file.failure(code, handle)
        }
        self.handle = handle
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, file.timeout)
        _ = sqlite_refuse_quoted_text(handle)
        // A task that is cancelled stops even in the middle of a long statement.
        sqlite3_progress_handler(handle, 100_000, { _ in Task.isCancelled ? 1 : 0 }, nil)
    }

    deinit { sqlite3_close_v2(handle) }

    var isReadOnly: Bool { sqlite3_db_readonly(handle, "main") == 1 }

    /// Whether the file at this path is another one by now, or none.
    var hasMoved: Bool {
        var answer: Int32 = 0
        return sqlite3_file_control(handle, "main", SQLITE_FCNTL_HAS_MOVED, &answer) == SQLITE_OK && answer != 0
    }

    /// A statement that is kept for the next time.
    func prepared(_ sql: String) throws(StoreError) -> SQLiteStatement {
        if let statement = statements[sql] { return statement }
        let statement = try SQLiteStatement(sql, self)
        if statements.count >= Self.mostStatements { statements.removeAll() }
        statements[sql] = statement
        return statement
    }

    /// Runs one statement to its end.
    func run(_ sql: String, _ values: [SQLiteValue] = []) throws(StoreError) {
        let statement = try prepared(sql)
        defer { statement.reset() }
        try statement.bind(values)
        while try statement.step() {}
    }

    /// What `read` makes of each row of the answer.
    func rows<Row>(
        _ sql: String, _ values: [SQLiteValue] = [], _ read: (SQLiteStatement) throws(StoreError) -> Row
    ) throws(StoreError) -> [Row] {
        let statement = try prepared(sql)
        defer { statement.reset() }
        try statement.bind(values)
        var rows: [Row] = []
        while try statement.step() { rows.append(try read(statement)) }
        return rows
    }

    /// Runs one statement and says how many rows it changed.
    func change(_ sql: String, _ values: [SQLiteValue]) throws(StoreError) -> Int {
        try run(sql, values)
        return Int(sqlite3_changes64(handle))
    }

    func number(_ sql: String, _ values: [SQLiteValue] = []) throws(StoreError) -> Int64? {
        try rows(sql, values) { $0.integer(0) }.first
    }

    func text(_ sql: String, _ values: [SQLiteValue] = []) throws(StoreError) -> String? {
        try rows(sql, values) { $0.string(0) }.first
    }

    /// Runs `body` as a whole or not at all; a transaction that is not durable survives the end of this program, and
    /// that of the machine only after the next one that is.
    func transaction<Result>(
        isDurable: Bool = true, _ body: () throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        if isDurable != self.isDurable {
            try run("PRAGMA synchronous = \(isDurable ? "FULL" : "NORMAL")")
            self.isDurable = isDurable
        }
        try run("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try commit()
            return result
        } catch {
            if sqlite3_get_autocommit(handle) == 0 { try? run("ROLLBACK") }
            throw error
        }
    }

    private func commit() throws(StoreError) {
        do {
            try run("COMMIT")
        } catch {
            var error = error
            error.mayHaveWritten = true
            throw error
        }
    }

    /// Before anything is made in the file: readers and a writer may work side by side, where the file system allows
    /// it, and an empty file gets pages that hold several vectors, which are written more than twice as fast.
    func prepareFile() {
        try? run("PRAGMA page_size = 16384")
        _ = try? text("PRAGMA journal_mode = WAL")
        limitCache()
    }

    /// In bytes, which SQLite counts in pages of the size that they have at this moment: said again when that changes.
    func limitCache() { try? run("PRAGMA cache_size = -16384") }

    func failure(_ code: Int32) -> StoreError { file.failure(code, handle) }
}
