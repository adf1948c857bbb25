import Foundation
import JSON
import Model
import TestSupport
import Testing

@testable import Stores

/// What is Chroma's own.
@Suite struct ChromaServerFeatureTests {
    // MARK: Chroma's own client

    private static let client = """
        import chromadb, json, sys
        client = chromadb.HttpClient(host="127.0.0.1", port=int(sys.argv[1]), database=sys.argv[2])

        """

    @Test(.needs(.chroma15)) func chromasClientReadsWhatIsWritten() async throws {
        let (service, store, database) = try await place()
        var shape = Sample.plain("docs", dimension: 3, metric: .cosine)
        shape.key.type = .text(maxLength: nil)
        shape.vectors[0].name = "embedding"
        shape.fields = []
        shape.isOpen = true
        let made = store.fit(shape, into: nil).collection
        try await store.create(made)
        let lines = [
            #"{"key":"ü/1","vectors":{"embedding":[2,0,0]},"fields":{"document":"Größe","uri":"file:///a","n":1,"x":1.0,"t":true,"tags":["a","b"]}}"#,
            #"{"key":"b","vectors":{"embedding":[0,4,0]},"fields":{"gone":null,"deep":{"a":[1]}}}"#,
        ]
        try await store.write(Sample.batch(lines, of: made), to: "docs", .first)
        let said = try await service.python(
            Self.client + """
                got = client.get_collection("docs", embedding_function=None)
                all = got.get(include=["embeddings", "documents", "metadatas", "uris"])
                print(json.dumps([all["ids"], [list(map(float, v)) for v in all["embeddings"]], all["documents"],
                    all["uris"], all["metadatas"]], ensure_ascii=False, sort_keys=True))
                print(got.query(query_embeddings=[[0, 1, 0]], n_results=1)["ids"], got.configuration["hnsw"]["space"])
                """, [database])
        #expect(
            said.split(separator: "\n").map(String.init) == [
                #"[["ü/1", "b"], [[2.0, 0.0, 0.0], [0.0, 4.0, 0.0]], ["Größe", null], ["file:///a", null], "#
                    + #"[{"n": 1, "t": true, "tags": ["a", "b"], "x": 1.0}, "#
                    + #"{"vecsh:json": "{\"gone\":null,\"deep\":{\"a\":[1]}}"}]]"#,
                "[['b']] cosine",
            ])
        await store.close()
    }

    @Test(.needs(.chroma15)) func whatChromasClientWroteIsRead() async throws {
        let (service, store, database) = try await place()
        let said = try await service.python(
            Self.client + """
                docs = client.create_collection("docs", metadata={"owner": "ö", "v": 2}, embedding_function=None,
                    configuration={"hnsw": {"space": "ip", "max_neighbors": 24}})
                docs.add(ids=["a", "b"], embeddings=[[1, 2.5], [0.1, -3]], documents=["one", None],
                    metadatas=[{"n": 9007199254740993, "x": 1.0, "document": "name", "uri": "u", "l": [1, 2]}, None])
                client.create_collection("empty", embedding_function=None)
                print(docs.id)
                """, [database])
        let description = try await store.describe("docs")
        #expect(description.identity.token == said)
        #expect(description.collection.vectors == [VectorField(name: "embedding", dimension: 2, metric: .ip)])
        #expect(description.collection.fields.map(\.name) == ["document", "uri"])
        #expect(
            description.collection.native["chroma"] == [
                "configuration": ["embedding_function": ["type": "legacy"], "hnsw": ["max_neighbors": 24]],
                "metadata": ["owner": "ö", "v": 2],
            ])
        let found = try await store.everything(in: "docs").lines(of: description.collection)
        let expected = [
            ##"{"key":"a","vectors":{"embedding":[1,2.5]},"fields":{"document":"one","n":9007199254740993,"x":1.0,"##
                + ##""#document":"name","#uri":"u","l":[1,2]}}"##,
            #"{"key":"b","vectors":{"embedding":[0.1,-3]},"fields":{}}"#,
        ]
        #expect(try found.map { try JSONValue($0).sorted } == expected.map { try JSONValue($0).sorted })
        #expect(try await store.describe("empty").collection.vectors.isEmpty)
        await store.close()
    }

    @Test(.needs(.chroma15)) func aCollectionIsMadeLikeAnother() async throws {
        let (service, store, database) = try await place()
        try await service.python(
            Self.client + """
                docs = client.create_collection("docs", metadata={"owner": "ö", "hnsw:M": 40},
                    configuration={"hnsw": {"space": "cosine", "ef_search": 77, "sync_threshold": 500}})
                docs.add(ids=["a"], embeddings=[[1, 2.5]])
                client.create_collection("empty", metadata={"a": 1}, embedding_function=None)
                """, [database])
        for name in ["docs", "empty"] {
            var wanted = try await store.describe(name).collection
            wanted.name = "like-" + name
            let fit = store.fit(wanted, into: nil)
            #expect(!fit.verdicts.contains { $0.grade == .impossible || $0.grade == .lossy }, "\(fit.verdicts)")
            try await store.create(fit.collection)
            #expect(try await store.describe(wanted.name).collection == fit.collection)
        }
        let said = try await service.python(
            Self.client + """
                import urllib.request
                url = f"http://127.0.0.1:{sys.argv[1]}/api/v2/tenants/default_tenant/databases/{sys.argv[2]}/collections/"
                def shape(name):
                    got = json.load(urllib.request.urlopen(url + name))
                    return [got["metadata"], got["configuration_json"], got["schema"]]
                for name in ["docs", "empty"]:
                    print(shape(name) == shape("like-" + name) or [shape(name), shape("like-" + name)])
                """, [database])
        #expect(said == "True\nTrue")
        await store.close()
    }

    // MARK: Who and where

    @Test(.needs(.chroma05)) func aWrongTokenIsRefusedAndNotShown() async throws {
        let service = try await ChromaService.running(.chroma05)
        let endpoint = try #require(Endpoint(service.address))
        do throws(StoreError) {
            _ = try await Chroma.kind.open(endpoint, ["token": "secret-7"])
            Issue.record("opened")
        } catch { #expect(error.code == .unauthorized && !error.message.contains("secret-7"), "\(error)") }
        await refuses(.unauthorized) { _ = try await Chroma.kind.open(endpoint, [:]) }
    }

    @Test(.needs(.chroma15), .needs(.chroma05), arguments: [ChromaService.Kind.chroma15, .chroma05])
    func aDatabaseOrTenantThatIsNotThereIsSaid(_ kind: ChromaService.Kind) async throws {
        let service = try await ChromaService.running(kind)
        for path in ["/nowhere", "/no-tenant/default_database"] {
            await refuses(.notFound) { _ = try await ChromaPlaces.open(service, path) }
        }
        let store = try await ChromaPlaces.open(
            service, "", ["tenant": "tenant-7", "database": "db-7", "create": "yes"])
        try await store.create(Sample.plain("abc"))
        let again = try await ChromaPlaces.open(service, "/tenant-7/db-7")
        #expect(try await again.collections() == ["abc"])
        let usual = try await ChromaPlaces.open(service)
        #expect(try await usual.collections().contains("abc") == false)
        for store in [store, again, usual] { await store.close() }
    }

    @Test func aServerThatIsNotThereIsSaid() async throws {
        await refuses(.unavailable) { _ = try await Chroma.kind.open(#require(Endpoint("chroma://127.0.0.1:9")), [:]) }
        for wrong in ["chroma://127.0.0.1:9/a/b/c", "chroma:///a"] {
            await refuses(.rejected) { _ = try await Chroma.kind.open(#require(Endpoint(wrong)), [:]) }
        }
    }

    // MARK: Values

    @Test(.needs(.chroma15), .needs(.chroma05), arguments: [ChromaService.Kind.chroma15, .chroma05])
    func whatChromaHasNoPlaceForComesBackAllTheSame(_ kind: ChromaService.Kind) async throws {
        let (store, shape) = try await open(kind)
        let fields = [
            ##"{"#a":1,"$b":2,"chroma:document":"x","chroma:c":true,"vecsh:json":"y","":0,"#document":5}"##,
            #"{"n":null,"o":{},"l":[],"m":[1,"a",null],"f":[1,2.5],"big":18446744073709551615}"#,
            #"{"document":7,"uri":["a"],"zero":-0.0,"one":1.0,"max":9223372036854775807,"s":"","nul":"a\u0000b"}"#,
            ##"{"document":"","uri":"","#uri":"metadata's own","words":["ä","","ä"],"truths":[true,false]}"##,
        ]
        let lines = fields.enumerated().map { #"{"key":"\#($0)","vectors":{"v":[1,2]},"fields":\#($1)}"# }
        try await store.write(Sample.batch(lines, of: shape), to: "abc", .first)
        let found = try await store.everything(in: "abc").lines(of: shape)
        #expect(try found.map { try JSONValue($0).sorted } == lines.map { try JSONValue($0).sorted })
        await store.close()
    }

    @Test(.needs(.chroma15), .needs(.chroma05), arguments: [ChromaService.Kind.chroma15, .chroma05])
    func nothingOfAnOldRecordStays(_ kind: ChromaService.Kind) async throws {
        let (store, shape) = try await open(kind)
        func write(_ fields: String) async throws {
            let line = #"{"key":"a","vectors":{"v":[1,2]},"fields":\#(fields)}"#
            try await store.write(Sample.batch([line], of: shape), to: "abc", .again)
            let found = try await store.everything(in: "abc").lines(of: shape)
            #expect(try found.map { try JSONValue($0).sorted } == [JSONValue(line).sorted])
        }
        try await write(#"{"document":"d","uri":"u","a":1,"b":"x","l":["y"],"n":null}"#)
        try await write(#"{"document":"e","a":"1","l":[2.5]}"#)
        try await write(#"{"b":true}"#)
        try await write("{}")
        try await write(#"{"document":"d"}"#)
        await store.close()
    }

    @Test(.needs(.chroma15)) func cosineVectorsWhoseLengthWouldBeLostAreRefused() async throws {
        let store = try await ChromaPlaces.store(.chroma15)
        try await store.create(Sample.plain("abc", metric: .cosine))
        for (number, isHeld) in [(0, true), (2e-19, true), (1e18, true), (1e-30, false), (3e38, false)] as [(Float, _)]
        {
            var batch = Sample.records(0..<2)
            var bytes: [UInt8] = []
            for value in [1, 1, number, 0] { bytes.append(littleEndian: value.bitPattern) }
            batch.vectors[0] = Column(.dense(bytes))
            do throws(StoreError) {
                try await store.write(batch, to: "abc", .first)
                #expect(isHeld, "\(number)")
                let back = try await store.read("abc", at: nil).fetch([.integer(1)], .all)
                let found = back.vectors[0].firstNumber
                #expect((found - number).magnitude <= number * 1e-6, "\(found)")
            } catch { #expect(!isHeld && error.code == .rejected && error.rows == [1], "\(error)") }
        }
        await store.close()
    }

    // MARK: Calls

    @Test(.needs(.chroma15)) func whatIsTooLargeIsSaidToBe() async throws {
        let (store, shape) = try await open(.chroma15)
        #expect(store.facts.write.records == 5_461)
        let text = String(repeating: "x", count: 42 << 20)
        let line = #"{"key":"a","vectors":{"v":[1,2]},"fields":{"document":"\#(text)"}}"#
        let batch = try Sample.batch([line], of: shape)
        await refuses(.tooLarge) { try await store.write(batch, to: "abc", .first) }
        let server = try #require(store as? ChromaStore).server
        await refuses(.tooLarge) {
            _ = try await server.line.bytes("POST", server.path(), Array(repeating: 0x20, count: 42 << 20))
        }
        await store.close()
    }

    @Test(.needs(.chroma15)) func recordsThatGoWhileOthersAreReadHideNone() async throws {
        let store = try await ChromaPlaces.store(.chroma15)
        try await store.create(Sample.plain("abc"))
        try await store.write(Sample.records(0..<2_000), to: "abc", .first)
        let reading = try await store.read("abc", at: nil)
        var scan = Scan(wanted: .keys, budget: Budget(records: 100))
        var seen: [Key] = []
        while let page = try await reading.page(scan) {
            seen += page.batch.keys
            scan.slice.after = page.end
            // What has been seen is taken away: pages by offset would pass over as many that have not.
            try await store.delete(page.batch.keys, from: "abc")
        }
        #expect(Set(seen).count == 2_000 && seen.count == 2_000)
        #expect(try await reading.count(nil) == 0)
        await store.close()
    }

    @Test(.needs(.chroma15)) func aPromotionThatWasCutOffGoesOn() async throws {
        let store = try await ChromaPlaces.store(.chroma15)
        let old = try await store.create(Sample.plain("abc"))
        let new = try await store.create(Sample.plain("abc_staging"))
        try await store.renaming?.rename("abc", to: "abc_previous")
        try await store.generations?.swap([Move(name: "abc", from: old, to: new, keepingOldAs: "abc_previous")])
        #expect(try await store.describe("abc").identity == new)
        #expect(try await store.describe("abc_previous").identity == old)
        await store.close()
    }

    // MARK: Places

    private func place() async throws -> (ChromaService, any Store, database: String) {
        let service = try await ChromaService.running(.chroma15)
        let name = "t" + Foundation.UUID().uuidString.lowercased()
        return (service, try await ChromaPlaces.open(service, "/default_tenant/\(name)", ["create": "yes"]), name)
    }

    private func open(_ kind: ChromaService.Kind) async throws -> (any Store, Collection) {
        let store = try await ChromaPlaces.store(kind)
        var shape = Sample.plain("abc")
        shape.key.type = .text(maxLength: nil)
        (shape.fields, shape.isOpen) = ([], true)
        let made = store.fit(shape, into: nil).collection
        try await store.create(made)
        return (store, made)
    }
}

extension Column {
    fileprivate var firstNumber: Float {
        guard case .dense(let bytes) = values else { return .nan }
        return bytes.withUnsafeBytes { Element.float32.float($0, at: 0) }
    }
}
