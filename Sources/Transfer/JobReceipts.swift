import Model
import Synchronization

/// What a job does about keys that it was never told.
extension Job {
    /// Copies what is still to be copied, and goes on by itself where the target made up keys and its answer was lost.
    func copyAll(_ reading: any Reading) async throws {
        var tries = 0
        while true {
            let before = await journal.state.digest.count
            do { return try await copy(openSlices(), reading) } catch let lost as LostReceipt {
                tries = await journal.state.digest.count > before ? 1 : tries + 1
                guard canDiscard else { throw StoreError(lost.error.code, lost.error.message, help: Self.notAlone) }
                guard tries < patience.tries else { throw lost.failure }
                try await discard(after: lost)
            }
        }
    }

    private func discard(after lost: LostReceipt) async throws {
        hasLostReceipts.store(true, ordering: .relaxed)
        let copied = Int(await journal.state.digest.count)
        progress.count {
            $0.records = copied
            $0.retries += 1
            $0.lastRetry = lost.error.message
        }
        try stopIfAsked()
        try await discardUnacknowledged()
    }

    /// Whether what this job has written, and nobody was told of, can be told from what stood there before.
    private var canDiscard: Bool { plan.existing != .append || plan.context.staging != nil }

    private static let notAlone = "copy into a new collection, or remove what has come by a field that tells it apart"

    /// Whether the target makes up the keys of what is written.
    var isInventing: Bool {
        target.inventing != nil && plan.context.changes.contains(.rekeyed) && !plan.context.isNumbering
    }

    /// Removes what an earlier run wrote and did not live to record: by its key it would not be replaced.
    func discardUnacknowledged() async throws {
        if plan.context.isNumbering { return try await discardNumbers() }
        guard isInventing, let inventing = target.inventing else { return }
        guard canDiscard else {
            throw JobError(
                "\(name) makes up its keys and held records before, so that a stopped copy into it cannot go on",
                help: Self.notAlone)
        }
        let acknowledged = await journal.state.acknowledged
        try await patience.repeating(progress) { _ throws(StoreError) in
            _ = try await inventing.discard(from: name, except: acknowledged)
        }
    }

    /// Numbers that were given to records and are not recorded: the source may be read in another order by now.
    private func discardNumbers() async throws {
        let state = await journal.state
        let next = plan.context.mapping.firstNumber + Int64(state.digest.count)
        // Some may be missing between others: those that the target refused.
        let step = Int64(max(1_000, 2 * plan.tuning.page.records))
        for start in stride(from: next, to: .max - step, by: Int(step)) {
            let keys = (start..<start + step).map(Key.integer)
            var wasRepeated = false
            let gone = try await patience.repeating(progress) { failure throws(StoreError) in
                wasRepeated = failure != nil
                return try await target.delete(keys, from: name)
            }
            // The answer to a call that was lost may have told of some.
            guard gone > 0 || wasRepeated else { return }
        }
    }
}

/// A write of records to which the target gives keys, of which nobody knows whether it was done.
struct LostReceipt: Error {
    let error: StoreError

    /// For those who cannot go on.
    var failure: StoreError {
        StoreError(error.code, error.message, help: "say the same again: it goes on, and nothing is there twice")
    }
}
