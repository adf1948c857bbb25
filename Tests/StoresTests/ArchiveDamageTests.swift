import Foundation
import Model
import Stores
import TestSupport
import Testing

@Suite struct ArchiveDamageTests {
    struct Damage: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var code = StoreError.Code.malformed
        var words: [String]
        var change: @Sendable (TemporaryArchive) throws -> Void
    }

    static let seenAtOnce = [
        Damage(testDescription: "the manifest is no JSON", words: ["collection.json", "not JSON"]) {
            try $0.change("collection.json") { $0.removeLast(20) }
        },
        Damage(testDescription: "the manifest is another file's", words: ["collection.json"]) {
            try $0.change("collection.json") { $0 = Data("{}".utf8) }
        },
        Damage(testDescription: "a newer format", code: .unsupported, words: ["version 7"]) {
            try $0.replace(#""version": 1"#, #""version": 7"#)
        },
        Damage(testDescription: "a shape that is none", words: ["vectors[0].element"]) {
            try $0.replace(#""element": "float32""#, #""element": "float99""#)
        },
        Damage(testDescription: "rows and files disagree", words: ["records"]) {
            try $0.replace(#""rows": 100"#, #""rows": 90"#)
        },
        Damage(testDescription: "sizes and rows disagree", words: ["files.v.npy"]) {
            try $0.replace(#""bytes": 800"#, #""bytes": 792"#)
        },
        Damage(testDescription: "a checksum is missing", words: ["sha256.v.npy"]) {
            try $0.change("collection.json") { data in
                let text = String(decoding: data, as: UTF8.self)
                data = Data(text.replacing(#/"v.npy": \["[0-9a-f]+"\]/#, with: #""v.npy": []"#).utf8)
            }
        },
        Damage(testDescription: "lines are missing", words: ["rows.jsonl", "missing"]) {
            try FileManager.default.removeItem(at: $0.url("rows.jsonl"))
        },
        Damage(testDescription: "the row index is missing", words: ["rows.idx", "missing"]) {
            try FileManager.default.removeItem(at: $0.url("rows.idx"))
        },
        Damage(testDescription: "vectors are missing", words: ["v.npy", "missing"]) {
            try FileManager.default.removeItem(at: $0.url("v.npy"))
        },
        Damage(testDescription: "vectors are cut off", words: ["v.npy", "has 920 bytes", "928"]) {
            try $0.change("v.npy") { $0.removeLast(8) }
        },
        Damage(testDescription: "lines are cut off", words: ["rows.jsonl", "bytes"]) {
            try $0.change("rows.jsonl") { $0.removeLast() }
        },
        Damage(testDescription: "vectors of another type", words: ["v.npy", "<f4"]) {
            try $0.change("v.npy") { $0.replaceSubrange(20..<24, with: Data("'<i4".utf8)) }
        },
        Damage(testDescription: "vectors of another dimension", words: ["v.npy", "2 numbers"]) {
            try $0.change("v.npy") { data in
                let at = try #require(data.firstRange(of: Data("100, 2".utf8)))
                data.replaceSubrange(at, with: Data("100, 4".utf8))
            }
        },
        Damage(testDescription: "fewer vectors", words: ["v.npy", "has 50 rows", "100"]) {
            try $0.change("v.npy") { data in
                let at = try #require(data.firstRange(of: Data("100, 2), }  ".utf8)))
                data.replaceSubrange(at, with: Data("50, 2), }   ".utf8))
            }
        },
    ]

    @Test(arguments: seenAtOnce) func isSeenWhenDescribed(_ damage: Damage) async throws {
        let archive = try await TemporaryArchive.holding(0..<100)
        try damage.change(archive)
        let store = try archive.store()
        let error = await #expect(throws: StoreError.self) { try await store.describe("a") }
        #expect(error?.code == damage.code)
        for words in damage.words { #expect(error?.message.contains(words) == true, "\(error?.message ?? "")") }
        #expect(error?.help != nil)
        await refuses(damage.code) { _ = try await store.read("a", at: nil) }
        await refuses(damage.code) { try await store.write(Sample.records(0..<1), to: "a", .first) }
        try await store.drop("a", being: nil)
        #expect(try await store.collections() == [])
    }

    @Test(arguments: ["v.npy", "rows.jsonl"]) func aChangedByteIsSeenWhenRead(_ name: String) async throws {
        let archive = try await TemporaryArchive.holding(0..<100)
        try archive.change(name) { $0[$0.count - 20] ^= 1 }
        let store = try archive.store()
        _ = try await store.describe("a")
        let error = await #expect(throws: StoreError.self) { try await store.everything(in: "a") }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains(name) == true && error?.message.contains("block 0") == true)
        #expect(error?.help?.contains("verify=no") == true)
        let other = try archive.store(isVerifying: false)
        if name == "v.npy" { #expect(try await other.everything(in: "a").count == 100) }
        if name == "rows.jsonl" { await refuses(.malformed) { try await store.delete([.integer(1)], from: "a") } }
    }

    @Test func onlyTheDamagedBlockIsLost() async throws {
        let archive = TemporaryArchive()
        let store = try archive.store()
        try await store.create(Sample.plain("a", dimension: 1024))
        try await store.write(Sample.wide(0..<5_000), to: "a", .first)
        await store.close()
        try archive.change("v.npy") { $0[128 + 9 << 20] ^= 1 }
        let reading = try await archive.store().read("a", at: nil)
        let first = try #require(try await reading.page(Scan()))
        #expect(first.batch == Sample.wide(0..<first.batch.count))
        let slices = try await reading.slices(atMost: 10)
        await refuses(.malformed) { _ = try await reading.page(Scan(slice: slices[5])) }
        let last = try #require(try await reading.page(Scan(slice: slices[9])))
        #expect(last.batch == Sample.wide(4_500..<4_500 + last.batch.count))
    }

    @Test func aLineThatIsNoRecordIsNamed() async throws {
        let archive = try await TemporaryArchive.holding(0..<100)
        try archive.replace(#"{"key":41"#, #"{"kex":41"#, in: "rows.jsonl")
        let store = try archive.store(isVerifying: false)
        let error = await #expect(throws: StoreError.self) { try await store.everything(in: "a") }
        #expect(error?.code == .malformed && error?.message.contains("line 42") == true)
    }

    @Test(arguments: ["", "7", "x:y", "-1:0", "3:0", "3:1", "0:5", "100:9999999", "101:0", "99999999999:5"])
    func aForeignPlaceIsRefused(_ token: String) async throws {
        let archive = try await TemporaryArchive.holding(0..<100)
        let reading = try await archive.store().read("a", at: nil)
        await refuses(.malformed) { _ = try await reading.page(Scan(slice: Slice(after: Cursor(token)))) }
    }

    @Test func brokenAliasesAreNamed() async throws {
        let archive = try await TemporaryArchive.holding(0..<3)
        try Data("{".utf8).write(to: URL(filePath: archive.root + "/aliases.json"))
        let store = try archive.store()
        let error = await #expect(throws: StoreError.self) { try await store.describe("other") }
        #expect(error?.code == .malformed && error?.message.contains("aliases.json") == true)
    }
}

extension Sample {
    /// Records of `plain(dimension: 1024)`, which fill blocks soon.
    static func wide(_ keys: Range<Int>) -> Batch {
        var vectors: [UInt8] = []
        for key in keys {
            vectors.append(littleEndian: Float(key).bitPattern)
            vectors += [UInt8](repeating: UInt8(truncatingIfNeeded: key) & 0x3F, count: 1023 * 4)
        }
        return Batch(
            keys: keys.map { .integer(Int64($0)) }, vectors: [Column(.dense(vectors))],
            fields: [Column(.integers(keys.map { Int64($0) }))])
    }
}
