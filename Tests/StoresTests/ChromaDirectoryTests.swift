import Foundation
import JSON
import Model
import Stores
import TestSupport
import Testing

/// Folders that real Chromas have written are read as those Chromas read them.
@Suite struct ChromaDirectoryTests {
    static let versions = ["0.4.24", "0.5.23", "0.6.3", "1.0.0", "1.5.9"]

    @Test(arguments: versions) func everyRecordIsWhatItsOwnChromaSays(_ version: String) async throws {
        let folder = try ChromaFolder(version)
        let before = try folder.contents()
        let (store, truth) = (folder.store(), try folder.truth())
        #expect(try await store.collections() == truth.map(\.name).sorted { Text($0) < Text($1) })
        var count = 0
        for collection in truth {
            let shape = try await store.describe(collection.name).collection
            let records = try await store.everything(in: collection.name)
            #expect(shape.vectors.first?.metric ?? collection.space == collection.space)
            #expect(Set(records.keys.map(\.description)) == Set(collection.records.map(\.name)), "\(collection.name)")
            for (name, record) in collection.records.map({ ($0.name, $0.value) }) {
                try compare(record, name, records, shape, isExact: collection.space != .cosine)
            }
            count += records.count
        }
        #expect(count > 400)
        await store.close()
        #expect(try folder.contents() == before)
    }

    private func compare(
        _ truth: JSONValue, _ key: String, _ records: Batch, _ shape: Collection, isExact: Bool
    ) throws {
        let row = try #require(records.keys.firstIndex { $0 == .text(Text(key)) })
        let vector = truth["vector"]?.array?.compactMap { $0.string.flatMap(Double.init).map { Float($0) } } ?? []
        let ours = records.vectors[0].floats(row, shape.vectors[0])
        // Chroma 0.4.24 itself finds no vector where a record was deleted and added again before it was flushed.
        if !vector.isEmpty {
            #expect(ours.count == vector.count)
            let isEqual = zip(ours, vector).allSatisfy {
                isExact ? $0.bitPattern == $1.bitPattern : abs($0 - $1) <= 1e-6
            }
            #expect(isEqual, "\(shape.name) \(key): \(ours) and not \(vector)")
        }
        #expect(records.fields[0].text(row) == truth["document"]?.string, "\(shape.name) \(key)")
        #expect(records.fields[1].text(row) == truth["uri"]?.string, "\(shape.name) \(key)")
        let rest = records.rest?.text(row)
        let metadata =
            try rest.map {
                try JSONValue(
                    $0.replacing("\"#document\"", with: "\"document\"").replacing("\"#uri\"", with: "\"uri\""))
            } ?? .object([])
        #expect(metadata.sorted == truth["metadata"]?.sorted, "\(shape.name) \(key)")
    }

    @Test(arguments: versions) func whatTheIndexAloneHoldsIsReadFromIt(_ version: String) async throws {
        let folder = try ChromaFolder(version)
        let all = try await folder.store().everything(in: "large.l2")
        try folder.run(
            """
            import sqlite3, sys
            db = sqlite3.connect(sys.argv[1] + "/chroma.sqlite3")
            db.execute("DELETE FROM embeddings_queue")
            db.commit()
            """)
        let store = folder.store()
        let left = try await store.everything(in: "large.l2")
        #expect(left.keys == all.keys)
        let marks = left.keys.indices.map { left.vectors[0].mark($0) }
        let lost = marks.count { $0 == .absent }
        #expect(lost > 0 && lost < 60, "\(lost)")
        let field = try await store.describe("large.l2").collection.vectors[0]
        #expect(field.isNullable)
        // What was changed after the last flush is the older vector now; most were not.
        let equal = left.keys.indices.count {
            marks[$0] == .value && left.vectors[0].floats($0, field) == all.vectors[0].floats($0, field)
        }
        #expect(equal > 40, "\(equal)")
        let losses = try await store.describe("large.l2").losses
        #expect(losses.first?.detail.hasPrefix("\(lost) of \(all.count) are lost: ") == true, "\(losses)")
    }

