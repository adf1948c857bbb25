import Foundation
import Model
import TestSupport
import Testing

@testable import Stores

/// A program that ends in the middle of a swap.
@Suite struct ArchiveSwapTests {
    /// What is on disk after each step of promoting `a_staging` over `a`, with `a_previous` there already.
    @Test(arguments: 0...4)
    func theNextChangeFinishesASwap(_ steps: Int) async throws {
        let archive = try await TemporaryArchive.holding(0..<10)
        let store = try archive.store()
        var identities = [try await store.describe("a").identity]
        for (name, keys) in [("a_staging", 0..<20), ("a_previous", 0..<5)] {
            identities.append(try await store.create(Sample.plain(name)))
            try await store.write(Sample.records(keys), to: name, .first)
        }
        await store.close()
        let names = [identities[0]: "a_previous", identities[1]: "a", identities[2]: "a_previous_2"]
        try ArchiveSwap(names).begin(in: archive.root)
        try end(after: steps, in: archive.root)
        let between = try await archive.store().everything(in: "a").count
        #expect(between == (steps < 2 ? 10 : 20))
        let next = try archive.store()
        try await next.create(Sample.plain("other"))
        #expect(try await next.generations?.list("a").map(\.identity) == [identities[1], identities[0], identities[2]])
        #expect(try await next.everything(in: "a").count == 20)
        #expect(try await next.everything(in: "a_previous").count == 10)
        #expect(try await next.everything(in: "a_previous_2").count == 5)
        #expect(try await next.collections() == ["a", "a_previous", "a_previous_2", "other"])
        #expect(!FileManager.default.fileExists(atPath: archive.root + "/swap.json"))
        await next.close()
    }

    /// The steps in the order in which a swap takes them.
    private func end(after steps: Int, in root: String) throws {
        func move(_ one: String, _ other: String) throws {
            try FileManager.default.moveItem(atPath: "\(root)/\(one)", toPath: "\(root)/\(other)")
        }
        if steps >= 1 { try move("a_previous", "a_previous_2") }
        if steps >= 2 {
            try move("a", "between")
            try move("a_staging", "a")
            try move("between", "a_staging")
        }
        if steps >= 3 { try move("a_staging", "a_previous") }
        if steps >= 4 {
            let path = "\(root)/a/collection.json"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            try text.replacing(#""name": "a_staging""#, with: #""name": "a""#)
                .write(toFile: path, atomically: true, encoding: .utf8)
        }
    }

    @Test func aFolderThatWasBetweenTwoNamesIsFound() async throws {
        let archive = try await TemporaryArchive.holding(0..<10)
        let store = try archive.store()
        let old = try await store.describe("a").identity
        let new = try await store.create(Sample.plain("a_staging"))
        await store.close()
        try ArchiveSwap([old: "a_previous", new: "a"]).begin(in: archive.root)
        try FileManager.default.moveItem(
            atPath: "\(archive.root)/a", toPath: "\(archive.root)/\(ArchiveSwap.moving)1")
        let next = try archive.store()
        try await next.create(Sample.plain("other"))
        #expect(try await next.generations?.list("a").map(\.identity) == [new, old])
        #expect(try await next.everything(in: "a_previous").count == 10)
        await next.close()
    }

    @Test func namesThatAreCutFollow() async throws {
        let name = String(repeating: "long", count: 80)
        let archive = TemporaryArchive()
        let store = try archive.store()
        let old = try await store.create(Sample.plain(name))
        let new = try await store.create(Sample.plain(GenerationName.staging(name)))
        try await store.generations?.swap(
            [Move(name: name, from: old, to: new, keepingOldAs: GenerationName.previous(name))])
        #expect(try await store.collections() == [name, GenerationName.previous(name)])
        #expect(try await store.describe(name).identity == new)
        await store.close()
    }
}
