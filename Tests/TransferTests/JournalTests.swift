import Foundation
import Glibc
import JSON
import Model
import Stores
import TestSupport
import Testing

@testable import Transfer

@Suite struct JournalTests {
    private static let events: [Event] = [
        .created(identity: Identity("é \" \n 1")),
        .advanced(slice: 0, to: Cursor("a\u{0}b"), digest: digest(3), bytes: 30),
        .rejected(slice: 0, count: 2), .advanced(slice: 1, to: Cursor(""), digest: digest(4), bytes: 40),
        .moved(to: Moment(token: "m", life: .session), slices: []), .finished(slice: 0), .finished(slice: 1),
        .indexed(name: "文档"), .aliased(name: "live"), .verified(equal: true), .completed(source: "s", target: "t"),
        .promoted(replacing: Identity("old"), at: 1_700_000_000_000_000), .promoted(replacing: nil, at: 0), .rolledBack,
        .cancelled, .retried(count: 3, why: "too many calls"), .failed(why: "the disk is full", at: 5), .loaded,
    ]

    private static func digest(_ count: Int) -> Digest { Digest(count: count, high: .max, low: UInt64(count)) }

    @Test(arguments: events) func anEventComesBackAsItWas(_ event: Event) throws {
        #expect(try Event(json: JSONValue(event.json.text)) == event)
    }

    @Test func theStateIsTheSumOfTheEvents() {
        var state = JobState()
        Self.events.prefix(11).forEach { state.apply($0) }
        #expect(state.identity == Identity("é \" \n 1") && state.moment?.token == "m")
        #expect(state.cursors == [0: Cursor("a\u{0}b"), 1: Cursor("")] && state.finished == [0, 1])
        #expect(state.digest == Self.digest(3) + Self.digest(4) && state.bytes == 70 && state.rejected == 2)
        #expect(state.indexed == ["文档"] && state.isVerified == true && !state.isUnfinished)
    }

    @Test func aMoveToPlacesOfItsOwnBeginsAnew() {
        var state = JobState()
        Self.events.prefix(7).forEach { state.apply($0) }
        let slices = [Slice(index: 0, through: Cursor("x")), Slice(index: 1, after: Cursor("x"))]
        state.apply(.moved(to: Moment(token: "n", life: .durable), slices: slices))
        #expect(state.slices == slices && state.cursors.isEmpty && state.finished.isEmpty && state.digest.count == 0)
    }

    @Test func whatWasAppendedIsThereAgain() async throws {
        let home = try TemporaryHome()
        let path = home.path + "/journal"
        let journal = try Journal(path: path)
        for event in Self.events { try await journal.append(event) }
        let (mine, read) = (await journal.state, try Journal.state(at: path))
        #expect(mine.digest == read.digest && read.isCancelled && read.isRolledBack && read.cursors == mine.cursors)
    }

    /// Whatever a crash left of the last lines, what stands before them counts, and the job ends as if nothing had been.
    @Test func cutAnywhereTheJobGoesOnFromWhatIsLeft() async throws {
        let (from, to) = try await collections(60)
        let trip = try Trip(from: from, to: to)
        let folder = try await trip.folder()
        try await trip.job(folder).run()
        let whole = try Data(contentsOf: URL(filePath: folder.journalPath))
        let ends = whole.indices.filter { whole[$0] == 0x0A }
        for length in 0...whole.count {
            try whole.prefix(length).write(to: URL(filePath: folder.journalPath))
            let kept = ends.last { $0 < length }.map { $0 + 1 } ?? 0
            _ = try Journal(path: folder.journalPath)
            #expect(try Data(contentsOf: URL(filePath: folder.journalPath)).count == kept)
            guard length % 29 == 0 || length == kept else { continue }
            try await trip.job(folder).run()
            #expect(try await verified(from, "from", to, "to").isEqual, "cut at \(length)")
            #expect(try folder.state().completion != nil)
        }
    }

    @Test func aChangedByteEndsTheJournalBeforeItsLine() async throws {
        let (from, to) = try await collections(30)
        let trip = try Trip(from: from, to: to)
        let folder = try await trip.folder()
        try await trip.job(folder).run()
        let whole = try Data(contentsOf: URL(filePath: folder.journalPath))
        for place in stride(from: 0, to: whole.count, by: 5) {
            var damaged = whole
            damaged[place] ^= 0x04
            try damaged.write(to: URL(filePath: folder.journalPath))
            _ = try Journal(path: folder.journalPath)
            let start = whole[..<place].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
            #expect(try Data(contentsOf: URL(filePath: folder.journalPath)) == whole.prefix(start), "byte \(place)")
        }
        try await trip.job(folder).run()
        #expect(try await verified(from, "from", to, "to").isEqual)
    }

    @Test func anEventOfANewerVersionIsNotCutOff() throws {
        let home = try TemporaryHome()
        let text = #"{"teleported":{}}"#
        let line = Checksum.hexadecimal(Array(text.utf8), count: 8) + " " + text + "\n"
        try Data(line.utf8).write(to: URL(filePath: home.path + "/journal"))
        #expect(throws: JobError.self) { try Journal(path: home.path + "/journal") }
        #expect(try Data(contentsOf: URL(filePath: home.path + "/journal")) == Data(line.utf8))
    }

    /// The limit stands in for a full disk: the system writes what fits, and then fails.
    @Test func aFailedAppendLeavesNothingForTheNextLineToBeGluedTo() async throws {
        await #expect(processExitsWith: .success) {
            let home = try TemporaryHome()
            let path = home.path + "/journal"
            let journal = try Journal(path: path)
            try await journal.append(.finished(slice: 1))
            let before = try Data(contentsOf: URL(filePath: path))
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: rlim_t(before.count + 10), rlim_max: rlim_t.max)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            await #expect(throws: JobError.self) { try await journal.append(.finished(slice: 2)) }
            let after = try Data(contentsOf: URL(filePath: path))
            limit.rlim_cur = rlim_t.max
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            try await journal.append(.finished(slice: 3))
            let state = try Journal.state(at: path)
            guard after == before, state.finished == [1, 3] else { exit(1) }
        }
    }

    @Test func twoDoNotRunOneJob() async throws {
        let (from, to) = try await collections(5)
        let trip = try Trip(from: from, to: to)
        let folder = try await trip.folder()
        var job: Job? = try await trip.job(folder)
        #expect(folder.isRunning)
        let error = await #expect(throws: JobError.self) { _ = try await trip.job(folder) }
        #expect(error?.message.contains("running in another process") == true)
        try await job?.run()
        job = nil
        #expect(!folder.isRunning)
        _ = try await trip.job(folder)
    }

    private func collections(_ count: Int) async throws -> (any Store, any Store) {
        let (from, to): (any Store, any Store) = (MemoryStore(), MemoryStore())
        var shape = Sample.plain("from")
        shape.indexes = [Index(name: "i", field: "v", type: "flat")]
        try await from.create(shape)
        try await from.write(Sample.records(0..<count), to: "from", .first)
        return (from, to)
    }
}
