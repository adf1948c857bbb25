import CPQ
import Glibc
import Model

/// One connection to a server, used by one actor at a time; every call waits.
final class PostgreSQLConnection {
    let server: PostgreSQLServer
    let handle: OpaquePointer
    /// How many statements the server has answered.
    private(set) var answers = 0
    private var isWide = false

    /// What every session begins with: one spelling for each value, and no waiting for ever.
    private static let settings = """
        SET client_encoding = 'UTF8'; SET standard_conforming_strings = on; SET DateStyle = 'ISO, YMD';
        SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; SET bytea_output = 'hex'; SET extra_float_digits = 1;
        SET lock_timeout = '30s'; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;
        SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
        """

    init(_ server: PostgreSQLServer) throws(StoreError) {
        if let problem = pq_problem() { throw StoreError(.unsupported, String(cString: problem)) }
        self.server = server
        // What is given later wins: what libpq falls back to stands before the URI.
        let fallbacks = [
            ("fallback_application_name", "vecsh"), ("connect_timeout", getenv("PGCONNECT_TIMEOUT") == nil ? "10" : ""),
        ]
        let keywords = fallbacks.filter { !$0.1.isEmpty } + server.keywords
        guard let handle = PostgreSQLConnection.connect(keywords) else {
            throw StoreError(.unavailable, "no memory for a connection to \(server.description)")
        }
        self.handle = handle
        guard pq_is_connected(handle) == 1 else { throw connectingFailed() }
        try run(Self.settings)
        if let schema = server.schema { try use(schema) }
    }

    deinit { pq_finish(handle) }

    private static func connect(_ keywords: [(String, String)]) -> OpaquePointer? {
        let names = keywords.map { strdup($0.0) }
        let values = keywords.map { strdup($0.1) }
        defer { for text in names + values { free(text) } }
        return (names.map { UnsafePointer($0) } + [nil]).withUnsafeBufferPointer { names in
            (values.map { UnsafePointer($0) } + [nil]).withUnsafeBufferPointer { values in
                pq_connect(names.baseAddress, values.baseAddress)
            }
        }
    }

    private func use(_ schema: String) throws(StoreError) {
        guard try run("SELECT 1 FROM pg_namespace WHERE nspname = $1", [schema]).count == 1 else {
            throw StoreError(
                .notFound, "there is no schema \"\(schema)\"", help: "CREATE SCHEMA \(schema.quoted) makes it")
        }
        try run("SET search_path = \(schema.quoted), public")
    }

    var isLost: Bool { pq_is_connected(handle) == 0 }
    var isInTransaction: Bool { pq_is_in_transaction(handle) == 1 }

    /// 180004 is 18.4.
    var version: Int { Int(pq_server_version(handle)) }

    func parameter(_ name: String) -> String? { pq_parameter(handle, name).map { String(cString: $0) } }

    // MARK: Statements

    /// Runs statements without parameters; the last one's answer is handed on.
    @discardableResult
    func run(_ sql: String) throws(StoreError) -> PostgreSQLResult {
        guard sql.utf8.allSatisfy({ $0 != 0 }) else { throw .holdsZero("a statement") }
        return try answer(pq_run(handle, sql))
    }

    /// Makes libpq take more from the network at once: its buffer grows with the longest value that came, and stays so.
    func widen() throws(StoreError) {
        guard !isWide else { return }
        try run("SELECT repeat(' ', 1 << 18)")
        isWide = true
    }

    /// Runs one statement with parameters, `$1` and so on.
    @discardableResult
    func run(_ sql: String, _ values: [String?]) throws(StoreError) -> PostgreSQLResult {
        guard values.allSatisfy({ $0?.utf8.allSatisfy { $0 != 0 } ?? true }) else { throw .holdsZero("a name") }
        let texts = values.map { $0.flatMap { strdup($0) } }
        defer { for text in texts { free(text) } }
        return try texts.map { UnsafePointer($0) }.withUnsafeBufferPointer { texts throws(StoreError) in
            try answer(pq_run_with(handle, sql, Int32(values.count), texts.baseAddress))
        }
    }

    /// Throws what the server, or the loss of it, has made of a statement.
    func answer(_ result: OpaquePointer?) throws(StoreError) -> PostgreSQLResult {
        guard let result else { throw lost() }
        let answer = PostgreSQLResult(result)
        guard answer.outcome != pq_failed else { throw failure(answer) }
        answers += 1
        return answer
    }

    /// Runs `body` as a whole or not at all.
    func transaction<Result>(
        _ kind: String = "", _ body: () throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try run("BEGIN \(kind)")
        let result: Result
        do throws(StoreError) { result = try body() } catch {
            if !isLost { _ = try? run("ROLLBACK") }
            throw error
        }
        do throws(StoreError) { try run("COMMIT") } catch {
            var error = error
            // Whether the server has heard of it nobody can say.
            error.mayHaveWritten = error.mayHaveWritten || isLost
            throw error
        }
        return result
    }
}

/// What a statement has answered.
final class PostgreSQLResult {
    let handle: OpaquePointer

    init(_ handle: OpaquePointer) { self.handle = handle }

    deinit { pq_clear(handle) }

    var outcome: pq_outcome { pq_outcome_of(handle) }
    var count: Int { Int(pq_row_count(handle)) }
    var columns: Int { Int(pq_column_count(handle)) }
    var changed: Int { Int(String(cString: pq_changed(handle))) ?? 0 }
    var rows: [PostgreSQLRow] { (0..<count).map { PostgreSQLRow(result: self, row: Int32($0)) } }

    func part(_ part: pq_part) -> String? { pq_error_part(handle, part).map { String(cString: $0) } }
}

/// One row of an answer; columns count from 0.
struct PostgreSQLRow {
    fileprivate let result: PostgreSQLResult
    fileprivate let row: Int32

    func text(_ column: Int32) -> String? {
        guard pq_is_null(result.handle, row, column) == 0 else { return nil }
        return String(cString: pq_value(result.handle, row, column))
    }

    func string(_ column: Int32) -> String { text(column) ?? "" }
    func number(_ column: Int32) -> Int? { text(column).flatMap { Int($0) } }
    func truth(_ column: Int32) -> Bool { text(column) == "t" }

    /// The elements of an array of texts that was made into JSON.
    func list(_ column: Int32) -> [String] { string(column).jsonTexts }
}
