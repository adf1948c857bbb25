import Foundation
import JSON
import Model
import TestSupport
import Testing

@testable import Stores

@Suite struct ArchiveFormatTests {
    private func every() async throws -> TemporaryArchive {
        let archive = TemporaryArchive()
        let store = try archive.store()
        let shape = Sample.everyType("a")
        try await store.create(shape)
        try await store.write(Sample.batch(Sample.lines, of: shape), to: "a", .first)
        await store.close()
        return archive
    }

    @Test func numpyReadsTheVectors() async throws {
        let script = """
            import numpy, sys
            v = lambda name: numpy.load(f"{sys.argv[1]}/a/{name}.npy", mmap_mode="r")
            for name in ["v_float32", "v_float16", "v_bfloat16", "v_int8", "v_uint8", "v_binary"]:
                print(name, v(name).dtype.str, v(name).shape, v(name)[0].tolist())
            print(numpy.unpackbits(v("v_binary")[0])[:8].tolist())
            """
        let archive = try await every()
        guard let answer = try PackageScript(script, needs: ["numpy"]).run(archive.root) else { return }
        #expect(
            answer == """
                v_float32 <f4 (8, 8) [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.5]
                v_float16 <f2 (8, 8) [1.0, 0.5, -2.0, 65504.0, 0.0, 0.0, 0.0, 5.960464477539063e-08]
                v_bfloat16 <u2 (8, 8) [16256, 16384, 16448, 0, 0, 0, 0, 49024]
                v_int8 |i1 (8, 8) [-128, 127, 0, 1, 2, 3, 4, 5]
                v_uint8 |u1 (8, 8) [0, 255, 1, 2, 3, 4, 5, 6]
                v_binary |u1 (8, 1) [177]
                [1, 0, 1, 1, 0, 0, 0, 1]

                """)
    }

    @Test func linesAreRecordsThatPeopleCanRead() async throws {
        let archive = try await every()
        let lines = try archive.text("rows.jsonl").split(separator: "\n")
        #expect(lines.count == Sample.lines.count)
        #expect(lines[0].contains(#""big":18446744073709551615"#) && lines[0].contains("9007199254740993"))
        #expect(lines[0].contains(#""v_sparse":{"indices":[0,7,4294967295],"values":[0.25,-1,3]}"#))
        #expect(lines[1].hasPrefix(#"{"absent":["v_float32","v_float16","#))
        #expect(lines[2].hasPrefix(#"{"null":["v_float32"],"absent":["v_float16","#))
        for line in lines { _ = try JSONValue(String(line)) }
    }

    @Test func theManifestHoldsIndexesOfAnyEngine() async throws {
        let archive = TemporaryArchive()
        var shape = Sample.plain("a")
        shape.indexes = [
            Index(name: "i", field: "v", type: "diskann", metric: .l2, params: ["x": .double(1), "y": [1, "z"]])
        ]
        shape.native = ["shards": 2, "ratio": .double(0.5)]
        let store = try archive.store()
        let fit = store.fit(shape, into: nil).collection
        let identity = try await store.create(shape)
        #expect(try await store.create(fit) == identity)
        #expect(try await archive.store().describe("a").collection == fit)
        #expect(fit.indexes[0].type == "diskann" && fit.indexes[0].params["x"]?.double == 1)
    }

    @Test func jsonOverSeveralLinesBecomesOne() async throws {
        let archive = TemporaryArchive()
        var shape = Sample.plain("a")
        shape.fields = [Field(name: "j", type: .json)]
        let store = try archive.store()
        try await store.create(shape)
        var batch = Sample.records(0..<2)
        batch.fields = [Column(.bytes(ragged(["{\n\"a\":\n\"\\n\"}", "[1,\n2]"])))]
        try await store.write(batch, to: "a", .first)
        try await store.settle("a")
        #expect(try archive.text("rows.jsonl").split(separator: "\n").count == 2)
        let back = try await store.everything(in: "a")
        #expect(back.fields == [Column(.bytes(ragged([#"{ "a": "\n"}"#, "[1, 2]"])))])
    }

    @Test func whatCouldNotBeReadAgainIsRefused() async throws {
        let archive = TemporaryArchive()
        var shape = Sample.plain("a")
        shape.fields = [Field(name: "j", type: .json)]
        shape.isOpen = true
        let store = try archive.store()
        try await store.create(shape)
        for (json, rest) in [
            ("{", "{}"), ("1 2", "{}"), ("1", "{"), ("1", "12"), ("1", #"{"j":1}"#), ("1", #"{"x":1,"x":2}"#),
            ("\"\u{1}\"", "{}"),
        ] {
            let batch = records(json, rest)
            let error = await #expect(throws: StoreError.self) {
                try await store.write(batch, to: "a", .first)
            }
            #expect(error?.code == .rejected)
            #expect(error?.rows == [1], "\(json) \(rest)")
        }
        #expect(try await store.everything(in: "a").count == 0)
    }

    private func records(_ json: String, _ rest: String) -> Batch {
        var batch = Sample.records(0..<3)
        batch.fields = [Column(.bytes(ragged(["1", json, "1"])))]
        batch.rest = Column(.bytes(ragged(["{}", rest, "{}"])))
        return batch
    }

    @Test func partitionsComeBack() async throws {
        let archive = TemporaryArchive()
        let store = try archive.store()
        try await store.create(Sample.plain("a"))
        for (index, name) in [nil, "p1", "p\"2", nil].enumerated() {
            var batch = Sample.records(index * 10..<index * 10 + 10)
            batch.partition = name
            try await store.write(batch, to: "a", .first)
        }
        let reading = try await store.read("a", at: nil)
        var pages: [(String?, Int)] = []
        for try await page in FilteredPages(reading, nil) { pages.append((page.batch.partition, page.batch.count)) }
        #expect(pages.map(\.0) == [nil, "p1", "p\"2", nil])
        #expect(pages.map(\.1) == [10, 10, 10, 10])
        #expect(try await reading.fetch([.integer(11), .integer(12)], .all).partition == "p1")
    }

    private func ragged(_ rows: [String]) -> Ragged<UInt8> {
        var ragged = Ragged<UInt8>()
        for row in rows { ragged.append(row.utf8) }
        return ragged
    }

    @Test func vectorsOfAnyNameHaveFilesOfTheirOwn() async throws {
        let archive = TemporaryArchive()
        let names = ["v", "V", "", "a/b", "..", "é", "e\u{301}", "%", "rows", String(repeating: "Ü", count: 200)]
        var shape = Sample.plain("a")
        shape.vectors = names.map { VectorField(name: $0, element: .uint8, dimension: 1) }
        let store = try archive.store()
        try await store.create(shape)
        let batch = Batch(
            keys: [.integer(1)], vectors: names.indices.map { Column(.dense([UInt8($0)])) },
            fields: [Column(.integers([1]))])
        try await store.write(batch, to: "a", .first)
        #expect(try await store.everything(in: "a") == batch)
        #expect(Set(try archive.names().map { $0.lowercased() }).count == names.count + 3)
        shape.name = "b"
        shape.vectors[1].name = "v"
        await refuses(.rejected) { [shape] in try await store.create(shape) }
    }

    @Test func collectionsOfAnyNameHaveFoldersOfTheirOwn() async throws {
        let archive = TemporaryArchive()
        let names = [
            "", ".", "..", "a/b", "A", "a", "é", "e\u{301}", "%41", "aliases.json", String(repeating: "文", count: 300),
        ]
        let store = try archive.store()
        for name in names { try await store.create(Sample.plain(name)) }
        let other = try archive.store()
        #expect(try await other.collections() == names.sorted { Text($0) < Text($1) })
        for name in names { #expect(Text(try await other.describe(name).collection.name) == Text(name)) }
        let folders = try FileManager.default.contentsOfDirectory(atPath: archive.root).map { $0.lowercased() }
        #expect(Set(folders).count == names.count + 1)
        try await store.rename("a", to: String(repeating: "A", count: 300))
        #expect(try await other.collections().count == names.count)
        #expect(try await other.describe(String(repeating: "A", count: 300)).collection.dense.count == 1)
    }

    @Test func aFolderThatAPersonRenamedIsCalledAsTheFolder() async throws {
        let archive = try await TemporaryArchive.holding(0..<3)
        try FileManager.default.moveItem(atPath: archive.root + "/a", toPath: archive.root + "/b")
        #expect(try await archive.store().collections() == ["b"])
        #expect(try await archive.store().everything(in: "b").count == 3)
    }
}