    @Test(arguments: versions) func slicesPagesAndKeysAgree(_ version: String) async throws {
        let folder = try ChromaFolder(version)
        defer { withExtendedLifetime(folder) {} }
        let store = folder.store()
        let reading = try await store.read("large.cosine", at: nil)
        let shape = reading.description.collection
        let all = try await store.everything(in: "large.cosine")
        for (count, budget) in [(1, Budget(records: 7)), (3, Budget(bytes: 1)), (200, Budget())] {
            var lines: [String] = []
            for slice in try await reading.slices(atMost: count) {
                var scan = Scan(slice: slice, budget: budget)
                while let page = try await reading.page(scan) {
                    #expect(budget.bytes > 1 || page.batch.count == 1)
                    #expect(try await reading.page(scan) == page)
                    lines += page.batch.lines(of: shape)
                    scan.slice.after = page.end
                }
            }
            #expect(lines.sorted() == all.lines(of: shape).sorted())
        }
        let keys = Array(all.keys.shuffled().prefix(20)) + [.text("not there"), .integer(4)]
        let found = try await reading.fetch(keys, .all)
        #expect(Set(found.keys) == Set(keys.prefix(20)))
        let rows = all.rows(found.keys.compactMap { all.keys.firstIndex(of: $0) })
        #expect(found.lines(of: shape) == rows.lines(of: shape))
        let few = try await store.everything(
            in: "large.cosine", wanted: Projection(vectors: [], fields: ["uri"], rest: false))
        #expect(few.vectors.isEmpty && few.fields.count == 1 && few.rest == nil)
        #expect(few.fields[0] == all.fields[1])
        let bare = try await store.everything(in: "large.cosine", wanted: .keys)
        #expect(bare.keys == all.keys)
        await reading.close()
    }

    @Test func aSearchIsThatOfItsVectors() async throws {
        let folder = try ChromaFolder("1.5.9")
        defer { withExtendedLifetime(folder) {} }
        let store = folder.store()
        let record = try await store.everything(in: "plain")
        let search = try #require(store.search)
        let hits = try await search.nearest(
            record.vectors[0], count: 1, field: "embedding", in: "plain", metric: nil, where: nil, limit: 1)
        #expect(hits[0].map(\.key) == [.text("one")])
    }

    @Test func oneDatabaseAloneHasShortNames() async throws {
        let folder = try ChromaFolder("0.6.3")
        let endpoint = try #require(Endpoint("chroma-dir://\(folder.root)"))
        let options = ["tenant": "tenant2", "database": "base2"]
        let store = try await ChromaDirectory.kind.open(endpoint, options)
        #expect(try await store.collections() == ["elsewhere"])
        #expect(try await store.everything(in: "elsewhere").fields[0].text(0) == "base2")
        await refuses(.rejected) { _ = try await ChromaDirectory.kind.open(endpoint, ["infinite": "maybe"]) }
    }

