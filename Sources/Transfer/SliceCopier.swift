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
    /// Settling costs the store a flush to disk, so several pages share one.
    private static let settleBytes = 64 << 20

    init(
        pages: FilteredReading, mapper: Mapper, hash: RecordHash, writer: PatientWriter, journal: Journal,
        progress: Progress, tuning: Tuning, memory: Gate, checkStop: @escaping @Sendable () throws -> Void
    ) {
        (self.pages, self.mapper, self.hash, self.writer) = (pages, mapper, hash, writer)
        (self.journal, self.progress, self.tuning) = (journal, progress, tuning)
        (self.memory, self.checkStop) = (memory, checkStop)
    }

    /// What has been written and is not yet recorded.
    private struct Unrecorded {
        var place: Cursor?
        var digest = Digest()
        var bytes = 0
        var rejected = 0
    }

    func copy(_ slice: Slice, attempt: Attempt) async throws {
        var slice = slice
        var unrecorded = Unrecorded()
        // Three budgets a slice: the page that is written, the one that is read, and what the store makes of them.
        try await memory.holding(3 * tuning.page.bytes) {
            var page = try await pages.page(slice, tuning.page)
            while let current = page {
                slice.after = current.end
                let rest = slice
                async let following = pages.page(rest, tuning.page)
                try await write(current, attempt, &unrecorded)
                if unrecorded.bytes >= Self.settleBytes { try await record(slice.index, &unrecorded) }
                page = try await following
                try await stopIfAsked(slice.index, &unrecorded)
            }
            try await record(slice.index, &unrecorded)
        }
        try await journal.append(.finished(slice: slice.index))
    }

    private func write(_ page: Page, _ attempt: Attempt, _ unrecorded: inout Unrecorded) async throws {
        let batch = mapper.map(page.batch)
        let start = ContinuousClock.now
        unrecorded.rejected += try await writer.write(batch, attempt)
        unrecorded.digest = unrecorded.digest + hash.digest(batch)
        unrecorded.bytes += batch.byteCount
        unrecorded.place = page.end
        progress.count {
            $0.records += batch.count
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
        try await journal.append(events)
        unrecorded = Unrecorded()
    }

    private func stopIfAsked(_ slice: Int, _ unrecorded: inout Unrecorded) async throws {
        do { try checkStop() } catch {
            try await record(slice, &unrecorded)
            throw error
        }
    }

    private func keepRate(_ records: Int, since start: ContinuousClock.Instant) async throws {
        guard let rate = tuning.rate, rate > 0 else { return }
        let due = start + .milliseconds(Int64(1000 * records * tuning.parallel / rate))
        if due > .now { try await Task.sleep(until: due) }
    }
}
