import JSON
import Model
import Stores
import TestSupport
import Testing

@testable import Transfer

@Suite struct SampleTests {
    private func store(_ records: [Batch], _ name: String = "c") async throws -> any Store {
        let store: any Store = MemoryStore()
        try await store.create(Sample.plain(name))
        for batch in records { try await store.write(batch, to: name, .again) }
        return store
    }

    private func verify<Result>(
        _ sources: [any Store], _ target: any Store, likeness: Likeness = .exact,
        _ body: (Verify) async throws -> Result
    ) async throws -> Result {
        var sides: [Side] = []
        for source in sources { sides.append(Side(try await source.read("c", at: nil), nil)) }
        return try await body(
            Verify(sides, against: Side(try await target.read("c", at: nil), nil), likeness: likeness))
    }

    private var altered: Batch {
        var batch = Sample.records(0..<5_000)
        batch.fields[0] = Column(.integers(Array(repeating: -1, count: 5_000)))
        return batch
    }

    @Test(arguments: [1, 2, 3]) func aSampleFindsWhatIsWrongEverywhere(_ seed: UInt64) async throws {
        let source = try await store([Sample.records(0..<5_000)])
        let other = try await store([altered])
        let result = try await verify([source], other) { try await $0.sample(100, seed: seed) }
        #expect((result.compared, result.different, result.missing, result.extra) == (100, 100, 0, 0))
        #expect((result.sourceCount, result.targetCount) == (5_000, 5_000))
        let again = try await verify([source], other) { try await $0.sample(100, seed: seed) }
        #expect(again.examples.map(\.key) == result.examples.map(\.key))
        let another = try await verify([source], other) { try await $0.sample(100, seed: seed + 10) }
        #expect(another.examples.map(\.key) != result.examples.map(\.key))
        let equal = try await verify([source], source) { try await $0.sample(100, seed: seed) }
        #expect(equal.isEqual && equal.compared == 100)
    }

    @Test func aSampleSeesWhatIsMissingAndExtra() async throws {
        let source = try await store([Sample.records(0..<3_000)])
        let target = try await store([Sample.records(1_500..<4_500)])
        let result = try await verify([source], target) { try await $0.sample(300, seed: 5) }
        #expect(result.missing > 50 && result.extra > 50 && result.different == 0, "\(result)")
        #expect(result.compared >= 300 && result.compared <= 600)
        // Counts are those of all records, and tell too.
        let short = try await store([Sample.records(1..<3_000)])
        let one = try await verify([source], short) { try await $0.sample(1, seed: 5) }
        #expect(!one.isEqual && one.targetCount == 2_999)
    }

    @Test func aSampleLargerThanTheCollectionIsAllOfIt() async throws {
        let source = try await store([Sample.records(0..<10)])
        let target = try await store([Sample.records(0..<9)])
        let result = try await verify([source], target) { try await $0.sample(1_000, seed: 1) }
        #expect((result.compared, result.missing) == (10, 1))
    }

    @Test func whatIsKeptOfKeysStaysSmall() {
        var sample = KeySample(size: 10, seed: 3)
        for key in 0..<100_000 as Range<UInt64> { sample.add(Hash.mix(key, 7), Side.Entry(key: .integer(Int64(key)))) }
        #expect(sample.total == 100_000)
        let limit = sample.limit()
        let lowest = (0..<100_000 as Range<UInt64>).map { Hash.mix(Hash.mix($0, 7), 3) }.sorted().prefix(10)
        #expect(limit == lowest.last && sample.entries(upTo: limit).count == 10)
    }

    // MARK: Precision

    private func shifted(_ factor: Float, by step: Float) -> Batch {
        var batch = Sample.records(1..<500)
        var bytes: [UInt8] = []
        for key in 1..<500 {
            bytes.append(littleEndian: (Float(key) * factor + step).bitPattern)
            bytes.append(littleEndian: factor.bitPattern)
        }
        batch.vectors[0] = Column(.dense(bytes))
        return batch
    }

    @Test(arguments: [
        (Likeness.Precision.exact, Float?.none, [true, false, false]), (.direction, nil, [true, true, false]),
        (.tolerance, nil, [true, false, false]), (.tolerance, 0.01, [true, false, true]),
        (.direction, 0.01, [true, true, true]),
    ])
    func vectorsAreComparedAsExactlyAsIsAsked(
        _ vectors: Likeness.Precision, _ tolerance: Float?, _ expected: [Bool]
    ) async throws {
        let source = try await store([Sample.records(1..<500)])
        let likeness = Likeness(vectors: vectors, tolerance: tolerance)
        var found: [Bool] = []
        for batch in [Sample.records(1..<500), shifted(2, by: 0), shifted(1, by: 0.005)] {
            let result = try await verify([source], store([batch]), likeness: likeness) { try await $0.run() }
            #expect(result.isEqual || result.different > 20)
            found.append(result.isEqual)
        }
        #expect(found == expected, "\(vectors) \(String(describing: tolerance))")
    }

    // MARK: Several sources

    @Test func aMergedTargetEqualsItsSourcesTogether() async throws {
        let sources = [try await store([Sample.records(0..<300)]), try await store([Sample.records(300..<700)])]
        let target = try await store([Sample.records(0..<700)])
        let result = try await verify(sources, target) { try await $0.run() }
        #expect(result.isEqual && result.sourceCount == 700)
        let sampled = try await verify(sources, target) { try await $0.sample(50, seed: 9) }
        #expect(sampled.isEqual && sampled.compared == 50)
        try await target.delete([.integer(5), .integer(500)], from: "c")
        let short = try await verify(sources, target) { try await $0.run() }
        #expect(short.missing == 2 && short.extra == 0)
        #expect(short.examples.map(\.origin) == [0, 1])
        let overlapping = [sources[0], try await store([Sample.records(299..<700)])]
        let doubled = try await verify(overlapping, store([Sample.records(0..<700)])) { try await $0.run() }
        #expect(doubled.different == 1)
        #expect(doubled.examples[0].why == "2 times in the source, 1 times in the target")
    }

    // MARK: Searches

    @Test func recallComparesAnswers() async throws {
        let source = try await store([Sample.records(0..<300)])
        func searched(_ store: any Store) async throws -> SearchRecall.Searched {
            SearchRecall.Searched(
                Side(try await store.read("c", at: nil), nil), try #require(store.search), name: "c")
        }
        let same = try await SearchRecall([searched(source)], against: searched(source)).measure(queries: 20, seed: 1)
        #expect(same.map(\.vector) == ["v"] && same[0].queries == 20)
        #expect((same[0].recall, same[0].agreement) == (1, 1))
        let half = try await store([Sample.records(0..<300).rows(Array(stride(from: 0, to: 300, by: 2)))])
        let found = try await SearchRecall([searched(source)], against: searched(half)).measure(queries: 20, seed: 1)
        #expect((0.4...0.6).contains(found[0].recall), "\(found)")
        let parts = [try await store([Sample.records(0..<100)]), try await store([Sample.records(100..<300)])]
        let merged = try await SearchRecall([searched(parts[0]), searched(parts[1])], against: searched(source))
            .measure(queries: 20, seed: 1)
        #expect(merged[0].recall == 1)
    }
}
