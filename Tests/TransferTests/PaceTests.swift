import Model
import Stores
import TestSupport
import Testing

@testable import Transfer

@Suite struct PaceTests {
    private let most = Budget(records: 6_400, bytes: 64 << 20)
    private let quick = Duration.milliseconds(10)

    private func accepting(_ pace: inout Pace, times: Int = 1) {
        for _ in 0..<times { pace.accepted(records: pace.budget.records, bytes: pace.budget.bytes, in: quick) }
    }

    @Test func aRefusalHalvesAndSuccessesAddUpAgain() {
        var pace = Pace(most)
        #expect(pace.budget == most)
        pace.refused(.tooLarge, records: 6_400, bytes: 10 << 20)
        #expect(pace.budget == Budget(records: 3_200, bytes: 32 << 20))
        pace.refused(.throttled, records: 100, bytes: 30 << 20)
        #expect(pace.budget.records == 1_600)
        accepting(&pace)
        #expect(pace.budget.records == 1_700)
        accepting(&pace, times: 2)
        #expect(pace.budget.records == 1_900)
        accepting(&pace, times: 100)
        #expect(pace.budget == most)
    }

    @Test func itNeverComesToNothing() {
        var pace = Pace(Budget(records: 10, bytes: 1 << 10))
        for _ in 0..<50 { pace.refused(.unavailable, records: 1, bytes: 10) }
        #expect(pace.budget.records == 1 && pace.budget.bytes == 1 << 10)
        pace = Pace(most)
        for _ in 0..<50 { pace.refused(.unavailable, records: 1, bytes: 10) }
        #expect(pace.budget == Budget(records: 100, bytes: 1 << 20))
    }

    /// The halves of a batch that was refused, or what was under way when the first answer came.
    @Test func aRefusalOfWhatIsNoLongerAllowedSaysNothing() {
        var pace = Pace(most)
        for _ in 0..<3 { pace.refused(.tooLarge, records: 6_400, bytes: 100) }
        for _ in 0..<3 { pace.refused(.tooLarge, records: 1, bytes: 64 << 20) }
        #expect(pace.budget.records == 3_200)
    }

    @Test func aSlowWriteIsTooLarge() {
        var pace = Pace(most)
        pace.accepted(records: 6_400, bytes: 1 << 20, in: .seconds(4))
        #expect(pace.budget.records == 3_200)
    }

    @Test func whatDoesNotDependOnSizeChangesNothing() {
        var pace = Pace(most)
        for code in [StoreError.Code.full, .rejected, .cancelled, .malformed] {
            pace.refused(code, records: 5, bytes: 100)
        }
        #expect(pace.budget == most)
        pace.refused(.tooLarge, records: 10, bytes: 100)
        pace.accepted(records: 5, bytes: 100, in: quick)
        #expect(pace.budget.records == 3_200)
    }

    @Test func littleMemoryIsAReasonToo() {
        let text = "MemTotal:        1000 kB\nMemFree:  5 kB\nMemAvailable:  %d kB\n"
        #expect(SystemMemory.isShort(by: text.replacing("%d", with: "199")))
        #expect(!SystemMemory.isShort(by: text.replacing("%d", with: "200")))
        #expect(!SystemMemory.isShort(by: ""))
    }

    /// After the first refusals the pages fit.
    @Test func aCopyFindsTheSizeThatItsTargetTakes() async throws {
        let (from, to) = (MemoryStore(), NarrowStore(most: 100))
        try await from.create(Sample.plain("from"))
        try await from.write(Sample.records(0..<800), to: "from", .first)
        var trip = try Trip(from: from, to: to)
        trip.request.tuning.page = Budget(records: 400)
        trip.slices = 1
        let job = try await trip.job(trip.folder())
        try await job.run()
        #expect(try await to.everything(in: "to").count == 800)
        let refused = await to.refused
        #expect(refused < 6, "\(refused) refusals of \(job.progress.now.batches) batches")
    }
}

/// Refuses batches of more than so many records, which its facts do not say.
private actor NarrowStore: Store {
    private let inner = MemoryStore()
    private let most: Int
    private(set) var refused = 0

    init(most: Int) { self.most = most }

    nonisolated let facts = Facts(
        version: "1", write: Budget(records: 10_000), readers: 1, writers: 1, moment: .session)

    func write(_ batch: Batch, to name: String, _ attempt: Attempt) async throws(StoreError) -> Receipt {
        guard batch.count <= most else {
            refused += 1
            throw StoreError(.tooLarge, "\(batch.count) are too many")
        }
        return try await inner.write(batch, to: name, attempt)
    }

    nonisolated func fit(_ wanted: Collection, into existing: Collection?) -> Fit { inner.fit(wanted, into: existing) }
    func collections() async throws(StoreError) -> [String] { try await inner.collections() }
    func describe(_ name: String) async throws(StoreError) -> Description { try await inner.describe(name) }
    func create(_ collection: Collection) async throws(StoreError) -> Identity { try await inner.create(collection) }
    func drop(_ name: String, being identity: Identity?) async throws(StoreError) {
        try await inner.drop(name, being: identity)
    }
    func read(_ name: String, at moment: Moment?) async throws(StoreError) -> any Reading {
        try await inner.read(name, at: moment)
    }
    func settle(_ name: String) async throws(StoreError) { try await inner.settle(name) }
    func delete(_ keys: [Key], from name: String) async throws(StoreError) -> Int {
        try await inner.delete(keys, from: name)
    }
    func close() async {}
}
