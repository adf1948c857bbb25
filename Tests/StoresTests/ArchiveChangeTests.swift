import Foundation
import Model
import TestSupport
import Testing

@testable import Stores

@Suite struct ArchiveChangeTests {
    @Test func aRecordWrittenAgainAsItIsTakesNoRoom() async throws {
        let archive = try await TemporaryArchive.holding(0..<100)
        let before = try archive.data("collection.json")
        let store = try archive.store()
        try await store.write(Sample.records(0..<100), to: "a", .again)
        try await store.settle("a")
        #expect(try archive.data("collection.json") == before)
        #expect(try archive.data("v.npy").count == 128 + 800)
        var other = Sample.records(0..<1)
        other.vectors = [Column(.dense([UInt8](repeating: 1, count: 8)))]
        try await store.write(other, to: "a", .again)
        try await store.settle("a")
        #expect(try archive.data("v.npy").count == 128 + 808)
        #expect(try await store.read("a", at: nil).fetch([.integer(0)], .all) == other)
    }

    @Test func checksumsFollowWhatIsAppended() async throws {
        let archive = TemporaryArchive()
        let store = try archive.store()
        try await store.create(Sample.plain("a", dimension: 1024))
        for start in stride(from: 0, to: 5_000, by: 700) {
            try await store.write(Sample.wide(start..<min(5_000, start + 700)), to: "a", .first)
            try await store.settle("a")
        }
        let reading = try await archive.store().read("a", at: nil)
        let slices = try await reading.slices(atMost: 8)
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for slice in slices { group.addTask { try await Self.checkedCount(reading, slice) } }
            return try await group.reduce(0, +)
        }
        #expect(counts == 5_000)
    }

    private static func checkedCount(_ reading: any Reading, _ slice: Slice) async throws -> Int {
        var count = 0
        for try await page in FilteredPages(reading, nil, slice: slice) {
            guard case .integer(let first)? = page.batch.keys.first else { continue }
            #expect(page.batch == Sample.wide(Int(first)..<Int(first) + page.batch.count))
            count += page.batch.count
        }
        return count
    }

    @Test func deadRowsGoWhenTheStoreIsClosed() async throws {
        let archive = try await TemporaryArchive.holding(0..<100)
        let store = try archive.store()
        #expect(try await store.delete(integers(40..<50) + integers(99..<100), from: "a") == 11)
        try await store.settle("a")
        #expect(try archive.text("collection.json").contains("[40,50]"))
        #expect(try await archive.keys() == integers(0..<40) + integers(50..<99))
        await store.close()
        #expect(try archive.names() == ["collection.json", "rows.2.idx", "rows.2.jsonl", "v.2.npy"])
        #expect(try archive.data("v.2.npy").count == 128 + 89 * 8)
        #expect(
            try await archive.store().everything(in: "a")
                == Batch(joining: [Sample.records(0..<40), Sample.records(50..<99)]))
    }

    @Test func deadRowsGoWhenTheyOutnumberTheLiving() async throws {
        let archive = TemporaryArchive()
        let store = try archive.store()
        let identity = try await store.create(Sample.plain("a"))
        try await store.write(Sample.records(0..<3_000), to: "a", .first)
        try await store.settle("a")
        let reading = try await store.read("a", at: nil)
        #expect(try await store.delete(integers(500..<2_500), from: "a") == 2_000)
        try await store.settle("a")
        #expect(try archive.names() == ["collection.json", "rows.2.idx", "rows.2.jsonl", "v.2.npy"])
        #expect(try await store.describe("a").identity == identity)
        #expect(try await store.everything(in: "a").count == 1_000)
        var old = 0
        for try await page in FilteredPages(reading, nil) { old += page.batch.count }
        #expect(old == 3_000)
        try await store.write(Sample.records(0..<3_000), to: "a", .again)
        #expect(
            try await store.everything(in: "a").lines(of: Sample.plain("a"))
                == Sample.records(0..<3_000).lines(of: Sample.plain("a")))
    }

    @Test func slicesAndPagesStepOverDeadRows() async throws {
        let archive = try await TemporaryArchive.holding(0..<5_000)
        let store = try archive.store()
        let gone = integers(0..<5_000).enumerated().filter { $0.offset % 7 == 0 || 1_500..<3_000 ~= $0.offset }
        #expect(try await store.delete(gone.map(\.element), from: "a") == gone.count)
        let reading = try await store.read("a", at: nil)
        for count in [1, 3, 64] {
            var keys: [Key] = []
            for slice in try await reading.slices(atMost: count) {
                for try await page in FilteredPages(reading, nil, slice: slice, budget: Budget(records: 97)) {
                    keys += page.batch.keys
                }
            }
            #expect(keys.count == 5_000 - gone.count)
            #expect(Set(keys).isDisjoint(with: gone.map(\.element)))
        }
    }

    @Test func aSecondWriterIsRefusedAndMayRead() async throws {
        let archive = try await TemporaryArchive.holding(0..<10)
        let (first, second) = (try archive.store(), try archive.store())
        try await first.write(Sample.records(10..<20), to: "a", .first)
        let error = await #expect(throws: StoreError.self) {
            try await second.write(Sample.records(20..<30), to: "a", .first)
        }
        #expect(
            error?.code == .unavailable
                && error?.message.contains("\(ProcessInfo.processInfo.processIdentifier)") == true)
        #expect(try await second.everything(in: "a").count == 10)
        await first.close()
        #expect(try await second.everything(in: "a").count == 20)
        try await second.write(Sample.records(20..<30), to: "a", .first)
        #expect(try await second.everything(in: "a").count == 30)
        await second.close()
    }

    @Test func aMomentIsReadAgainUntilSomethingChanges() async throws {
        let archive = try await TemporaryArchive.holding(0..<10)
        let moment = try await archive.store().read("a", at: nil).moment
        #expect(moment.life == .durable)
        let store = try archive.store()
        #expect(try await store.read("a", at: moment).count(nil) == 10)
        try await store.write(Sample.records(0..<10), to: "a", .again)
        #expect(try await store.read("a", at: moment).count(nil) == 10)
        try await store.write(Sample.records(10..<11), to: "a", .first)
        await refuses(.expired) { _ = try await store.read("a", at: moment) }
    }

    @Test func placesWithoutArchive() async throws {
        let archive = TemporaryArchive()
        let store = try archive.store()
        #expect(try await store.collections() == [])
        await refuses(.notFound) { _ = try await store.describe("a") }
        await store.close()
        #expect(!FileManager.default.fileExists(atPath: archive.root))
        await refuses(.notFound) { _ = try ArchiveStore(at: archive.root, mayCreate: false) }
        try Data().write(to: URL(filePath: archive.root))
        await refuses(.rejected) { _ = try ArchiveStore(at: archive.root) }
        for uri in ["archive://", "archive://relative", "archive:///x"] {
            let endpoint = try #require(Endpoint(uri))
            await refuses(.rejected) {
                _ = try await Archive.kind.open(endpoint, ["create": uri == "archive:///x" ? "maybe" : "yes"])
            }
        }
    }

    @Test func readingAheadAndForgettingChangeNothing() async throws {
        let archive = try await TemporaryArchive.holding(0..<10)
        let store = try archive.store()
        let residency = try #require(store.residency)
        try await residency.load("a")
        try await residency.release("a")
        #expect(try await store.everything(in: "a").count == 10)
    }
}
