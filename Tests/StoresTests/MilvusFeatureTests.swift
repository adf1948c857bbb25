import JSON
import Model
import TestSupport
import Testing
import Wire

@testable import Stores

/// What is Milvus' own.
@Suite struct MilvusFeatureTests {
    // MARK: Reading

    @Test(.needs(.whole)) func slicesCutByKeysHoldEveryRecordOnce() async throws {
        let store = try await MilvusPlaces.store(.whole)
        for (name, keys) in [("numbers", KeyType.int64), ("texts", .text(maxLength: 32))] {
            var shape = Sample.plain(name)
            shape.key.type = keys
            try await store.create(store.fit(shape, into: nil).collection)
            var batch = Sample.records(0..<6_000)
            batch.keys = (0..<6_000).map {
                keys == .int64 ? .integer(470_000_000_000 + $0 * 3) : .text(Text("doc-\($0)"))
            }
            try await store.write(batch, to: name, .first)
            let reading = try await store.read(name, at: nil)
            let slices = try await reading.slices(atMost: 4)
            #expect(slices.count == 4)
            var seen: [Key] = []
            for slice in slices {
                var count = 0
                for try await page in FilteredPages(reading, nil, wanted: .keys, slice: slice) {
                    count += page.batch.count
                    seen += page.batch.keys
                }
                #expect((1_000...2_000).contains(count), "\(name) \(count)")
            }
            #expect(Set(seen) == Set(batch.keys) && seen.count == 6_000)
        }
        await store.close()
    }

    @Test(.needs(.whole)) func recordsThatMilvusDoesNotHandOutAreCounted() async throws {
        let store = try #require(try await MilvusPlaces.store(.whole) as? MilvusStore)
        _ = try await store.create(store.fit(Sample.plain("a"), into: nil).collection)
        for _ in 0..<3 { _ = try await store.write(Sample.records(0..<5), to: "a", .first) }
        // This key is refused by `write`.
        var greatest = Sample.records(5..<7)
        greatest.keys[1] = .integer(.max)
        let table = try await store.server.table("a")
        var request = store.server.request("a")
        try MilvusRecords(greatest, table, table.collection).write(to: &request, withKeys: true)
        _ = try await store.server.mutate("Insert", request, "a")
        let reading = try await store.read("a", at: nil)
        #expect(try await reading.count(nil) == 17)
        var records = 0
        for try await page in FilteredPages(reading, nil) { records += page.batch.count }
        let unread = try await reading.unread(nil, seen: records)
        #expect(records == 6)
        #expect(unread == Unread(count: 11, keys: [0, 1, 2, 3, 4, .max].map { .integer($0) }))
        #expect(try await reading.unread(nil, seen: 17) == Unread())
        await store.close()
    }

    @Test(.needs(.whole)) func aCollectionIsInMemoryOnlyWhileItIsRead() async throws {
        let store = try #require(try await MilvusPlaces.store(.whole) as? MilvusStore)
        // Without a metric there is no index, and without an index Milvus loads nothing.
        _ = try await store.create(Sample.plain("a", metric: nil))
        _ = try await store.write(Sample.records(0..<5), to: "a", .first)
        #expect(try await store.server.loadState("a") == .released)
        #expect(try await store.everything(in: "a").count == 5)
        #expect(try await store.server.loadState("a") == .loaded)
        #expect(try await store.describe("a").collection.indexes.isEmpty)
        try await store.release("a")
        #expect(try await store.everything(in: "a").count == 5)
        await store.residence.leave()
        #expect(try await store.server.loadState("a") == .released)
        #expect(try await store.server.table("a").indexes.isEmpty)
        await store.close()
    }

    @Test(.needs(.whole)) func withoutLeaveToLoadItIsRefused() async throws {
        let store = try await MilvusPlaces.store(.whole, ["load": "no"])
        _ = try await store.create(store.fit(Sample.plain("a"), into: nil).collection)
        await refuses(.rejected) { _ = try await store.read("a", at: nil) }
        await store.close()
    }

