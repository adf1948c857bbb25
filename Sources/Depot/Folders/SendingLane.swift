import Model
import Synchronization

/// Carries out what it is given, so much of it at the same time; who gives more waits, and hears of what has failed.
final class SendingLane: Sendable {
    private let parallel: Int
    private let state = Mutex(State())

    private struct State {
        var running: [Int: Task<Void, Never>] = [:]
        var next = 0
        var failure: StoreError?
        var waiting: CheckedContinuation<Void, Never>?
    }

    init(parallel: Int) { self.parallel = parallel }

    /// Waits until there is room, and begins; throws what an earlier one has failed with.
    func add(_ body: @escaping @Sendable () async throws(StoreError) -> Void) async throws(StoreError) {
        try await waitUntil(atMost: parallel - 1)
        state.withLock { state in
            let number = state.next
            state.next += 1
            state.running[number] = Task {
                let outcome = await Result { () async throws(StoreError) in try await body() }
                self.end(number, outcome)
            }
        }
    }

    /// Waits for all.
    func finish() async throws(StoreError) { try await waitUntil(atMost: 0) }

    /// Ends all, and waits until they have ended.
    func cancel() async {
        let running = state.withLock { Array($0.running.values) }
        for task in running { task.cancel() }
        for task in running { await task.value }
    }

    private func end(_ number: Int, _ outcome: Result<Void, StoreError>) {
        let waiting = state.withLock { state in
            state.running[number] = nil
            if case .failure(let error) = outcome, state.failure == nil { state.failure = error }
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    private func waitUntil(atMost count: Int) async throws(StoreError) {
        while true {
            if Task.isCancelled { throw StoreError(.cancelled, "interrupted") }
            let (isFree, failure) = state.withLock { ($0.running.count <= count, $0.failure) }
            if let failure { throw failure }
            if isFree { return }
            await withCheckedContinuation { continuation in
                let mayGoOn = state.withLock { state in
                    if state.running.count > count, state.failure == nil { state.waiting = continuation }
                    return state.waiting == nil
                }
                if mayGoOn { continuation.resume() }
            }
        }
    }
}
