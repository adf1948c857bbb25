import JSON
import Model
import TestSupport
import Testing

@testable import Stores

/// Records and conditions.
@Suite(.needsQdrant) struct QdrantRecordTests {
    private let name = QdrantPlaces.name("records")

    private var shape: Collection {
        Collection(
            name: name, key: KeyField(type: .id),
            vectors: [VectorField(name: "v", dimension: 2, metric: .l2, isNullable: true)], isOpen: true)
    }

    private func filled(_ payloads: [String]) async throws -> any Store {
        let store = try await QdrantPlaces.store()
        try await store.create(shape)
        let lines = payloads.enumerated().map { #"{"key":\#($0.offset),"vectors":{},"fields":\#($0.element)}"# }
        try await store.write(Sample.batch(lines, of: shape), to: name, .first)
        return store
    }

    /// Payload of which nothing is declared: lists, objects, numbers of every kind.
    static let payloads = [
        "{}", #"{"t":null}"#, #"{"t":[]}"#, #"{"t":{}}"#, #"{"t":"a"}"#, #"{"t":["a"]}"#, #"{"t":["a","b"]}"#,
        #"{"t":[["a"]]}"#, #"{"t":"A"}"#, #"{"t":""}"#, #"{"t":"é"}"#, "{\"t\":\"e\u{301}\"}", #"{"t":true}"#,
        #"{"t":[true]}"#, #"{"t":false}"#, #"{"t":1}"#, #"{"t":1.0}"#, #"{"t":[1]}"#, #"{"t":1.5}"#, #"{"t":-1}"#,
        #"{"t":0}"#, #"{"t":9007199254740993}"#, #"{"t":9007199254740992}"#, #"{"t":18446744073709551615}"#,
        #"{"t":-9223372036854775808}"#, #"{"t":1e+300}"#, #"{"t":{"u":"a"}}"#, #"{"t.u":"a"}"#, #"{"a b":"x","9":1}"#,
        #"{"t":"1"}"#, #"{"t":["a",null]}"#, #"{"t":[{"u":1}]}"#,
    ]

    static let filters: [Filter] = {
        let values: [Scalar] = [
            .null, .bool(true), .integer(1), .integer(0), .integer(9_007_199_254_740_993), .double(1.5), .double(1e300),
            .natural(.max), .text("a"), .text(""), .text("é"), .text("1"),
        ]
        let comparisons: [Filter.Comparison] = [.equal, .unequal, .less, .lessOrEqual, .greater, .greaterOrEqual]
        var filters = values.flatMap { value in
            comparisons.map { Filter.compare(field: "t", is: $0, to: value) }
        }
        filters += [
            .within(field: "t", values: [.text("a"), .integer(1), .bool(false)]), .within(field: "t", values: []),
            .exists(field: "t"), .not(of: .exists(field: "t")), .like(field: "t", pattern: "a"),
            .like(field: "t", pattern: "a%"), .compare(field: "t.u", is: .equal, to: .text("a")),
            .compare(field: "a b", is: .equal, to: .text("x")), .compare(field: "9", is: .greater, to: .integer(0)),
            .any(of: []), .all(of: []), .not(of: .any(of: [.compare(field: "t", is: .equal, to: .text("a"))])),
            .compare(field: "id", is: .equal, to: .integer(3)),
            .within(field: "id", values: [.integer(1), .integer(99)]),
            .compare(field: "id", is: .unequal, to: .text("550e8400-e29b-41d4-a716-446655440000")),
            .compare(field: "id", is: .less, to: .integer(5)), .exists(field: "v"),
        ]
        return filters
    }()

    @Test func conditionsMeanTheSameInOpenPayload() async throws {
        let store = try await filled(Self.payloads)
        for isIndexed in [false, true] {
            if isIndexed { try await store.indexing?.create(Index(name: "t", field: "t", type: "keyword"), on: name) }
            let everything = try await store.everything(in: name)
            let reading = try await store.read(name, at: nil)
            var answered = 0
            for filter in Self.filters {
                let expected = try BoundFilter(filter, shape).rows(of: everything).map { everything.keys[$0] }
                var found: [Key] = []
                for try await page in FilteredPages(reading, filter, wanted: .keys) { found += page.batch.keys }
                #expect(found.sorted() == expected.sorted(), "\(filter)")
                answered += reading.answers(filter) ? 1 : 0
            }
            #expect(answered > (isIndexed ? 15 : 25))
            await reading.close()
        }
        await store.close()
    }

    @Test func payloadComesBackAsItWasSent() async throws {
        let store = try await filled(Self.payloads)
        let back = try await store.everything(in: name)
        let sent = Self.payloads.enumerated().map { #"{"key":\#($0.offset),"vectors":{},"fields":\#($0.element)}"# }
        let (found, expected) = (Set(back.lines(of: shape).map { Text($0) }), Set(sent.map { Text($0) }))
        #expect(found.subtracting(expected).isEmpty)
        #expect(expected.subtracting(found).isEmpty)
        await store.close()
    }

    @Test func aNumberThatQdrantWouldRoundIsRefusedByName() async throws {
        let store = try await filled([#"{"n":18446744073709551615,"digits":"184467440737095516160"}"#])
        let batch = try Sample.batch(
            [
                #"{"key":1,"vectors":{},"fields":{"n":1}}"#,
                #"{"key":2,"vectors":{},"fields":{"deep":[{"n":18446744073709551616}]}}"#,
            ], of: shape)
        do throws(StoreError) {
            try await store.write(batch, to: name, .first)
            Issue.record("written")
        } catch { #expect(error.code == .rejected && error.rows == [1]) }
        #expect(try await store.everything(in: name).count == 1)
        await store.close()
    }

    @Test func emptyListsOfVectorsAreRefusedByName() async throws {
        let store = try await QdrantPlaces.store()
        var shape = shape
        shape.vectors = [VectorField(name: "m", layout: .multi, dimension: 2, metric: .ip, isNullable: true)]
        try await store.create(shape)
        let batch = try Sample.batch(
            [#"{"key":1,"vectors":{"m":[[1,2]]},"fields":{}}"#, #"{"key":2,"vectors":{"m":[]},"fields":{}}"#], of: shape
        )
        do throws(StoreError) {
            try await store.write(batch, to: name, .first)
            Issue.record("written")
        } catch { #expect(error.code == .rejected && error.rows == [1]) }
        await store.close()
    }

    @Test func whatIsNotOfItsNotedTypeIsNamedAndCanBeReadAllTheSame() async throws {
        let store = try await QdrantPlaces.store()
        try await store.create(Sample.plain(name))
        let plain = try await QdrantPlaces.store(["types": "no"])
        let line = #"{"key":7,"vectors":{"v":[1,2]},"fields":{"page":"seven"}}"#
        let asItIs = try await plain.describe(name).collection
        #expect(asItIs.fields.isEmpty)
        try await plain.write(Sample.batch([line], of: asItIs), to: name, .first)
        do {
            _ = try await store.everything(in: name)
            Issue.record("read")
        } catch let error as StoreError {
            #expect(error.code == .malformed && error.message.contains("point 7") && error.message.contains("page"))
            #expect(error.help?.contains("types=no") == true)
        }
        #expect(try await plain.everything(in: name).lines(of: asItIs) == [line])
        await store.close()
        await plain.close()
    }

    @Test func largeBatchesGoInPartsThatTheServerTakes() async throws {
        let store = try await QdrantPlaces.store()
        var shape = shape
        shape.vectors = [VectorField(name: "v", dimension: 4096, metric: .l2, isNullable: true)]
        try await store.create(shape)
        let count = 700
        var bytes: [UInt8] = []
        for number in 0..<count * 4096 { bytes.append(littleEndian: (Float(number) * 1.0001e-7).bitPattern) }
        let batch = Batch(
            keys: (0..<count).map { .integer(Int64($0)) }, vectors: [Column(.dense(bytes))],
            rest: Column(
                .bytes(Ragged(ends: Array(repeating: 0, count: count))), marks: Array(repeating: .absent, count: count))
        )
        try await store.write(batch, to: name, .first)
        let back = try await store.everything(in: name)
        #expect(back.keys == batch.keys && back.vectors == batch.vectors)
        await store.close()
    }

    @Test func slicesOfManyKeysHoldEachOnce() async throws {
        let store = try await QdrantPlaces.store()
        try await store.create(Sample.plain(name))
        for start in stride(from: 0, to: 9_000, by: 3_000) {
            try await store.write(Sample.records(start..<start + 3_000), to: name, .first)
        }
        var uuids = Sample.records(0..<1_000)
        uuids.keys = (0..<1_000).map { .uuid(UUID(high: UInt64($0) &* 0x9E37_79B9_7F4A_7C15, low: 1)) }
        try await store.write(uuids, to: name, .first)
        let reading = try await store.read(name, at: nil)
        for count in [2, 5, 8] {
            let slices = try await reading.slices(atMost: count)
            #expect(slices.count == count)
            var keys: [Key] = []
            for slice in slices {
                let before = keys.count
                for try await page in FilteredPages(reading, nil, wanted: .keys, slice: slice) {
                    keys += page.batch.keys
                }
                #expect(keys.count - before < 2 * 10_000 / count)
            }
            #expect(keys.count == 10_000 && Set(keys).count == 10_000)
        }
        await reading.close()
        await store.close()
    }
}