@Suite struct ArchivePartsTests {
    @Test func headersAreReadAsTheyWereWritten() {
        for rows in [0, 1, 999, Int.max] {
            let header = NpyHeader(VectorField(name: "v", dimension: 32_768), rows: rows)
            #expect(header.bytes.count == NpyHeader.size && header.rows(in: header.bytes) == rows)
            #expect(NpyHeader(VectorField(name: "v", dimension: 2), rows: 0).rows(in: header.bytes) == nil)
            #expect(header.rows(in: Array(header.bytes.dropLast())) == nil)
        }
    }

    @Test func rangesGrowTogether() {
        var ranges = RowRanges()
        ranges.insert([5, 3, 4, 9])
        ranges.insert([6, 0, 9])
        #expect(ranges.ranges == [0..<1, 3..<7, 9..<10] && ranges.count == 6)
        var gaps: [Range<Int>] = []
        var gap = ranges.gap(from: 0, before: 12)
        while !gap.isEmpty {
            gaps.append(gap)
            gap = ranges.gap(from: gap.upperBound, before: 12)
        }
        #expect(gaps == [1..<3, 7..<9, 10..<12])
        #expect(ranges.gap(from: 4, before: 6).isEmpty && ranges.gap(from: 12, before: 12).isEmpty)
        #expect(RowRanges([0..<2, 2..<3]) == nil && RowRanges([3..<4, 0..<1]) == nil)
    }

    /// Against a dictionary, with keys that come and go and move.
    @Test func keysAreFoundWhereTheyWerePut() throws {
        var keys = ArchiveKeys()
        var model: [Key: ArchivePlace] = [:]
        for step in 0..<20_000 {
            let key = Key.integer(Int64.random(in: 0..<3_000))
            let found = try keys.place(of: key) { model[key] == $0 }
            #expect(found == model[key])
            if let found, Bool.random() {
                keys.remove(key, at: found)
                model[key] = nil
            } else {
                let place = ArchivePlace(row: step, offset: step << 25)
                keys.set(key, place, replacing: found)
                model[key] = place
            }
        }
        for (key, place) in model {
            let found = try keys.place(of: key) { $0 == place }
            #expect(found == place)
        }
    }
}
