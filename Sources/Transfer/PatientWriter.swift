import Model
import Synchronization

/// The keys that a store made up, of one slice's writes since it was last asked.
final class Receipts: Sendable {
    private let keys = Mutex<[ClosedRange<Int64>]>([])

    func add(_ receipt: Receipt) { keys.withLock { $0 += receipt.invented } }

    func take() -> [ClosedRange<Int64>] {
        keys.withLock { keys in
            defer { keys = [] }
            return keys
        }
    }
}

/// Writes batches with patience: repeats what is worth repeating, cuts what is too large, sets aside what is refused.
struct PatientWriter: Sendable {
    let store: any Store
    let collection: String
    /// How many writes the store takes side by side.
    let gate: Gate
    let progress: Progress
    let rejects: RejectsFile?
    let patience: Patience
    /// Is told how writes went.
    var pace: Pacemaker?
    /// Where the store makes up keys: takes them, and then a write that may have happened is not made again.
    var receipts: Receipts?

    /// Answers how many records were set aside.
    func write(_ batch: Batch, _ attempt: Attempt) async throws -> Int {
        guard batch.count > 0 else { return 0 }
        do {
            try await writeOnce(batch, attempt)
            progress.count { $0.batches += 1 }
            return 0
        } catch let lost as LostReceipt {
            count(lost.error)
            throw lost
        } catch let error as StoreError {
            count(error)
            switch error.code {
            case .tooLarge where batch.count > 1: return try await halves(of: batch)
            case .rejected where rejects != nil: return try await withoutRejected(batch, error)
            case .rejected: throw rejection(batch, error)
            default: throw error
            }
        }
    }

    private func count(_ error: StoreError) {
        progress.count { $0.failures += 1 }
        progress.count(error)
    }

    func settle() async throws(StoreError) {
        try await patience.repeating(progress) { _ throws(StoreError) in
            try await gated { () throws(StoreError) in try await store.settle(collection) }
        }
    }

    /// A lost answer makes the next attempt a replacing one.
    private func writeOnce(_ batch: Batch, _ first: Attempt) async throws {
        guard receipts == nil else { return try await writeInventing(batch, first) }
        try await patience.repeating(progress) { failure throws(StoreError) in
            let attempt = failure?.mayHaveWritten == true ? .again : first
            try await gated { () throws(StoreError) in try await timed(batch, attempt) }
        }
    }

    /// A second row would get a key of its own: the job removes what nobody was told of.
    private func writeInventing(_ batch: Batch, _ first: Attempt) async throws {
        var lost: StoreError?
        try await patience.repeating(progress) { _ throws(StoreError) in
            do throws(StoreError) {
                try await gated { () throws(StoreError) in try await timed(batch, first) }
            } catch {
                guard error.mayHaveWritten else { throw error }
                lost = error
            }
        }
        if let lost { throw LostReceipt(error: lost) }
    }

    private func timed(_ batch: Batch, _ attempt: Attempt) async throws(StoreError) {
        let start = ContinuousClock.now
        do throws(StoreError) {
            let receipt = try await store.write(batch, to: collection, attempt)
            receipts?.add(receipt)
        } catch {
            pace?.refused(batch, error.code)
            throw error
        }
        let time = ContinuousClock.now - start
        progress.timeline.add(records: batch.count, bytes: batch.byteCount, took: time)
        pace?.accepted(batch, in: time)
    }

    private func gated(_ body: () async throws(StoreError) -> Void) async throws(StoreError) {
        await gate.take(1)
        defer { gate.give(1) }
        try await body()
    }

    private func halves(of batch: Batch) async throws -> Int {
        let middle = batch.count / 2
        let first = try await write(batch.rows(Array(0..<middle)), .again)
        return try await first + write(batch.rows(Array(middle..<batch.count)), .again)
    }

    // MARK: Rejected records

    private func withoutRejected(_ batch: Batch, _ error: StoreError) async throws -> Int {
        let named = Set(error.rows.filter { $0 < batch.count })
        guard !named.isEmpty || batch.count > 1 else { return try setAside(batch, [0], error) }
        guard !named.isEmpty else { return try await halves(of: batch) }
        let count = try setAside(batch, named.sorted(), error)
        return try await count + write(batch.rows((0..<batch.count).filter { !named.contains($0) }), .again)
    }

    private func setAside(_ batch: Batch, _ rows: [Int], _ error: StoreError) throws -> Int {
        try rejects?.add(batch.rows(rows), reason: error.message)
        progress.count { $0.rejected += rows.count }
        return rows.count
    }

    private func rejection(_ batch: Batch, _ error: StoreError) -> StoreError {
        var named = error
        named.help = error.help ?? "say `with rejects=FILE` to set such records aside and go on"
        return named
    }
}
