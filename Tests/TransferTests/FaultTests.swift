import Model
import Stores
import TestSupport
import Testing

@testable import Transfer

/// Copies between stores that fail in every way, by schedules that a seed repeats: `VECSH_SEED=n swift test`.
@Suite struct FaultTests {
    static let seeds: [UInt64] = {
        if let seed = Environment.number("VECSH_SEED") { return [seed] }
        let first = UInt64.random(in: 0..<1_000_000_000)
        return (0..<240).map { first + $0 }
    }()

    @Test(arguments: seeds)
    func whateverFailsEveryRecordArrivesOnce(_ seed: UInt64) async throws {
        var random = SeededRandom(seed)
        let (from, to): (any Store, any Store) = (MemoryStore(), MemoryStore())
        let shape = Sample.everyType("from")
        try await from.create(shape)
        let records = try Generated.records(Int.random(in: 0...250, using: &random), of: shape, seed)
        try await from.write(records, to: "from", .first)
        let source = FaultyStore(from, .random(seed &* 3), isShuffled: Bool.random(using: &random))
        let target = FaultyStore(to, .random(seed &* 5))
        let trip = try Trip(from: source, to: target, &random)
        try await run(trip, source, target, &random)

        #expect(target.firstAttemptsOnKnownKeys == 0, "seed \(seed)")
        let result = try await verified(from, "from", to, "to")
        #expect(result.isEqual && result.sourceCount == records.count, "seed \(seed): \(result)")
        let (a, b) = (try await from.everything(in: "from"), try await to.everything(in: "to"))
        #expect(a.lines(of: shape) == b.lines(of: shape), "seed \(seed)")
    }

    @Test(arguments: seeds.prefix(60))
    func whateverFailsRecordsAreNumberedOnce(_ seed: UInt64) async throws {
        var random = SeededRandom(seed)
        let (from, to): (any Store, any Store) = (MemoryStore(), MemoryStore())
        try await from.create(Sample.plain("from"))
        let count = Int.random(in: 0...250, using: &random)
        try await from.write(Sample.records(0..<count), to: "from", .first)
        let source = FaultyStore(from, .random(seed &* 13), isShuffled: Bool.random(using: &random))
        let target = FaultyStore(to, .random(seed &* 17))
        var trip = try Trip(from: source, to: target, &random)
        trip.slices = 1
        trip.request.mapping = Mapping(keys: .auto, keepKeyAs: "old")
        try await run(trip, source, target, &random)

        let keys = try await to.everything(in: "to").keys.sorted()
        #expect(keys == (0..<count).map { Key.integer(Int64($0 + 1)) }, "seed \(seed)")
        let likeness = Likeness(changes: [.rekeyed])
        let result = try await verified(from, "from", to, "to", trip.request.mapping, likeness: likeness)
        #expect(result.isEqual, "seed \(seed): \(result)")
    }

    @Test(arguments: seeds.prefix(60))
    func aSourceThatChangesWhileItIsCopiedArrivesAsItIsAtTheEnd(_ seed: UInt64) async throws {
        var random = SeededRandom(seed)
        let (from, to): (any Store, any Store) = (MemoryStore(), MemoryStore())
        let shape = Sample.plain("from")
        try await from.create(shape)
        try await from.write(Sample.records(0..<300), to: "from", .first)
        let source = FaultyStore(from, .random(seed &* 7), isShuffled: Bool.random(using: &random))
        let target = FaultyStore(to, .random(seed &* 11))
        let trip = try Trip(from: source, to: target, &random)
        var changes = 0
        try await run(trip, source, target, &random) { random in
            guard changes < 3 else { return }
            changes += 1
            let start = Int.random(in: 0..<300, using: &random)
            _ = try await from.delete((start..<start + 20).map { .integer(Int64($0)) }, from: "from")
            var altered = Sample.records(start..<start + 10)
            altered.fields[0] = Column(.integers((0..<10).map { Int64($0 - 1000 * changes) }))
            try await from.write(altered, to: "from", .again)
            try await from.write(Sample.records(1000 * changes..<1000 * changes + 5), to: "from", .again)
        }
        let (a, b) = (try await from.everything(in: "from"), try await to.everything(in: "to"))
        #expect(a == b, "seed \(seed), \(changes) changes")
    }

    /// Runs jobs until one completes; between them what was not settled is lost.
    private func run(
        _ trip: Trip, _ source: FaultyStore, _ target: FaultyStore, _ random: inout SeededRandom,
        betweenRuns: (inout SeededRandom) async throws -> Void = { _ in }
    ) async throws {
        let folder = try await trip.patientFolder()
        for attempt in 1...400 {
            if attempt > 300 { [source, target].forEach { $0.calmDown() } }
            let isLeftAlone = attempt > 20 || Bool.random(using: &random)
            let stopAfter = Duration.microseconds(Int.random(in: 0..<20_000, using: &random))
            do { return try await run(trip.job(folder), stoppedAfter: isLeftAlone ? nil : stopAfter) } catch {
                let isExpected = error is Job.Stopped || (error as? StoreError)?.code == .full || trip.isTired(error)
                try #require(isExpected, "\(error)")
            }
            try await target.crash()
            try await betweenRuns(&random)
        }
        Issue.record("the job has not completed in 400 runs")
    }

    private func run(_ job: Job, stoppedAfter time: Duration?) async throws {
        let watch = time.map { time in
            Task { if (try? await Task.sleep(for: time)) != nil { job.stop() } }
        }
        let result = await Task { try await job.run() }.result
        watch?.cancel()
        await watch?.value
        try result.get()
    }
}

extension Trip {
    fileprivate init(from source: FaultyStore, to target: FaultyStore, _ random: inout SeededRandom) throws {
        try self.init(from: source, to: target)
        slices = Int.random(in: 1...5, using: &random)
        patience.tries = Int.random(in: 2...6, using: &random)
        patience.unrecordedBytes = [0, 1 << 10, 1 << 20].randomElement(using: &random) ?? 0
        patience.unrecordedTime = .seconds(10)
        request.tuning.parallel = Int.random(in: 1...4, using: &random)
    }

    /// Planning reads, too, and may fail.
    fileprivate func patientFolder() async throws -> JobFolder {
        while true {
            do { return try await folder() } catch let error as StoreError where isTired(error) || error.code == .full {
            }
        }
    }

    /// Whether the job has given up repeating.
    fileprivate func isTired(_ error: any Error) -> Bool { (error as? StoreError)?.isWorthRetrying == true }
}
