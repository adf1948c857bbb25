import Synchronization

/// Lets through as much at once as it has room for; those who wait are served in their order.
final class Gate: Sendable {
    private let state: Mutex<State>
    private let capacity: Int

    private struct State {
        var free: Int
        var waiting: [(amount: Int, resume: CheckedContinuation<Void, Never>)] = []
    }

    init(_ capacity: Int) {
        self.capacity = capacity
        state = Mutex(State(free: capacity))
    }

    /// Takes `amount`, at most all there is, for as long as `body` runs.
    func holding<Result>(
        _ amount: Int = 1, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
    ) async rethrows -> Result {
        let amount = min(amount, capacity)
        await take(amount)
        defer { give(amount) }
        return try await body()
    }

    func take(_ amount: Int) async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.waiting.isEmpty, state.free >= amount else {
                    state.waiting.append((amount, continuation))
                    return false
                }
                state.free -= amount
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    func give(_ amount: Int) {
        let next = state.withLock { state in
            state.free += amount
            var next: [CheckedContinuation<Void, Never>] = []
            while let first = state.waiting.first, first.amount <= state.free {
                state.free -= first.amount
                next.append(state.waiting.removeFirst().resume)
            }
            return next
        }
        for continuation in next { continuation.resume() }
    }
}
