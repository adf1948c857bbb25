import Model
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
        /// Why the last call had to be made again.
        var lastRetry = ""
        /// Retries that the journal knows of.
        var recordedRetries = 0
        package var phase = "copying"
        /// The index that is being built.
        package var index: IndexWatch?
        /// Calls that failed, by what kind of trouble it was.
        package var issues: [Issue: Int] = [:]
    }

    package let timeline: Timeline

    package init(total: Int, done: Int = 0, rejected: Int = 0, timeline: Timeline = Timeline()) {
        self.timeline = timeline
        counts = Mutex(Counts(total: total, records: done, rejected: rejected))
    }

    package var now: Counts { counts.withLock { $0 } }

    /// What the journal is to hear of calls that were made again.
    func takeRetries() -> [Event] {
        counts.withLock { counts in
            defer { counts.recordedRetries = counts.retries }
            let count = counts.retries - counts.recordedRetries
            return count > 0 ? [.retried(count: count, why: counts.lastRetry)] : []
        }
    }

    func count(_ error: StoreError) { count { $0.issues[Issue(error.code), default: 0] += 1 } }

    func count(_ change: (inout Counts) -> Void) { counts.withLock { change(&$0) } }
}