    @Test func whatTheQueueStillAsksOfMetadataIsDone() async throws {
        let folder = try ChromaFolder("1.0.0")
        try folder.run(
            """
            import sqlite3, struct, sys
            db = sqlite3.connect(sys.argv[1] + "/chroma.sqlite3")
            (id,) = db.execute("SELECT id FROM collections WHERE name = 'plain'").fetchone()
            (last,) = db.execute("SELECT max(seq_id) FROM embeddings_queue").fetchone()
            def ask(operation, key, vector, metadata):
                global last
                last += 1
                db.execute("INSERT INTO embeddings_queue (seq_id, operation, topic, id, vector, encoding, metadata)"
                    " VALUES (?, ?, ?, ?, ?, 'FLOAT32', ?)",
                    (last, operation, "persistent://default/default/" + id, key,
                     vector and struct.pack("2f", *vector), metadata))
            ask(0, "new", [1, 2], '{"a":1.0,"b":"x","chroma:document":"d"}')
            ask(0, "new", [9, 9], '{"a":2}')
            ask(1, "new", None, '{"b":null,"c":[1,2],"chroma:uri":"u"}')
            ask(1, "one", None, '{"chroma:document":"changed"}')
            ask(3, "two", None, None)
            ask(2, "two", [5, 6], '{"fresh":true}')
            ask(2, "gone", [5, 6], '{}')
            ask(3, "gone", None, None)
            ask(1, "nowhere", [5, 6], '{}')
            db.commit()
            """)
        let store = folder.store()
        let shape = try await store.describe("plain").collection
        #expect(
            try await store.everything(in: "plain").lines(of: shape) == [
                #"{"key":"new","vectors":{"embedding":[1,2]},"fields":{"document":"d","uri":"u","a":1.0,"c":[1,2]}}"#,
                #"{"key":"one","vectors":{"embedding":[0,-0.0]},"fields":{"document":"changed"}}"#,
                #"{"key":"two","vectors":{"embedding":[5,6]},"fields":{"fresh":true}}"#,
            ])
        let reading = try await store.read("plain", at: nil)
        let found = try await reading.fetch([.text("two"), .text("new"), .text("gone")], .keys)
        #expect(Set(found.keys) == [.text("new"), .text("two")])
        await reading.close()
    }
}

/// A folder that a Chroma of this version has written, unpacked where it may be damaged.
final class ChromaFolder: Sendable {
    let place: String
    var root: String { place + "/data" }

    init(_ version: String) throws {
        place = FileManager.default.temporaryDirectory.path + "/chroma-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let archive = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/chroma/\(version).tar.gz").path
        try Self.run("/bin/tar", ["-xzf", archive, "-C", place])
    }

    deinit { try? FileManager.default.removeItem(atPath: place) }

    func store() -> ChromaDirectoryStore { ChromaDirectoryStore(at: root) }

    struct Truth {
        var name: String
        var space: Metric
        var records: [JSONValue.Member]
    }

    func truth() throws -> [Truth] {
        let text = try Data(contentsOf: URL(filePath: place + "/truth.json"))
        return try (JSONValue(Array(text))["collections"]?.members ?? []).map { collection in
            Truth(
                name: collection.name,
                space: try #require(collection.value["space"]?.string.flatMap(Metric.init(rawValue:))),
                records: collection.value["records"]?.members ?? [])
        }
    }

    /// Everything in it, by path.
    func contents() throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for case let path as String in FileManager.default.enumerator(atPath: root) ?? .init() {
            contents[path] = FileManager.default.contents(atPath: "\(root)/\(path)") ?? Data()
        }
        return contents
    }

    /// The folder of an index that has been written.
    func index() throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: root).sorted()
        let found = names.first { FileManager.default.fileExists(atPath: "\(root)/\($0)/index_metadata.pickle") }
        return "\(root)/\(try #require(found))"
    }

    /// Python with the folder as its argument.
    func run(_ script: String) throws { try Self.run("/usr/bin/env", ["python3", "-c", script, root]) }

    static func run(_ program: String, _ arguments: [String]) throws {
        let run = try FinishedProgram([program] + arguments)
        try #require(run.exit == 0, "\(program) \(arguments): \(run.errors)")
    }
}

extension Column {
    func text(_ row: Int) -> String? {
        guard mark(row) == .value, case .bytes(let rows) = values else { return nil }
        return String(decoding: rows[row], as: UTF8.self)
    }

    func floats(_ row: Int, _ field: VectorField) -> [Float] {
        guard case .dense(let bytes) = values else { return [] }
        return bytes.withUnsafeBytes { bytes in
            (0..<(field.dimension ?? 0)).map {
                field.element.float(UnsafeRawBufferPointer(rebasing: bytes[(row * field.stride)...]), at: $0)
            }
        }
    }
}
