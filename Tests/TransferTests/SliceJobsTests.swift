import Model
import Stores
import TestSupport
import Testing

@testable import Transfer

/// Slices that ran alone, the whole that comes after them, and what journals tell of trouble.
@Suite struct SliceJobsTests {
    private func trip(_ count: Int = 100, existing: ExistingPolicy = .fail) async throws -> Trip {
        let (from, to): (any Store, any Store) = (MemoryStore(), MemoryStore())
        try await from.create(Sample.plain("from"))
        try await from.write(Sample.records(0..<count), to: "from", .first)
        var trip = try Trip(from: from, to: to)
        trip.request.existing = existing
        return trip
    }

    private func identity(_ trip: Trip) async throws -> Identity { try await trip.target.describe("to").identity }

    private func slice(_ index: Int, _ plan: Plan, _ trip: Trip) async throws -> Job {
        try await Job.slice(index, of: plan, in: trip.home.path, from: trip.source, to: trip.target)
    }

    @Test func theWholeGoesOnFromWhatItsSlicesHaveDone() async throws {
        let trip = try await trip()
        let plan = try await trip.folder().plan()
        for index in [0, 2] { try await slice(index, plan, trip).runSlices() }
        let slices = SliceJobs(of: plan, in: trip.home.path)
        let identity = try await identity(trip)
        #expect(slices.haveWritten(identity) && !slices.haveWritten(Identity("another")))
        #expect(slices.records(in: identity) == 50)

        let folder = try await slices.job(into: identity, in: trip.home.path)
        #expect(try folder.state().finished == [0, 2])
        #expect(try folder.state().digest.count == 50)
        let job = try await trip.job(folder)
        try await job.run()
        #expect(job.progress.now.records == 100)
        #expect(try await verified(trip.source, "from", trip.target, "to").isEqual)
        #expect(try folder.state().completion != nil)
    }

    @Test func aSliceThatRunsIsNotOvertaken() async throws {
        let trip = try await trip()
        let plan = try await trip.folder().plan()
        let running = try await slice(1, plan, trip)
        try await running.runSlices()
        let identity = try await identity(trip)
        await #expect(throws: JobError.self) {
            _ = try await SliceJobs(of: plan, in: trip.home.path).job(into: identity, in: trip.home.path)
        }
        _ = running.id
    }

    @Test func recordsThatStoodThereBeforeTheSlicesStay() async throws {
        let trip = try await trip()
        let plan = try await trip.folder().plan()
        try await trip.target.create(plan.context.shape)
        try await trip.target.write(Sample.records(500..<505), to: "to", .first)
        try await slice(0, plan, trip).runSlices()
        let folder = try await SliceJobs(of: plan, in: trip.home.path).job(
            into: identity(trip), in: trip.home.path)
        try await trip.job(folder).run()
        #expect(try await trip.target.everything(in: "to").count == 105)
    }

    @Test func aTargetThatWasMadeAnewIsNotTakenForTheOneThatSlicesWrote() async throws {
        let trip = try await trip()
        let plan = try await trip.folder().plan()
        try await slice(0, plan, trip).runSlices()
        try await trip.target.drop("to", being: nil)
        try await trip.target.create(plan.context.shape)
        let identity = try await identity(trip)
        #expect(!SliceJobs(of: plan, in: trip.home.path).haveWritten(identity))
    }

    // MARK: Trouble

    @Test func whyARunEndedIsInItsJournal() async throws {
        var trip = try await trip()
        var faults = Faults(seed: 7)
        faults.fatal = 1000
        let target = FaultyStore(trip.target, faults)
        trip = try Trip(from: trip.source, to: target)
        let folder = try await trip.folder()
        await #expect(throws: StoreError.self) { try await trip.job(folder).run() }
        #expect(try folder.state().failures.map(\.why) == ["the disk is full"])
        #expect(try folder.state().isUnfinished)
        target.calmDown()
        try await trip.job(folder).run()
        let state = try folder.state()
        #expect(state.failures.count == 1 && !state.isUnfinished)
    }

    @Test func whatHadToBeDoneAgainIsCountedInTheJournal() async throws {
        var trip = try await trip(300)
        var faults = Faults(seed: 9)
        faults.throttled = 300
        let target = FaultyStore(trip.target, faults)
        trip = try Trip(from: trip.source, to: target)
        trip.patience.tries = 100
        let folder = try await trip.folder()
        try await trip.job(folder).run()
        #expect(target.injected > 0)
        #expect(try folder.state().retries == target.injected)
        #expect(try folder.state().lastRetry == "too many calls")
    }

    @Test func aJobThatIsAskedToFromElsewhereStopsWithEverythingRecorded() async throws {
        let trip = try await trip()
        let folder = try await trip.folder()
        let job = try await trip.job(folder)
        try folder.askToStop()
        await #expect(throws: Job.Stopped.self) { try await job.run() }
        #expect(job.isGivenUp)
        let state = try folder.state()
        #expect(state.failures.isEmpty && state.isUnfinished)
    }

    @Test func aRequestToStopEndsWithTheRunItWasMeantFor() async throws {
        let trip = try await trip()
        let folder = try await trip.folder()
        try folder.askToStop()
        try await trip.job(folder).run()
        #expect(try folder.state().completion != nil)
    }
}
