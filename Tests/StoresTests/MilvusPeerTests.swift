import JSON
import Model
import TestSupport
import Testing

@testable import Stores

/// pymilvus and this program read what the other has written, and mean the same by it.
@Suite(.serialized) struct MilvusPeerTests {
    private typealias Told = (shape: JSONValue, lines: [String])

    @Test(.needs(.lite)) func liteIsTheSameToBoth() async throws { try await compare(.lite, "lite") }
    @Test(.needs(.whole)) func wholeIsTheSameToBoth() async throws { try await compare(.whole, "whole") }
    @Test(.needs(.nativeLite)) func nativeLiteIsTheSameToBoth() async throws {
        try await compare(.nativeLite, "native-lite")
    }

    private func compare(_ service: MilvusService.Kind, _ kind: String) async throws {
        let store = try #require(try await MilvusPlaces.store(service) as? MilvusStore)
        guard let made = try await told("make", store, "theirs", kind) else { return }
        let theirs = try await store.describe("theirs")
        let written = try Sample.batch(made.lines, of: theirs.collection)
        #expect(written.count == 60)
        let read = try await store.everything(in: "theirs")
        func lines(_ batch: Batch) -> [String] {
            store.comparable(batch.lines(of: theirs.collection), theirs.collection)
        }
        #expect(lines(read) == lines(written))
        if store.aliasing != nil { #expect(theirs.aliases == ["theirs_live"]) }

        var shape = theirs.collection
        shape.name = "ours"
        shape.indexes = shape.indexes.map { named($0, kind) }
        _ = try await store.create(store.fit(shape, into: nil).collection)
        _ = try await store.write(written, to: "ours", .first)
        for index in store.fit(shape, into: nil).collection.indexes { try await store.create(index, on: "ours") }
        try await store.aliasing?.point("ours_live", to: "ours")
        try await store.load("ours")
        let found = try #require(try await told("read", store, "ours", kind))
        #expect(found.shape["fields"] == made.shape["fields"] && found.shape["dynamic"] == true)
        #expect(found.shape["aliases"] == (store.aliasing == nil ? [] : ["ours_live"]))
        try checkIndexes(found.shape, made.shape)
        let copied = try Sample.batch(found.lines, of: theirs.collection)
        #expect(lines(copied) == lines(written))
        await store.close()
    }

    /// With the parameters that pymilvus asks for, which one of the servers does not keep in the form that it sends them.
    private func named(_ index: Index, _ kind: String) -> Index {
        guard index.field == "dense" else { return index }
        var index = index
        index.params = kind == "native-lite" ? ["nlist": 4] : ["M": 8, "efConstruction": 64]
        return index
    }

    private func checkIndexes(_ ours: JSONValue, _ theirs: JSONValue) throws {
        let (ours, theirs) = (ours["indexes"]?.array ?? [], theirs["indexes"]?.array ?? [])
        #expect(ours.count == theirs.count)
        for (mine, other) in zip(ours, theirs) {
            for name in ["field_name", "index_type", "metric_type"] { #expect(mine[name] == other[name], "\(mine)") }
            guard mine["field_name"] == "dense" else { continue }
            #expect(mine["M"] == "8" && mine["efConstruction"] == "64" || mine["nlist"] == "4", "\(mine)")
        }
    }

    /// What the script says of a collection, and its records; nil without pymilvus.
    private func told(_ verb: String, _ store: MilvusStore, _ name: String, _ kind: String) async throws -> Told? {
        let script = PackageScript(fixture: "milvus_peer.py", needs: ["pymilvus"])
        let address = "http://\(store.server.line.address)"
        let text = try script.run(verb, address, store.server.database, name, kind)
        let lines = (text ?? "").split(separator: "\n").map(String.init)
        guard let first = lines.first else { return nil }
        return (try JSONValue(first), Array(lines.dropFirst()))
    }
}

/// What goes over the wire, by a server between us and Milvus that decodes it by pymilvus' own descriptors.
@Suite struct MilvusTapTests {
    /// Nil where Python has no pymilvus.
    private func tap(_ kind: MilvusService.Kind) async throws -> (program: RunningScript, words: [String])? {
        let service = try await MilvusService.running(kind)
        let program = try RunningScript(RunningScript.fixture("milvus_tap.py"), [String(service.port)])
        let words = program.firstLine.split(separator: " ").map(String.init)
        return words.count == 3 ? (program, words) : nil
    }

    @Test(.needs(.whole), .needs(.lite), arguments: [MilvusService.Kind.whole, .lite])
    func everyRequestIsKnownToTheDescriptors(_ kind: MilvusService.Kind) async throws {
        guard let (program, words) = try await tap(kind) else { return }
        let place = try #require(try await MilvusPlaces.store(kind) as? MilvusStore)
        let address = try #require(Endpoint("milvus://127.0.0.1:\(words[0])/\(place.server.database)"))
        let store = try #require(try await Milvus.kind.open(address, [:]) as? MilvusStore)
        try await Sample.$limits.withValue(MilvusLimits.limits(kind)) { try await useAll(of: store) }
        await store.close()
        await place.close()
        let seen = try JSONValue(program.answer(to: "report"))
        #expect(seen["unknown"] == [])
        let methods = Set((seen["methods"]?.members ?? []).map(\.name))
        // What it has is in memory.
        let needless: Set = kind == .lite ? ["GetCollectionStatistics", "LoadCollection"] : []
        let missing = Set(Self.methods).subtracting(methods).subtracting(needless)
        #expect(missing.isEmpty, "\(missing)")
        #expect(seen["metadata"]?["dbname"] == [.string(place.server.database)])
    }

    private static let methods = [
        "AlterAlias", "CreateAlias", "CreateCollection", "CreateIndex", "CreatePartition", "Delete",
        "DescribeAlias", "DescribeCollection", "DescribeIndex", "DropAlias", "DropCollection", "DropIndex", "Flush",
        "GetCollectionStatistics", "GetLoadState", "GetVersion", "Insert", "ListAliases", "LoadCollection", "Query",
        "ReleaseCollection", "RenameCollection", "Search", "ShowCollections", "ShowPartitions",
    ]

    private func useAll(of store: MilvusStore) async throws {
        let every = store.fit(Sample.everyType("every"), into: nil).collection
        _ = try await store.create(every)
        var records = try Sample.batch(Sample.heldLines, of: Sample.everyType("every"))
        records = store.kept(records, Sample.everyType("every"))
        _ = try await store.write(records, to: "every", .first)
        _ = try await store.write(records, to: "every", .again)
        records.partition = "part"
        _ = try await store.write(records, to: "every", .first)
        let vector = try #require(every.vectors.first { $0.element == .float32 && $0.layout == .dense })
        for index in every.indexes { try await store.create(index, on: "every") }
        let reading = try await store.read("every", at: nil)
        #expect(try await reading.count(nil) > 0)
        #expect(try await reading.fetch(records.keys, .all).count > 0)
        let hits = try await store.nearest(
            records.rows([0]).vectors[0], count: 1, field: vector.name, in: "every", metric: nil, where: nil, limit: 2)
        #expect(hits.first?.isEmpty == false)
        _ = try await store.tally("every")
        try await store.point("one", to: "every")
        _ = try await store.create(Sample.plain("other"))
        try await store.point("one", to: "other")
        #expect(try await store.aliases() == ["one": "other"])
        try await store.remove(alias: "one")
        try await store.rename("other", to: "another")
        _ = try await store.tally("another")
        try await store.flush("every")
        #expect(try await store.delete(Array(records.keys.prefix(1)), from: "every") > 0)
        try await store.release("every")
        if let index = every.indexes.first { try await store.drop(index: index.name, on: "every") }
        try await store.drop("another", being: nil)
    }

    @Test(.needs(.lite)) func overTLSPasswordTokenAndDatabaseArrive() async throws {
        guard let (program, words) = try await tap(.lite) else { return }
        let place = try #require(try await MilvusPlaces.store(.lite) as? MilvusStore)
        let database = place.server.database
        let address = "127.0.0.1:\(words[1])"
        let options = ["ca": words[2]]
        for (endpoint, more) in [
            ("milvus+https://root:Milvus@\(address)/\(database)", [:]),
            ("milvus+https://\(address)/\(database)", ["token": "db_admin:s3cret"]),
            ("milvus+https://\(address)", ["token": "an-api-key", "database": database]),
        ] {
            let store = try await Milvus.secureKind.open(#require(Endpoint(endpoint)), options.merging(more) { $1 })
            #expect(try await store.collections().isEmpty)
            await store.close()
        }
        await refuses(.unauthorized) {
            _ = try await Milvus.secureKind.open(#require(Endpoint("milvus+https://\(address)/\(database)")), [:])
        }
        await place.close()
        let metadata = try JSONValue(program.answer(to: "report"))["metadata"]
        #expect(metadata?["dbname"] == [.string(database)])
        // `root:Milvus`, `db_admin:s3cret` and `an-api-key` in base 64.
        #expect(metadata?["authorization"] == ["cm9vdDpNaWx2dXM=", "ZGJfYWRtaW46czNjcmV0", "YW4tYXBpLWtleQ=="])
    }
}
