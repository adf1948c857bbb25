import Model

/// Copies one slice: reads ahead while it writes, and records each place once the store has settled it.
struct SliceCopier: Sendable {
    let pages: FilteredReading
    let mapper: Mapper
    let hash: RecordHash
    let writer: PatientWriter
    let journal: Journal
    let progress: Progress
    let tuning: Tuning
    let memory: Gate
    let checkStop: @Sendable () throws -> Void
    let patience: Patience
    /// How many slices share the rate.
    let lanes: Int

    /// What has been written and is not yet recorded.
    private struct Unrecorded {
        var place: Cursor?
        var digest = Digest()
        var bytes = 0
        var rejected = 0
        var since = ContinuousClock.now
    }

    func copy(_ slice: Slice, attempt: Attempt) async throws {
        var slice = slice
        var unrecorded = Unrecorded()
        // Three budgets a slice: the page that is written, the one that is read, and what the store makes of them.
        try await memory.holding(3 * tuning.page.bytes) {
            var page = try await self.page(slice)
            while let current = page {
                slice.after = current.end
                let rest = slice
                async let following = self.page(rest)
                try await write(current, attempt, &unrecorded)
                if isDue(unrecorded) { try await record(slice.index, &unrecorded) }
                page = try await following
                try await stopIfAsked(slice.index, &unrecorded)
            }
            try await record(slice.index, &unrecorded)
        }
        try await journal.append(.finished(slice: slice.index))
    }

    private func page(_ slice: Slice) async throws(StoreError) -> Page? {
        try await patience.repeating(progress) { _ throws(StoreError) in try await pages.page(slice, tuning.page) }
    }

    private func isDue(_ unrecorded: Unrecorded) -> Bool {
        unrecorded.bytes >= patience.unrecordedBytes || .now - unrecorded.since >= patience.unrecordedTime
    }

    private func write(_ page: Page, _ attempt: Attempt, _ unrecorded: inout Unrecorded) async throws {
        let batch = try mapper.map(page.batch)
        let start = ContinuousClock.now
        let rejected = try await writer.write(batch, attempt)
        unrecorded.rejected += rejected
        unrecorded.digest = unrecorded.digest + hash.digest(batch)
        unrecorded.bytes += batch.byteCount
        unrecorded.place = page.end
        progress.count {
            $0.records += batch.count - rejected
            $0.bytes += batch.byteCount
        }
        try await keepRate(batch.count, since: start)
    }

    /// The store's word that all of it is safe, and then ours.
    private func record(_ slice: Int, _ unrecorded: inout Unrecorded) async throws {
        guard let place = unrecorded.place else { return }
        try await writer.settle()
        var events: [Event] = [
            .advanced(slice: slice, to: place, digest: unrecorded.digest, bytes: unrecorded.bytes)
        ]
        if unrecorded.rejected > 0 { events.append(.rejected(slice: slice, count: unrecorded.rejected)) }
        try await journal.append(events + progress.takeRetries())
        unrecorded = Unrecorded()
    }

    private func stopIfAsked(_ slice: Int, _ unrecorded: inout Unrecorded) async throws {
        do { try checkStop() } catch {
            try await record(slice, &unrecorded)
            throw error
        }
    }

    /// Waits in small steps, so that a job that is to stop does.
    private func keepRate(_ records: Int, since start: ContinuousClock.Instant) async throws {
        guard let rate = tuning.rate, rate > 0 else { return }
        let due = start + .milliseconds(Int64(1000 * records * lanes / rate))
        while case let now = ContinuousClock.now, now < due {
            guard (try? checkStop()) != nil else { return }
            try await Task.sleep(until: min(due, now + .milliseconds(100)))
        }
    }
}
