import Foundation
import Model
import TestSupport
import Testing

@testable import Stores

/// A crash leaves what was there before or after; simulated by the folder as it is at some instant.
@Suite struct ArchiveCrashTests {
    private static let data = ["rows.jsonl", "rows.idx", "v.npy"]

    /// Before, while, and after rows were appended and settled.
    private func instants() async throws -> (old: TemporaryArchive, middle: TemporaryArchive, new: TemporaryArchive) {
        let archive = try await TemporaryArchive.holding(0..<2_000)
        let old = try archive.copy()
        let store = try archive.store()
        try await store.write(Sample.records(2_000..<3_500), to: "a", .first)
        _ = try await store.delete(integers(0..<10), from: "a")
        let middle = try archive.copy()
        try await store.settle("a")
        return (old, middle, try archive.copy())
    }

    @Test func whatWasNotSettledIsNotThere() async throws {
        let (old, middle, new) = try await instants()
        #expect(try middle.data("v.npy").count > old.data("v.npy").count)
        #expect(try await middle.keys() == integers(0..<2_000))
        #expect(try await new.keys() == integers(10..<3_500))
    }

    @Test(arguments: [[], ["rows.jsonl"], ["rows.idx"], ["v.npy"], data])
    func anyMixtureOfDataUnderTheOldManifestIsTheOldState(_ names: [String]) async throws {
        let (old, _, new) = try await instants()
        for name in names { try new.data(name).write(to: old.url(name)) }
        #expect(try await old.keys() == integers(0..<2_000))
        let store = try old.store()
        try await store.write(Sample.records(5_000..<5_001), to: "a", .first)
        await store.close()
        #expect(try await old.keys() == integers(0..<2_000) + integers(5_000..<5_001))
        #expect(try old.data("v.npy").count == 128 + 2_001 * 8)
        #expect(try old.text("v.npy").contains("(2001, 2)"))
        let expected = Batch(joining: [Sample.records(0..<2_000), Sample.records(5_000..<5_001)])
        #expect(try await old.store().everything(in: "a") == expected)
    }

    @Test func tornBytesBehindTheCommittedOnesAreCutOff() async throws {
        let archive = try await TemporaryArchive.holding(0..<100)
        for name in Self.data { try archive.change(name) { $0 += Data(#"{"key":"torn"#.utf8) } }
        try Data("{ torn".utf8).write(to: archive.url("collection.json.new"))
        #expect(try await archive.keys() == integers(0..<100))
        let store = try archive.store()
        try await store.write(Sample.records(100..<101), to: "a", .first)
        await store.close()
        #expect(try await archive.keys() == integers(0..<101))
        #expect(try archive.data("rows.jsonl").last == 0x0A)
        #expect(try archive.names() == ["collection.json", "rows.idx", "rows.jsonl", "v.npy"])
    }

    @Test func halfMadeAndHalfDroppedFoldersAreNotSeenAndGo() async throws {
        let archive = try await TemporaryArchive.holding(0..<5)
        for name in [".new-1", ".dropped-1"] {
            try FileManager.default.copyItem(atPath: archive.root + "/a", toPath: "\(archive.root)/\(name)")
        }
        let store = try archive.store()
        #expect(try await store.collections() == ["a"])
        try await store.create(Sample.plain("b"))
        let left = try FileManager.default.contentsOfDirectory(atPath: archive.root).sorted()
        #expect(left == [".lock", "a", "b"])
    }

    @Test func filesOfAnUnfinishedCompactionAreNotSeenAndGo() async throws {
        let archive = try await TemporaryArchive.holding(0..<100)
        for name in ["rows.2.jsonl", "rows.2.idx", "v.2.npy"] { try Data("torn".utf8).write(to: archive.url(name)) }
        #expect(try await archive.keys() == integers(0..<100))
        let store = try archive.store()
        _ = try await store.delete(integers(0..<1), from: "a")
        await store.close()
        #expect(try await archive.keys() == integers(1..<100))
        #expect(try archive.names() == ["collection.json", "rows.2.idx", "rows.2.jsonl", "v.2.npy"])
    }

    @Test func aRenameCutShortKeepsTheAlias() async throws {
        let archive = try await TemporaryArchive.holding(0..<5)
        let aliases = #"{"aliases": {"live": "old"}, "moving": {"from": "old", "to": "a"}}"#
        try Data(aliases.utf8).write(to: URL(filePath: archive.root + "/aliases.json"))
        let store = try archive.store()
        #expect(try await store.aliases() == ["live": "a"])
        #expect(try await store.describe("live").collection.name == "a")
    }

    @Test func anAliasOfWhatIsGoneDoesNotComeBack() async throws {
        let archive = try await TemporaryArchive.holding(0..<5)
        let aliases = #"{"aliases": {"live": "gone"}}"#
        try Data(aliases.utf8).write(to: URL(filePath: archive.root + "/aliases.json"))
        let store = try archive.store()
        try await store.create(Sample.plain("gone"))
        #expect(try await store.aliases() == [:])
    }
}
