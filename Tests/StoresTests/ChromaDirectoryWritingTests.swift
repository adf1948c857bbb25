import Foundation
import JSON
import Model
import Stores
import TestSupport
import Testing

/// What is written into a folder of Chroma 1.5 is there, for us and for that Chroma.
@Suite struct ChromaDirectoryWritingTests {
    private static let shape = Collection(
        name: "written", key: KeyField(type: .text(maxLength: nil)),
        vectors: [VectorField(name: "embedding", dimension: 2, metric: .ip)],
        fields: ["document", "uri"].map { Field(name: $0, type: .text(maxLength: nil)) }, isOpen: true)

    @Test(arguments: ["0.4.24", "0.6.3", "1.5.9"]) func whatIsCopiedIsEqual(_ version: String) async throws {
        let (old, new) = (try ChromaFolder(version), try ChromaFolder("1.5.9"))
        defer { withExtendedLifetime((old, new)) {} }
        let (source, target) = (old.store(), new.store())
        for name in ["small_l2", "large.cosine", "taken_names"] {
            var wanted = try await source.describe(name).collection
            wanted.name = "copy-of-\(name)"
            let fit = target.fit(wanted, into: nil)
            #expect(fit.verdicts.allSatisfy { $0.grade == .exact || $0.grade == .converted }, "\(fit.verdicts)")
            let identity = try await target.create(fit.collection)
            #expect(try await target.create(fit.collection) == identity)
            let all = try await source.everything(in: name)
            try await target.write(all.rows(Array(0..<all.count / 2)), to: wanted.name, .first)
            try await target.write(all.rows(Array(all.count / 3..<all.count)), to: wanted.name, .first)
            let again = try await target.everything(in: wanted.name)
            #expect(again.lines(of: wanted).map(Self.sorted) == all.lines(of: wanted).map(Self.sorted))
            #expect(try await target.describe(wanted.name).collection.vectors == wanted.vectors)
        }
        try await Self.chromaAgrees(new, with: target)
    }

    private static func sorted(_ line: String) -> String { (try? JSONValue(line))?.sorted.text ?? line }

    @Test func aRecordIsReplacedWholeAndMayGo() async throws {
        let folder = try ChromaFolder("1.5.9")
        defer { withExtendedLifetime(folder) {} }
        let store = folder.store()
        try await store.create(Self.shape)
        let lines = [
            #"{"key":"a","vectors":{"embedding":[1,2]},"fields":{"document":"d","n":1,"list":["x"]}}"#,
            ##"{"key":"b","vectors":{"embedding":[3,4]},"fields":{"#document":"mine","ratio":2.0}}"##,
            #"{"key":"a","vectors":{"embedding":[5,6]},"fields":{"uri":"u"}}"#,
        ]
        try await store.write(Sample.batch(lines, of: Self.shape), to: "written", .first)
        #expect(try await store.everything(in: "written").lines(of: Self.shape) == [lines[2], lines[1]])
        #expect(try await store.delete([.text("b"), .text("none")], from: "written") == 1)
        try await store.write(Sample.batch([lines[0]], of: Self.shape), to: "written", .again)
        #expect(try await store.everything(in: "written").lines(of: Self.shape) == [lines[0]].map { $0 })
        try await Self.chromaAgrees(folder, with: store)
        let identity = try await store.describe("written").identity
        await refuses(.conflict) { try await store.drop("written", being: Identity("another")) }
        try await store.drop("large.l2", being: nil)
        try await store.drop("written", being: identity)
        #expect(try await !store.collections().contains("written"))
        try await Self.chromaAgrees(folder, with: store)
    }

    /// The contract of every store, in a folder whose collections were all dropped.
    @Test(arguments: Conformance.all) func conforms(_ rule: Conformance) async throws {
        let folder = try ChromaFolder("1.5.9")
        defer { withExtendedLifetime(folder) {} }
        let store = folder.store()
        for name in try await store.collections() { try await store.drop(name, being: nil) }
        try await Sample.$limits.withValue(ChromaPlaces.limits(.chroma15)) {
            try await rule.check(PrefixedStore(store, "c0_"))
        }
        await store.close()
    }

