import Model
import Stores
import Synchronization
import TestSupport
import Testing

@testable import Transfer

/// A target that makes up keys, and whose answers are lost now and then.
@Suite struct InventedKeyTests {
    @Test(arguments: 0..<8) func everyRecordIsThereOnceHoweverManyAnswersAreLost(_ seed: Int) async throws {
        let source = MemoryStore()
        try await source.create(Sample.plain("from"))
        try await source.write(Sample.records(0..<400), to: "from", .first)
        let target = InventingStore(seed: UInt64(seed), lossy: seed == 0 ? 0 : 120 + 20 * seed)
        let trip = try Trip(from: source, to: target)
        let job = try await trip.job(trip.folder())
        try await job.run()
        let result = try await verified(source, "from", target, "to", likeness: Likeness(changes: [.rekeyed]))
        #expect(result.isEqual && result.targetCount == 400, "\(result)")
        #expect(seed == 0 || target.lost > 0)
        #expect(job.progress.now.records == 400)
    }

    @Test func aTargetThatHeldRecordsBeforeIsNotGuessedAt() async throws {
        let source = MemoryStore()
        try await source.create(Sample.plain("from"))
        try await source.write(Sample.records(0..<50), to: "from", .first)
        let target = InventingStore(seed: 1, lossy: 1_000)
        _ = try await target.create(Sample.plain("to"))
        var trip = try Trip(from: source, to: target)
        trip.request.existing = .append
        let job = try await trip.job(trip.folder())
        await #expect(throws: StoreError.self) { try await job.run() }
    }
}

/// Gives each record the next number as its key. Of 1000 writes, so many lose their answer: some have been done, some are
/// not, and some are done later.
private final class InventingStore: Store, Inventing {
    private struct State {
        var random: SeededRandom
        var next: Int64 = 100
        var lost = 0
        var late: [(batch: Batch, name: String)] = []
    }

    private let inner = MemoryStore()
    private let lossy: Int
    private let state: Mutex<State>

    init(seed: UInt64, lossy: Int) {
        self.lossy = lossy
        state = Mutex(State(random: SeededRandom(seed)))
    }

    var lost: Int { state.withLock(\.lost) }
    var inventing: (any Inventing)? { self }

    func fit(_ wanted: Collection, into existing: Collection?) -> Fit {
        let fit = inner.fit(wanted, into: existing)
        return Fit(collection: fit.collection, verdicts: fit.verdicts, changes: fit.changes + [.rekeyed])
    }

    func write(_ batch: Batch, to name: String, _ attempt: Attempt) async throws(StoreError) -> Receipt {
        let late = state.withLock { state in
            defer { state.late = [] }
            return state.late
        }
        for write in late { _ = try await inner.write(write.batch, to: write.name, .first) }
        var numbered = batch
        let (first, fate) = number(batch.count)
        numbered.keys = (0..<batch.count).map { .integer(first + Int64($0)) }
        if fate == 2 { state.withLock { $0.late.append((numbered, name)) } }
        if fate == nil || fate == 1 { _ = try await inner.write(numbered, to: name, .first) }
        guard fate == nil else { throw StoreError(.unavailable, "the answer was lost", mayHaveWritten: true) }
        return Receipt(invented: [first...first + Int64(batch.count) - 1])
    }

    /// The first of so many keys, and what becomes of them where the answer is lost.
    private func number(_ count: Int) -> (first: Int64, fate: Int?) {
        state.withLock { state in
            let first = state.next
            state.next += Int64(count + Int.random(in: 0..<3, using: &state.random))
            guard Int.random(in: 0..<1_000, using: &state.random) < lossy else { return (first, nil) }
            state.lost += 1
            return (first, Int.random(in: 0..<3, using: &state.random))
        }
    }

    func discard(from name: String, except ranges: [ClosedRange<Int64>]) async throws(StoreError) -> Int {
        let keys: [Key]
        do { keys = try await inner.everything(in: name).keys } catch { throw StoreError(.malformed, "\(error)") }
        let unknown = keys.filter { key in
            guard case .integer(let number) = key else { return true }
            return !ranges.contains { $0.contains(number) }
        }
        return try await inner.delete(unknown, from: name)
    }

    // MARK: The rest is the inner store's

    var facts: Facts { inner.facts }
    func collections() async throws(StoreError) -> [String] { try await inner.collections() }
    func describe(_ name: String) async throws(StoreError) -> Description { try await inner.describe(name) }
    func create(_ shape: Collection) async throws(StoreError) -> Identity { try await inner.create(shape) }
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
    func close() async { await inner.close() }
}