    // MARK: Names

    @Test(.needs(.whole), .needs(.lite), arguments: [MilvusService.Kind.whole, .lite])
    func aCollectionWithAliasesIsNotDropped(_ kind: MilvusService.Kind) async throws {
        let store = try await MilvusPlaces.store(kind)
        _ = try await store.create(store.fit(Sample.plain("a"), into: nil).collection)
        let aliasing = try #require(store.aliasing)
        try await aliasing.point("live", to: "a")
        do throws(StoreError) {
            try await store.drop("a", being: nil)
            Issue.record("dropped")
        } catch { #expect(error.code == .conflict && error.message.contains("live")) }
        try await aliasing.remove(alias: "live")
        try await store.drop("a", being: nil)
        #expect(try await store.collections().isEmpty)
        await store.close()
    }

    @Test(.needs(.lite)) func aPromotionThatWasCutOffGoesOn() async throws {
        let store = try #require(try await MilvusPlaces.store(.lite) as? MilvusStore)
        let old = try await store.create(Sample.plain("a"))
        let new = try await store.create(Sample.plain("a_staging"))
        try await store.move("a", to: "a_previous")
        try await store.swap([Move(name: "a", from: old, to: new, keepingOldAs: "a_previous")])
        #expect(try await store.describe("a").identity == new)
        #expect(try await store.describe("a_previous").identity == old)
        await store.close()
    }

    @Test(.needs(.whole), .needs(.lite), arguments: [MilvusService.Kind.whole, .lite])
    func aDatabaseThatIsNotThereIsSaid(_ kind: MilvusService.Kind) async throws {
        let service = try await MilvusService.running(kind)
        await refuses(.notFound) {
            _ = try await Milvus.kind.open(#require(Endpoint(service.address + "/nowhere")), [:])
        }
    }

    @Test func aServerThatIsNotThereIsSaid() async throws {
        await refuses(.unavailable) { _ = try await Milvus.kind.open(#require(Endpoint("milvus://127.0.0.1:9")), [:]) }
        await refuses(.rejected) {
            _ = try await Milvus.kind.open(#require(Endpoint("milvus://127.0.0.1:9/a/b")), [:])
        }
    }

    // MARK: Partitions

    @Test(.needs(.whole), .needs(.lite), arguments: [MilvusService.Kind.whole, .lite])
    func recordsStayInTheirPartitions(_ kind: MilvusService.Kind) async throws {
        let store = try await MilvusPlaces.store(kind)
        var shape = Sample.plain("a")
        shape.partitions = ["p1", "p2"]
        try await store.create(store.fit(shape, into: nil).collection)
        for (number, partition) in [nil, "p1", "p2", "p3"].enumerated() {
            var batch = Sample.records(number * 10..<number * 10 + 10)
            batch.partition = partition
            try await store.write(batch, to: "a", .first)
        }
        #expect(try await store.describe("a").collection.partitions == ["p1", "p2", "p3"])
        let reading = try await store.read("a", at: nil)
        for count in [1, 3, 8] {
            var found: [String: [Key]] = [:]
            for slice in try await reading.slices(atMost: count) {
                for try await page in FilteredPages(reading, nil, slice: slice, budget: Budget(records: 4)) {
                    found[page.batch.partition ?? "", default: []] += page.batch.keys
                }
            }
            #expect(found.mapValues(\.count) == ["": 10, "p1": 10, "p2": 10, "p3": 10])
            #expect(found["p3"]?.sorted() == (30..<40).map { .integer($0) })
        }
        await store.close()
    }

    // MARK: Keys that the server makes up

    @Test(.needs(.whole), arguments: [MilvusService.Kind.whole])
    func whatNobodyAcknowledgedIsDiscarded(_ kind: MilvusService.Kind) async throws {
        let store = try await MilvusPlaces.store(kind)
        var shape = Sample.plain("a")
        shape.key.isInvented = true
        let fit = store.fit(shape, into: nil)
        #expect(fit.changes.contains(.rekeyed))
        try await store.create(fit.collection)
        var kept: [ClosedRange<Int64>] = []
        for number in 0..<4 {
            let receipt = try await store.write(Sample.records(0..<10), to: "a", .again)
            #expect(receipt.invented.reduce(0) { $0 + $1.count } == 10)
            if number.isMultiple(of: 2) { kept += receipt.invented }
        }
        #expect(try await store.everything(in: "a").count == 40)
        let inventing = try #require(store.inventing)
        #expect(try await inventing.discard(from: "a", except: kept) == 20)
        #expect(try await inventing.discard(from: "a", except: kept) == 0)
        let left = try await store.everything(in: "a").keys
        #expect(left.count == 20)
        #expect(left.allSatisfy { key in kept.contains { $0.contains(key.number) } })
        await store.close()
    }

    @Test func gapsLieBetweenRanges() {
        #expect(MilvusStore.gaps([]) == [.min ... .max])
        #expect(MilvusStore.gaps([5...7, 1...2, 8...9]) == [.min...0, 3...4, 10 ... .max])
        #expect(MilvusStore.gaps([.min ... .max]) == [])
    }

    // MARK: Indexes

    @Test(.needs(.whole), .needs(.lite), arguments: [MilvusService.Kind.whole, .lite])
    func parametersOfAnIndexAreKept(_ kind: MilvusService.Kind) async throws {
        let store = try await MilvusPlaces.store(kind)
        var shape = Sample.plain("a", metric: .ip)
        shape.indexes = [
            Index(
                name: "vector_index", field: "v", type: "hnsw", metric: .ip, params: ["M": 32, "efConstruction": 500]),
            Index(name: "page_index", field: "page", type: "inverted"),
        ]
        let fit = store.fit(shape, into: nil)
        try await store.create(fit.collection)
        let there = try await store.describe("a").collection
        #expect(there == fit.collection)
        let index = try #require(there.indexes.first { $0.field == "v" })
        #expect(index.params == ["M": 32, "efConstruction": 500] && index.type == "hnsw" && index.metric == .ip)
        await store.close()
    }

    @Test(.needs(.whole)) func whatOneMilvusHasAloneGoesWithItsShape() async throws {
        let store = try await MilvusPlaces.store(.whole)
        var shape = Sample.plain("a")
        shape.fields.append(Field(name: "tenant", type: .text(maxLength: 64), isNullable: false))
        shape.native = [
            "milvus": [
                "description": "made for tests", "consistency": 1, "shards": 2,
                "properties": ["collection.ttl.seconds": "100000"],
                "fields": ["tenant": ["partition_key": true], "page": ["description": "of the book"]],
            ]
        ]
        let fit = store.fit(shape, into: nil)
        try await store.create(fit.collection)
        let there = try await store.describe("a").collection
        #expect(there == fit.collection)
        #expect(there.native["milvus"]?["consistency"] == 1)
        #expect(there.native["milvus"]?["fields"]?["tenant"]?["partition_key"] == true)
        await store.close()
    }

    @Test(.needs(.whole)) func flushedRecordsAreSealed() async throws {
        let store = try #require(try await MilvusPlaces.store(.whole) as? MilvusStore)
        _ = try await store.create(store.fit(Sample.plain("a"), into: nil).collection)
        _ = try await store.write(Sample.records(0..<10), to: "a", .first)
        try await store.flush("a")
        var rows = ""
        try await store.server.ask("GetCollectionStatistics", store.server.request("a")) { field in
            if field.number == 2 { try field.forEachPair { if $0 == "row_count" { rows = $1 } } }
        }
        #expect(rows == "10")
        await store.close()
    }
}