    @Test func whatChromaHasNoPlaceForIsKeptAsTextAndComesBack() async throws {
        let folder = try ChromaFolder("1.5.9")
        defer { withExtendedLifetime(folder) {} }
        let store = folder.store()
        var shape = Self.shape
        shape.key = KeyField(type: .int64)
        shape.fields.append(Field(name: "page", type: .int64))
        try await store.create(store.fit(shape, into: nil).collection)
        let lines = [
            #"{"key":1,"vectors":{"embedding":[1,2]},"fields":{"page":1,"o":{"a":[1,null]},"n":null,"e":[],"m":[1,"a"]}}"#,
            #"{"key":2,"vectors":{"embedding":[3,4]},"fields":{"document":"d","page":2,"big":18446744073709551615,"chroma:x":1}}"#,
        ]
        let made = try await store.describe("written").collection
        #expect(made.key.type == .int64 && made.fields == shape.fields)
        try await store.write(Sample.batch(lines, of: made), to: "written", .first)
        #expect(
            try await store.everything(in: "written").lines(of: made).map(Self.sorted) == lines.map(Self.sorted))
        // What Chroma has taken up comes from other tables.
        try await Self.chromaTakesUp(folder)
        let again = folder.store()
        #expect(
            try await again.everything(in: "written").lines(of: made).map(Self.sorted) == lines.map(Self.sorted))
        #expect(try await again.delete([.integer(2)], from: "written") == 1)
        #expect(try await again.everything(in: "written").count == 1)
    }

    @Test func aVectorThatChromaCannotKeepIsRefusedAndNothingWritten() async throws {
        let folder = try ChromaFolder("1.5.9")
        defer { withExtendedLifetime(folder) {} }
        let store = folder.store()
        var shape = Self.shape
        shape.vectors[0].metric = .cosine
        try await store.create(shape)
        let lines = ["[1,2]", "[1e-30,0]"].enumerated().map {
            #"{"key":"\#($0)","vectors":{"embedding":\#($1)},"fields":{}}"#
        }
        let batch = try Sample.batch(lines, of: shape)
        do throws(StoreError) {
            try await store.write(batch, to: "written", .first)
            Issue.record("written")
        } catch { #expect(error.message.contains("compared by cosine") && error.rows == [1], "\(error)") }
        #expect(try await store.everything(in: "written").count == 0)
    }

    @Test func whatIsNoFolderOfTodayIsOnlyRead() async throws {
        let folder = try ChromaFolder("1.0.0")
        defer { withExtendedLifetime(folder) {} }
        let (store, before) = (folder.store(), try folder.contents())
        await refuses(.unsupported) { try await store.create(Self.shape) }
        await refuses(.unsupported) { try await store.delete([.text("one")], from: "plain") }
        await refuses(.unsupported) { try await store.drop("plain", being: nil) }
        await refuses(.notFound) { _ = try await store.describe("nope") }
        #expect(try folder.contents() == before)
        let other = try ChromaFolder("1.5.9")
        defer { withExtendedLifetime(other) {} }
        await refuses(.unsupported) { try await other.store().create(Sample.plain("no")) }
    }

    private static let python = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: ".build/chroma-venv/bin/python").path

    /// The newest Chroma opens the folder itself, and makes of the queue what it makes.
    private static func chromaTakesUp(_ folder: ChromaFolder) async throws {
        guard FileManager.default.fileExists(atPath: python) else { return }
        try folder.run(
            """
            import os, sys
            os.environ["ANONYMIZED_TELEMETRY"] = "False"
            import chromadb
            for collection in chromadb.PersistentClient(sys.argv[1]).list_collections():
                collection.get(limit=1)
            """, by: python)
    }

    /// The newest Chroma opens the folder, finds what we find, searches, takes more, and does so again after a restart.
    private static func chromaAgrees(_ folder: ChromaFolder, with store: ChromaDirectoryStore) async throws {
        guard FileManager.default.fileExists(atPath: python) else {
            return print("left out: there is no chromadb in .build/chroma-venv; `scripts/test` installs it")
        }
        var told: [JSONValue.Member] = []
        for name in try await store.collections() where !name.contains("/") {
            let shape = try await store.describe(name).collection
            let all = try await store.everything(in: name)
            told.append(.init(name, .array(all.lines(of: shape).map(JSONValue.string))))
        }
        try JSONValue.object(told).text.write(toFile: folder.place + "/told.json", atomically: true, encoding: .utf8)
        try folder.run(Self.script, by: python)
    }

    private static let script = """
        import json, os, sys
        os.environ["ANONYMIZED_TELEMETRY"] = "False"
        import chromadb
        root = sys.argv[1]
        told = json.load(open(root + "/../told.json"))
        import shutil
        shutil.rmtree(root + "/../chroma", ignore_errors=True)
        shutil.copytree(root, root + "/../chroma")
        client = chromadb.PersistentClient(root + "/../chroma")
        assert sorted(c.name for c in client.list_collections()) == sorted(told), client.list_collections()
        for name, lines in told.items():
            collection = client.get_collection(name)
            records = [json.loads(line) for line in lines]
            assert collection.count() == len(records), (name, collection.count(), len(records))
            if not records:
                continue
            got = collection.get(include=["embeddings", "documents", "metadatas", "uris"])
            place = {id: at for at, id in enumerate(got["ids"])}
            for record in records:
                at, fields = place[record["key"]], record["fields"]
                assert got["documents"][at] == fields.pop("document", None), record
                assert got["uris"][at] == fields.pop("uri", None), record
                metadata = {k.removeprefix("#"): v for k, v in fields.items()}
                assert (got["metadatas"][at] or {}) == metadata, (got["metadatas"][at], metadata)
                vector = record["vectors"]["embedding"]
                if max(map(abs, vector)) < 1e30:
                    assert max(abs(a - b) for a, b in zip(got["embeddings"][at], vector)) < 1e-5, record
            query = records[0]["vectors"]["embedding"]
            found = collection.query(query_embeddings=[query], n_results=1)
            assert len(found["ids"][0]) == 1
            if collection.configuration["hnsw"]["space"] != "ip" and len(records) > 9:
                assert found["ids"][0] == [records[0]["key"]], (name, found)
            if "more" in sys.argv[2:]:
                collection.add(ids=["one more"], embeddings=[query], documents=["more"])
                assert collection.count() == len(records) + 1
        """
}

extension ChromaFolder {
    fileprivate func run(_ script: String, by python: String) throws {
        try Self.run(python, ["-c", script, root, "more"])
    }
}
