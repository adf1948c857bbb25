import Synchronization

/// How far a job is; read by whoever shows it, while it runs.
package final class Progress: Sendable {
    private let counts: Mutex<Counts>

    package struct Counts: Sendable {
        package var total: Int
        package var records: Int
        package var bytes = 0
        package var batches = 0
        package var failures = 0
        package var retries = 0
        package var rejected = 0
        package var phase = "copying"
    }

    package init(total: Int, done: Int = 0, rejected: Int = 0) {
        counts = Mutex(Counts(total: total, records: done, rejected: rejected))
    }

    package var now: Counts { counts.withLock { $0 } }

    func count(_ change: (inout Counts) -> Void) { counts.withLock { change(&$0) } }
}
