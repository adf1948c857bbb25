import Synchronization

/// How long a run may take: what is running then stops as it does at the first Ctrl-C.
package final class TimeBox: Sendable {
    private let length: Duration
    private let isOver = Atomic(false)

    package init(_ length: Duration) { self.length = length }

    /// Calls `stop` when the time is over.
    func begin(_ stop: @escaping @Sendable () -> Void) -> Task<Void, Never> {
        Task.detached { [self] in
            guard (try? await Task.sleep(for: length)) != nil else { return }
            isOver.store(true, ordering: .relaxed)
            stop()
        }
    }

    /// What a run ends with that was stopped; nil while there is time.
    var failure: Failure? {
        guard isOver.load(ordering: .relaxed) else { return nil }
        return Failure(
            "E0706", "the time is over, after \(Elapsed.text(length))", at: nil, exit: .outOfTime,
            help: ["the same call goes on from here"])
    }
}
