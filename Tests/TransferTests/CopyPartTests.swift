import Foundation
import JSON
import Model
import Stores
import TestSupport
import Testing

@testable import Transfer

/// Copies of a part of a collection: so many records, its schema alone, its records alone.
@Suite struct CopyPartTests {
    private let source = MemoryStore()
    private let target = MemoryStore()

    private func trip() async throws -> Trip {
        var shape = Sample.plain("from")
        shape.indexes = [Index(name: "page_index", field: "page", type: "inverted")]
        try await source.create(shape)
        try await source.write(Sample.records(0..<50), to: "from", .first)
        return try Trip(from: source, to: target)
    }

    @discardableResult
    private func run(_ trip: Trip) async throws -> Job {
        let plan = try await Planner(trip.request, from: source, to: target).plan()
        let job = try await trip.job(JobFolder.create(plan, in: trip.home.path))
        try await job.run()
        return job
    }

    @Test func includingAPartIsLeavingTheOthers() {
        func brought(_ including: [String], _ excluding: [String] = []) -> Set<Part> {
            Part.brought(including: including, excluding: excluding)
        }
        #expect(brought([]) == [.schema, .data, .indexes, .partitions])
        #expect(brought(["aliases"]) == [.schema, .data, .indexes, .partitions, .aliases])
        #expect(brought(["schema"]) == [.schema, .partitions])
        #expect(brought(["schema", "data"]) == [.schema, .data, .partitions])
        #expect(brought(["data", "aliases"]) == [.data, .partitions, .aliases])
        #expect(brought([], ["indexes", "partitions"]) == [.schema, .data])
    }

    @Test func theSchemaAloneThenTheRecordsAlone() async throws {
        var trip = try await trip()
        trip.request.including = ["data"]
        await #expect(throws: JobError.self) { try await run(trip) }
        trip.request.including = ["schema"]
        try await run(trip)
        #expect(try await target.describe("to").collection.indexes.isEmpty)
        #expect(try await target.everything(in: "to").count == 0)
        trip.request.including = ["data"]
        try await run(trip)
        #expect(try await target.everything(in: "to").count == 50)
        #expect(try await target.describe("to").collection.indexes.isEmpty)
        trip.request.including = ["indexes"]
        try await run(trip)
        #expect(try await target.describe("to").collection.indexes.map(\.name) == ["page_index"])
    }

    /// The schema is done, whatever records came later.
    @Test func aSchemaStaysDone() async throws {
        var trip = try await trip()
        trip.request.including = ["schema"]
        let job = try await run(trip)
        let done = try #require(await job.state.completion)
        try await target.write(Sample.records(0..<3), to: "to", .first)
        #expect(try await job.plan.context.token(target, "to") == done.target)
    }

    @Test(arguments: [0, 1, 7, 10, 49, 50, 1_000])
    func atMostSoManyRecords(_ limit: Int) async throws {
        var trip = try await trip()
        trip.request.limit = limit
        let job = try await run(trip)
        #expect(try await target.everything(in: "to").count == min(limit, 50))
        #expect(job.plan.records == min(limit, 50) && job.plan.slices.count == 1)
        #expect(await job.state.digest.count == min(limit, 50))
    }

    @Test func atMostSoManyOfThoseThatAreMeant() async throws {
        var trip = try await trip()
        trip.request.filter = .compare(field: "page", is: .greaterOrEqual, to: .integer(2))
        trip.request.limit = 11
        try await run(trip)
        let keys = try await target.everything(in: "to").keys
        #expect(keys.sorted() == (20..<31).map { .integer($0) })
    }

    @Test func aPartIsAnotherCopyThanTheWhole() async throws {
        let whole = try await trip().request
        var part = whole
        part.limit = 5
        var bare = whole
        bare.excluding = ["indexes"]
        #expect(Set([whole, part, bare].map(\.fingerprint)).count == 3)
        let plan = try await Planner(part, from: source, to: target).plan()
        #expect(plan.context.fingerprint == part.fingerprint)
    }

    /// However seldom the target gathers what it has, what it has acknowledged and settled is recorded.
    @Test func aPlaceIsRecordedAfterSoManyPagesAndInTime() async throws {
        for (pages, isInTime, lines) in [(3, false, 4), (100, false, 1), (100, true, 10), (3, true, 10)] {
            var trip = try Trip(from: source, to: MemoryStore())
            try await source.create(Sample.plain("from"))
            try await source.write(Sample.records(0..<70), to: "from", .again)
            trip.request.tuning.flushEvery = pages
            trip.slices = 1
            if !isInTime { (trip.patience.unrecordedBytes, trip.patience.unrecordedTime) = (.max, .seconds(1_000)) }
            let folder = try await trip.folder()
            try await trip.job(folder).run()
            let journal = try String(contentsOfFile: folder.journalPath, encoding: .utf8)
            #expect(journal.split(separator: "\n").count { $0.contains("\"advanced\"") } == lines, "\(pages)")
        }
    }

    @Test func whatNoRecordOfTheSampleHasIsSaid() async throws {
        var open = Sample.plain("from")
        open.isOpen = true
        try await source.create(open)
        let line = #"{"key":1,"vectors":{"v":[1,2]},"fields":{"page":1,"title":"x"}}"#
        try await source.write(Sample.batch([line], of: open), to: "from", .first)
        var trip = try Trip(from: source, to: target)
        trip.request.mapping.fields = ["v", "page", "title", "titel"]
        trip.request.mapping.rename = ["autor": "author"]
        let plan = try await Planner(trip.request, from: source, to: target).plan()
        #expect(plan.notices.count == 2)
        #expect(plan.notices[0].contains("\"titel\"") && plan.notices[1].contains("\"autor\""))
    }

    @Test func limitsOfRecordsAndBytesAreKeptBySlicesTogether() {
        var tuning = Tuning()
        #expect(tuning.leastTime(1_000, 1 << 20, lanes: 4) == .zero)
        tuning.rate = 1_000
        #expect(tuning.leastTime(500, 1 << 20, lanes: 2) == .seconds(1))
        tuning.bandwidth = 1 << 20
        #expect(tuning.leastTime(500, 3 << 20, lanes: 2) == .seconds(6))
    }
}
