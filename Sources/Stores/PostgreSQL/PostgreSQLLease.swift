import CPQ
import Dispatch
import Model

/// An advisory lock of the server, which ends with the connection that holds it.
actor PostgreSQLLease: Leasing {
    private let queue = BlockingQueue("postgres lock")
    nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    private let server: PostgreSQLServer
    private let name: String
    private var connection: PostgreSQLConnection?

    init(_ server: PostgreSQLServer, _ name: String) { (self.server, self.name) = (server, name) }

    /// `postgres://host/database?lock=NAME`.
    static func open(_ endpoint: Endpoint) async throws(StoreError) -> any Leasing {
        guard let name = endpoint.parameter("lock"), !name.isEmpty else {
            throw StoreError(
                .rejected, "the lock has no name", help: "write \(endpoint.scheme)://host/database?lock=NAME")
        }
        var place = endpoint
        place.query = endpoint.queryWithout(["lock", "lease"])
        let server = try PostgreSQLServer(place, ["tcp_user_timeout": "10000"])
        return PostgreSQLLease(server, name)
    }

    /// The two halves of the number by which the server knows the lock.
    private static let key = "hashtextextended($1, 0)"
    private static let isOurs = """
        locktype = 'advisory' AND granted AND objsubid = 1 AND database = (SELECT oid FROM pg_database WHERE datname = \
        current_database()) AND (classid::bigint << 32 | objid::bigint) = \(key)
        """

    func take(_ lease: Lease) throws(StoreError) -> Lease {
        let connection = try connected(lease.holder)
        let sql = "SELECT pg_try_advisory_lock(\(Self.key)), txid_current()"
        let answer = try connection.run(sql, [name]).rows.first
        var taken = lease
        (taken.until, taken.fence) = (nil, answer?.text(1).flatMap { Int64($0) } ?? 0)
        if answer?.text(0) == "t" { return taken }
        if let other = try other(connection) { return other }
        return try take(lease)
    }

    func extend(_ lease: Lease) throws(StoreError) -> Bool {
        guard let connection else { return false }
        do throws(StoreError) {
            let sql = "SELECT 1 FROM pg_locks WHERE pid = pg_backend_pid() AND \(Self.isOurs)"
            return try connection.run(sql, [name]).count > 0
        } catch {
            if connection.isLost { return false }
            throw error
        }
    }

    func release(_ lease: Lease) throws(StoreError) {
        try connection?.run("SELECT pg_advisory_unlock(\(Self.key))", [name])
    }

    func close() { connection = nil }

    private func connected(_ holder: Holder) throws(StoreError) -> PostgreSQLConnection {
        if let connection, !connection.isLost { return connection }
        let made = try PostgreSQLConnection(server)
        // What others see of whoever holds the lock.
        try made.run("SELECT set_config('application_name', $1, false)", ["vecsh \(holder.process) \(holder.host)"])
        connection = made
        return made
    }

    /// Whoever holds it; nil if it has just been let go.
    private func other(_ connection: PostgreSQLConnection) throws(StoreError) -> Lease? {
        let sql = """
            SELECT coalesce(usename, 'somebody'), coalesce(host(client_addr), 'the server itself'), pid, application_name,
                (extract(epoch FROM backend_start) * 1000000)::bigint
            FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE \(Self.isOurs)
            """
        guard let row = try connection.run(sql, [name]).rows.first else { return nil }
        var holder = Holder(
            user: row.text(0) ?? "", host: row.text(1) ?? "", process: row.text(2).flatMap { Int32($0) } ?? 0,
            incarnation: "")
        let words = (row.text(3) ?? "").split(separator: " ", maxSplits: 2)
        if words.count == 3, words[0] == "vecsh", let process = Int32(words[1]) {
            (holder.process, holder.host) = (process, String(words[2]))
        }
        return Lease(id: .random(), holder: holder, since: row.text(4).flatMap { Int64($0) } ?? 0, until: nil)
    }
}
