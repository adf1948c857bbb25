import CPQ
import Dispatch
import Model
import Synchronization

/// One connection and the queue on which it waits; connects at its first use, and again when it was lost.
actor PostgreSQLLane {
    private let queue = BlockingQueue("postgres")
    nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    private let server: PostgreSQLServer
    private var connection: PostgreSQLConnection?
    private nonisolated let canceller = PostgreSQLCanceller()
    /// Whether the server said anything to what has failed.
    private var hasAnswered = false
    /// What is being read from the connection, if anything is.
    private var stream: PostgreSQLStream?

    init(_ server: PostgreSQLServer) { self.server = server }

    /// Runs `body` on the connection; a task that is cancelled stops even a long statement.
    nonisolated func run<Result: Sendable>(
        _ body: @Sendable (PostgreSQLConnection) throws(StoreError) -> Result
    ) async throws(StoreError) -> Result {
        try await cancellable { await self.answer(body) }
    }

    func close() {
        stream = nil
        connection = nil
        canceller.forget()
    }

    // MARK: Steps

    /// What is handed to the handler runs anywhere, so it must come back to this actor's queue to wait.
    private nonisolated func cancellable<Value: Sendable>(
        _ body: @Sendable () async -> Result<Value, StoreError>
    ) async throws(StoreError) -> Value {
        let canceller = canceller
        let result = await withTaskCancellationHandler {
            await body()
        } onCancel: {
            DispatchQueue(label: "postgres cancel").async { canceller.cancel() }
        }
        return try result.get()
    }

    private func answer<Value: Sendable>(
        _ body: (PostgreSQLConnection) throws(StoreError) -> Value
    ) -> Result<Value, StoreError> {
        stoppable { () throws(StoreError) in try repeating(body) }
    }

    private func stoppable<Value>(_ body: () throws(StoreError) -> Value) -> Result<Value, StoreError> {
        Result { () throws(StoreError) in
            guard !Task.isCancelled else { throw StoreError(.cancelled, "stopped") }
            canceller.begin()
            defer { canceller.end() }
            return try body()
        }
    }

    /// A connection that has been idle may have been lost without our noticing: then a second one is tried.
    private func repeating<Result>(
        _ body: (PostgreSQLConnection) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let isFresh = connection == nil
        do throws(StoreError) { return try attempt(body) } catch {
            let wasDead = !isFresh && connection == nil && !hasAnswered
            guard wasDead, error.code == .unavailable, !error.mayHaveWritten else { throw error }
            return try attempt(body)
        }
    }

    private func attempt<Result>(
        _ body: (PostgreSQLConnection) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let connection = try connected()
        let answers = connection.answers
        do throws(StoreError) { return try body(connection) } catch {
            hasAnswered = connection.answers > answers
            tidy(connection)
            throw error
        }
    }

    private func connected() throws(StoreError) -> PostgreSQLConnection {
        if let connection, !connection.isLost { return connection }
        let made = try PostgreSQLConnection(server)
        connection = made
        canceller.follow(made)
        return made
    }

    /// Whatever failed leaves no transaction behind, and no connection that nobody answers on.
    private func tidy(_ connection: PostgreSQLConnection) {
        if !connection.isLost, connection.isInTransaction { _ = try? connection.run("ROLLBACK") }
        guard connection.isLost else { return }
        close()
    }
}

// MARK: Reading

extension PostgreSQLLane {
    /// The page of a scan: from what is being read already if that stands at the right place, else from a new query.
    nonisolated func page(_ scan: Scan, _ source: PostgreSQLSource) async throws(StoreError) -> Page? {
        try await cancellable { await self.answer(scan, source) }
    }

    private func answer(_ scan: Scan, _ source: PostgreSQLSource) -> Result<Page?, StoreError> {
        stoppable { () throws(StoreError) in
            do throws(StoreError) { return try next(scan, source) } catch {
                stream = nil
                if let connection { tidy(connection) }
                throw error
            }
        }
    }

    private func next(_ scan: Scan, _ source: PostgreSQLSource) throws(StoreError) -> Page? {
        if stream?.continues(scan) != true {
            stream?.stop()
            stream = nil
            stream = try PostgreSQLStream(scan, source, connected())
        }
        let page = try stream?.page(scan.budget)
        if page == nil { stream = nil }
        return page
    }

    /// Ends what is being read, so that other things can be asked, and nobody waits for its locks.
    func stopReading() {
        stream?.stop()
        stream = nil
    }
}

/// Asks the server to stop what a connection is doing; callable while the connection waits.
final class PostgreSQLCanceller: Sendable {
    private struct State: @unchecked Sendable {
        var handle: OpaquePointer?
        var isRunning = false
    }

    private let state = Mutex(State())

    deinit { forget() }

    func follow(_ connection: PostgreSQLConnection) {
        let handle = pq_canceller(connection.handle)
        state.withLock { state in
            if let old = state.handle { pq_free_canceller(old) }
            state.handle = handle
        }
    }

    func forget() {
        state.withLock { state in
            if let old = state.handle { pq_free_canceller(old) }
            state.handle = nil
        }
    }

    func begin() { state.withLock { $0.isRunning = true } }
    func end() { state.withLock { $0.isRunning = false } }

    /// Does nothing between statements, so that the next one is not stopped in the place of this one.
    func cancel() {
        state.withLock { state in
            if state.isRunning, let handle = state.handle { pq_cancel(handle) }
        }
    }
}
