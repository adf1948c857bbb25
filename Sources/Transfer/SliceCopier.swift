import Model

/// Copies one slice: reads ahead while it writes, and records each place once the store has settled it.
struct SliceCopier: Sendable {
    let pages: FilteredReading
    let mapper: Mapper
    let hash: RecordHash
    var writer: PatientWriter
    let journal: Journal
    let progress: Progress
    let tuning: Tuning
    let memory: Gate
    let checkStop: @Sendable () throws -> Void
    let patience: Patience
    /// How many slices share the rate.
    let lanes: Int
    let pace: Pacemaker
    /// Where the target gathers what it has when it is told to.
    let flusher: Flusher?
    let bringsPartitions: Bool
    /// The records that are still to be brought, where only so many are wanted; then there is one slice.
    let limit: Int?
    /// The key of the next record, where records are numbered; then there is one slice.
    var nextNumber: Int64?

    /// What has been written and is not yet recorded.
    private struct Unrecorded {
        var place: Cursor?
        var digest = Digest()
        var bytes = 0
        var rejected = 0
        var since = ContinuousClock.now
        /// How long it took to record what was before.
        var lastRecording = Duration.zero
    }

    func copy(_ slice: Slice, attempt: Attempt) async throws {
        var copier = self
        // Each slice has its own, so that only what it has recorded counts.
        if writer.receipts != nil { copier.writer.receipts = Receipts() }
        try await copier.copyAll(slice, attempt: attempt)
    }

    private mutating func copyAll(_ slice: Slice, attempt: Attempt) async throws {
        var slice = slice
        var unrecorded = Unrecorded()
        var left = limit ?? .max
        var ungathered = 0
        let reader = self
        // Three budgets a slice: the page that is written, the one that is read, and what the store makes of them.
        try await memory.holding(3 * tuning.page.bytes) {
            var page = left > 0 ? try await reader.page(slice) : nil
            while let current = page {
                slice.after = current.end
                let rest = slice
                async let following = reader.page(rest)
                try await write(current, attempt, &left, &unrecorded)
                ungathered += 1
                let isFlushDue = ungathered >= tuning.flushEvery ?? .max
                if isFlushDue || isDue(unrecorded) { try await record(slice.index, &unrecorded) }
                if isFlushDue {
                    try await flusher?.flush(progress)
                    ungathered = 0
                }
                page = left > 0 ? try await following : nil
                try await stopIfAsked(slice.index, &unrecorded)
            }
            try await record(slice.index, &unrecorded)
        }
        try await journal.append(.finished(slice: slice.index))
    }

    private func page(_ slice: Slice) async throws(StoreError) -> Page? {
        try await pages.page(slice, pace.budget)
    }

    /// Where settling is slow it is done less often, so that it takes a fifth of the time at most.
    private func isDue(_ unrecorded: Unrecorded) -> Bool {
        let time = ContinuousClock.now - unrecorded.since
        guard time >= min(unrecorded.lastRecording, patience.unrecordedTime) * 4 else { return false }
        return unrecorded.bytes >= patience.unrecordedBytes || time >= patience.unrecordedTime
    }

    private mutating func write(
        _ page: Page, _ attempt: Attempt, _ left: inout Int, _ unrecorded: inout Unrecorded
    ) async throws {
        let batch = try mapped(page.batch, atMost: left)
        let start = ContinuousClock.now
        // The store mostly waits, and has no use for the processor then.
        async let digest = hash.digest(batch)
        let rejected = try await writer.write(batch, attempt)
        unrecorded.rejected += rejected
        unrecorded.digest = await unrecorded.digest + digest
        unrecorded.bytes += batch.byteCount
        unrecorded.place = page.end
        left -= batch.count
        progress.count {
            $0.records += batch.count - rejected
            $0.bytes += batch.byteCount
        }
        try await keepRate(batch, since: start)
    }

    private mutating func mapped(_ batch: Batch, atMost count: Int) throws -> Batch {
        var batch = try mapper.map(batch.count > count ? batch.rows(Array(0..<count)) : batch)
        if !bringsPartitions { batch.partition = nil }
        if let first = nextNumber {
            batch.keys = (0..<batch.count).map { .integer(first + Int64($0)) }
            nextNumber = first + Int64(batch.count)
        }
        return batch
    }

    /// The store's word that all of it is safe, and then ours.
    private func record(_ slice: Int, _ unrecorded: inout Unrecorded) async throws {
        guard let place = unrecorded.place else { return }
        let start = ContinuousClock.now
        try await writer.settle()
        var events: [Event] = writer.receipts.map { [.invented(slice: slice, to: place, keys: $0.take())] } ?? []
        events.append(.advanced(slice: slice, to: place, digest: unrecorded.digest, bytes: unrecorded.bytes))
        if unrecorded.rejected > 0 { events.append(.rejected(slice: slice, count: unrecorded.rejected)) }
        try await journal.append(events + progress.takeRetries())
        unrecorded = Unrecorded(lastRecording: .now - start)
    }

    private func stopIfAsked(_ slice: Int, _ unrecorded: inout Unrecorded) async throws {
        do { try checkStop() } catch {
            try await record(slice, &unrecorded)
            throw error
        }
    }

    /// Waits in small steps, so that a job that is to stop does.
    private func keepRate(_ batch: Batch, since start: ContinuousClock.Instant) async throws {
        let due = start + tuning.leastTime(batch.count, batch.byteCount, lanes: lanes)
        while case let now = ContinuousClock.now, now < due {
            guard (try? checkStop()) != nil else { return }
            try await Task.sleep(until: min(due, now + .milliseconds(100)))
        }
    }
}
