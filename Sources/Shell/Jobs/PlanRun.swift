import JSON
import Language
import Model
import Transfer

/// One run of `apply`: what it has done so far.
struct PlanRun {
    var execution: Execution
    /// The copies of this run.
    var newCopies: [JSONValue] { Array(execution.copies.dropFirst(earlier)) }
    var checks: [TenantCheck] = []
    let timeline = Timeline()
    private let start = ContinuousClock.now

    private let earlier: Int
    /// Why copies of this run failed.
    private(set) var failures: [Issue: Int] = [:]

    init(_ execution: Execution) { (self.execution, earlier) = (execution, execution.copies.count) }

    mutating func failed(_ error: any Error) {
        if let error = error as? StoreError {
            failures[Issue(error.code), default: 0] += 1
        } else if (error as? Failure)?.exit == .different {
            failures[.validation, default: 0] += 1
        } else if error is JobError {
            failures[.data, default: 0] += 1
        }
    }

    /// Whether a store is away, or has no room for a while.
    func isOnlyAway(_ error: any Error) -> Bool {
        guard let code = (error as? StoreError)?.code else { return false }
        return Issue(code) == .connection || code == .full
    }

    /// Notes how it ended, for `status`.
    mutating func end(_ failure: Failure?) {
        execution.seconds += (ContinuousClock.now - start).inSeconds
        execution.finished = Timestamp.now
        execution.problem = failure?.diagnostic.message
        // A run that did nothing but fail to begin has nothing to remember.
        if execution.runs > 0 { try? execution.save() }
    }
}
