import JSON
import Model
import Stores
import TestSupport
import Testing

@testable import Transfer

@Suite struct VerifyTests {
    private func store(_ name: String, _ shape: Collection, _ batch: Batch) async throws -> any Store {
        let store: any Store = MemoryStore()
        var shape = shape
        shape.name = name
        try await store.create(shape)
        try await store.write(batch, to: name, .first)
        return store
    }

    private func store(_ lines: [String], _ shape: Collection = Sample.everyType("c")) async throws -> any Store {
        try await store("c", shape, Sample.batch(lines, of: shape))
    }

    @Test(arguments: [1, 7, 50, 1_000_000])
    func whatIsMissingExtraOrDifferentIsFound(_ roundSize: Int) async throws {
        let source = try await store("c", Sample.plain("c"), Sample.records(0..<500))
        let target = try await store("c", Sample.plain("c"), Sample.records(20..<530))
        var altered = Sample.records(100..<107)
        altered.fields[0] = Column(.integers(Array(repeating: -1, count: 7)))
        try await target.write(altered, to: "c", .again)
        let result = try await verified(source, "c", target, "c", roundSize: roundSize)
        #expect((result.missing, result.extra, result.different) == (20, 30, 7))
        #expect((result.sourceCount, result.targetCount) == (500, 510) && !result.isEqual)
        #expect(result.examples.count == 10)
        for example in result.examples {
            guard case .integer(let key) = example.key else { continue }
            let why =
                key < 20
                ? "missing in the target" : key >= 500 ? "only in the target" : "field page: expected 10, found -1"
            #expect(example.why == why, "\(key)")
        }
    }

    @Test func equalIsEqualInAnyOrder() async throws {
        let lines = Sample.lines
        let result = try await verified(store(lines), "c", store(lines.reversed()), "c")
        #expect(result.isEqual && result.sourceCount == lines.count && result.examples.isEmpty)
    }

    @Test func storesThatFailForAWhileAreAskedAgain() async throws {
        var faults = Faults(seed: 5)
        faults.before = 400
        let (lines, shape) = (Sample.lines, Sample.everyType("c"))
        let inner = try await (store(lines, shape), store(lines.reversed(), shape))
        let (source, target) = (FaultyStore(inner.0, faults), FaultyStore(inner.1, faults))
        var sides: [Side] = []
        for store in [source, target] {
            let reading = try await Patience().repeating(Progress(total: 0)) { _ throws(StoreError) in
                try await store.read("c", at: nil)
            }
            sides.append(Side(reading, nil))
        }
        let result = try await Verify([sides[0]], against: sides[1]).run()
        #expect(result.isEqual && source.injected + target.injected > 0)
    }

    @Test(arguments: [
        (#"{"f_int64":null}"#, "{}", "field f_int64: expected null, found nothing"),
        ("{}", #"{"f_int64":null}"#, "field f_int64: expected nothing, found null"),
        (#"{"f_double":0.0}"#, #"{"f_double":-0.0}"#, "field f_double: expected 0, found -0.0"),
        (#"{"f_text":"é"}"#, "{\"f_text\":\"e\u{301}\"}", "field f_text: expected \"é\", found \"e\u{301}\""),
        (#"{"extra":{"a":1}}"#, #"{"extra":{"a":1.0}}"#, "field extra: expected {\"a\":1}, found {\"a\":1.0}"),
        (#"{"f_text":""}"#, "{}", "field f_text: expected \"\", found nothing"),
    ])
    func theReasonNamesTheField(_ a: String, _ b: String, _ why: String) async throws {
        let lines = [a, b].map { #"{"key":"k","vectors":{},"fields":\#($0)}"# }
        let result = try await verified(store([lines[0]]), "c", store([lines[1]]), "c")
        #expect(result.different == 1 && result.missing + result.extra == 0)
        #expect(result.examples.first.map { Text($0.why) } == Text(why), "\(result.examples)")
    }

    @Test func aVectorThatDiffersIsNamed() async throws {
        let lines = ["[1,2,3,4,5,6,7,8]", "[1,2,3,4,5,6,7,8.000001]"].map {
            #"{"key":"k","vectors":{"v_float32":\#($0)},"fields":{}}"#
        }
        let result = try await verified(store([lines[0]]), "c", store([lines[1]]), "c")
        #expect(
            result.different == 1 && result.examples[0].why == "vector v_float32: expected 8.0 at 7, found 8.000001")
    }

    @Test func keysThatLookAlikeAreTwo() async throws {
        let lines = ["é", "e\u{301}"].map { #"{"key":"\#($0)","vectors":{},"fields":{}}"# }
        let result = try await verified(store(lines), "c", store([lines[0]]), "c")
        #expect((result.missing, result.extra, result.different) == (1, 0, 0))
    }

    /// A store that hands a record out twice, as one without unique keys may.
    @Test func aDoubledRecordIsDifferent() async throws {
        let source = try await store("c", Sample.plain("c"), Sample.records(0..<10))
        let target = DoublingReading(try await source.read("c", at: nil), doubled: .integer(3))
        let verify = Verify([Side(try await source.read("c", at: nil), nil)], against: Side(target, nil))
        let result = try await verify.run()
        #expect((result.missing, result.extra, result.different) == (0, 0, 1) && result.targetCount == 11)
        #expect(result.examples[0].key == .integer(3))
        #expect(result.examples[0].why == "1 times in the source, 2 times in the target")
    }

    // MARK: Behind a mapping

    private static let mappings = [
        Mapping(fields: ["page"]), Mapping(fields: ["v"]), Mapping(rename: ["page": "seite", "v": "w"]),
        Mapping(set: ["tenant": "acme", "page": 7]), Mapping(keys: .uuid5, keepKeyAs: "was"), Mapping(keepKeyAs: "was"),
        Mapping(fields: ["v"], rename: ["v": "w"], set: ["l": [1, 2]], keys: .uuid5, keepKeyAs: "was"),
    ]

    @Test(arguments: mappings, [nil, Filter.compare(field: "page", is: .less, to: .integer(20))])
    func aMappedCopyIsEqualToWhatItWasMadeOf(_ mapping: Mapping, _ filter: Filter?) async throws {
        let source = try await store("from", Sample.plain("c"), Sample.records(0..<400))
        let target: any Store = MemoryStore()
        var trip = try Trip(from: source, to: target)
        trip.request.mapping = mapping
        trip.request.filter = filter
        try await trip.job(trip.folder()).run()
        let equal = try await verified(source, "from", target, "to", mapping, filter: filter)
        #expect(equal.isEqual && equal.targetCount == (filter == nil ? 400 : 200), "\(equal)")
        // And it can tell.
        let copied = try await target.everything(in: "to")
        try await target.delete([copied.keys[5]], from: "to")
        let unequal = try await verified(source, "from", target, "to", mapping, filter: filter)
        #expect(unequal.missing == 1 && unequal.extra == 0)
    }
}

private struct DoublingReading: Reading {
    let inner: any Reading
    let doubled: Key

    init(_ inner: any Reading, doubled: Key) { (self.inner, self.doubled) = (inner, doubled) }

    var moment: Moment { inner.moment }
    var description: Description { inner.description }
    func answers(_ conjunct: Filter) -> Bool { false }
    func count(_ filter: Filter?) async throws(StoreError) -> Int { try await inner.count(filter) + 1 }
    func slices(atMost count: Int) async throws(StoreError) -> [Slice] { try await inner.slices(atMost: count) }
    func page(_ scan: Scan) async throws(StoreError) -> Page? {
        guard var page = try await inner.page(scan) else { return nil }
        page.batch = page.batch.rows(
            page.batch.keys.indices.flatMap { page.batch.keys[$0] == doubled ? [$0, $0] : [$0] })
        return page
    }
    func fetch(_ keys: [Key], _ wanted: Projection) async throws(StoreError) -> Batch {
        try await inner.fetch(keys, wanted)
    }
    func close() async { await inner.close() }
}
