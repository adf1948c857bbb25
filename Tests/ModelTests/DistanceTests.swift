import Model
import TestSupport
import Testing

@Suite struct DistanceTests {
    private func bytes(_ values: [Float], _ element: Element) -> [UInt8] {
        var bytes: [UInt8] = []
        _ = element.append(values, to: &bytes)
        return bytes
    }

    private func score(_ metric: Metric, _ a: [Float], _ b: [Float], _ element: Element = .float32) throws -> Float? {
        let field = VectorField(name: "v", element: element, dimension: a.count)
        let distance = try Distance(metric, field, to: bytes(a, element))
        return bytes(b, element).withUnsafeBytes { distance.score($0) }
    }

    /// The plainest loop, in doubles.
    private func plain(_ metric: Metric, _ a: [Float], _ b: [Float]) -> Double {
        let pairs = zip(a, b).map { (Double($0), Double($1)) }
        func sum(_ term: (Double, Double) -> Double) -> Double { pairs.reduce(0) { $0 + term($1.0, $1.1) } }
        return switch metric {
        case .l2: sum { ($0 - $1) * ($0 - $1) }.squareRoot()
        case .ip: sum { $0 * $1 }
        case .l1: sum { abs($0 - $1) }
        case .cosine: sum { $0 * $1 } / (sum { x, _ in x * x }.squareRoot() * sum { $1 * $1 }.squareRoot())
        case .hamming: sum { $0 == $1 ? 0 : 1 }
        case .jaccard: 1 - sum { $0 * $1 } / sum { max($0, $1) }
        case .bm25: 0
        }
    }

    @Test(arguments: [1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 100, 768])
    func everyLengthAgreesWithAPlainLoop(_ dimension: Int) throws {
        for element in [Element.float32, .float16, .int8] {
            for metric in [Metric.l2, .ip, .cosine, .l1] {
                let (a, b) = (vector(dimension, element), vector(dimension, element))
                let found = Double(try #require(try score(metric, a, b, element)))
                let wanted = plain(metric, a, b)
                #expect(abs(found - wanted) <= 1e-4 * max(1, abs(wanted)), "\(metric) \(element) \(dimension)")
            }
        }
    }

    private func vector(_ dimension: Int, _ element: Element) -> [Float] {
        (0..<dimension).map { _ in
            element == .int8 ? Float(Int.random(in: 1...100)) : Float(Int.random(in: 1...64)) / 32
        }
    }

    @Test(arguments: [8, 16, 24, 13]) func bitsAgreeToo(_ dimension: Int) throws {
        for metric in [Metric.hamming, .jaccard] {
            let a = (0..<dimension).map { $0 == 0 ? 1 : Float(Int.random(in: 0...1)) }
            let b = (0..<dimension).map { _ in Float(Int.random(in: 0...1)) }
            let found = Double(try #require(try score(metric, a, b, .bit)))
            #expect(abs(found - plain(metric, a, b)) < 1e-6)
        }
    }

    @Test func whatHasNoMeaning() throws {
        #expect(try score(.cosine, [1, 0], [0, 0]) == nil)
        #expect(try score(.cosine, [0, 0], [1, 0]) == nil)
        #expect(throws: StoreError.self) { try score(.hamming, [1, 0], [0, 1]) }
        #expect(throws: StoreError.self) { try score(.l2, [1, 0], [0, 1], .bit) }
        #expect(throws: StoreError.self) { try score(.bm25, [1], [1]) }
        #expect(throws: StoreError.self) {
            try Distance(.l2, VectorField(name: "v", dimension: 3), to: bytes([1, 2], .float32))
        }
    }
}

@Suite struct ExactSearchTests {
    /// A reading of one batch.
    private struct Held: Reading {
        let batch: Batch
        let shape: Collection
        var moment: Moment { Moment(token: "", life: .none) }
        var description: Description { Description(collection: shape, identity: Identity("")) }
        func answers(_ conjunct: Filter) -> Bool { false }
        func count(_ filter: Filter?) async throws(StoreError) -> Int { batch.count }
        func slices(atMost count: Int) async throws(StoreError) -> [Slice] { [.whole] }
        func fetch(_ keys: [Key], _ wanted: Projection) async throws(StoreError) -> Batch { batch.rows([]) }
        func close() async {}

        func page(_ scan: Scan) async throws(StoreError) -> Page? {
            let start = scan.slice.after.flatMap { Int($0.token) } ?? 0
            guard start < batch.count else { return nil }
            let end = min(batch.count, start + 3)
            return Page(
                batch: batch.rows(Array(start..<end)).projected(scan.wanted, shape), end: Cursor(String(end)))
        }
    }

    private func nearest(
        _ query: [Float], _ metric: Metric, limit: Int, where filter: Filter? = nil
    ) async throws -> [Hit] {
        let shape = Sample.plain("c")
        // Ten records of which two by two have the same vector.
        var vectors: [UInt8] = []
        for key in 0..<10 { for value in [Float(key / 2), 1] { vectors.append(littleEndian: value.bitPattern) } }
        let keys = (0..<10).reversed().map { Key.integer(Int64($0)) }
        let batch = Batch(
            keys: keys, vectors: [Column(.dense(vectors))], fields: [Column(.integers((0..<10).map { Int64($0) }))])
        var bytes: [UInt8] = []
        for value in query { bytes.append(littleEndian: value.bitPattern) }
        return try await ExactSearch(Held(batch: batch, shape: shape)).nearest(
            Column(.dense(bytes)), count: 1, field: "v", metric: metric, where: filter, limit: limit)[0]
    }

    @Test func equalScoresRankByKey() async throws {
        let hits = try await nearest([0, 1], .l2, limit: 5)
        #expect(hits.map(\.key) == [8, 9, 6, 7, 4].map { .integer($0) })
        #expect(hits.map(\.score) == [0, 0, 1, 1, 2])
    }

    @Test func aCutThroughEqualScoresIsAlwaysTheSame() async throws {
        for limit in 0...10 {
            let all = try await nearest([0, 1], .ip, limit: 10).map(\.key)
            #expect(all == (0..<10).sorted { ($0 ^ 1) < ($1 ^ 1) }.map { Key.integer(Int64($0)) } || all.count == 10)
            #expect(try await nearest([0, 1], .ip, limit: limit).map(\.key) == Array(all.prefix(limit)))
        }
    }

    @Test func largerIsNearerWhereTheMetricSaysSo() async throws {
        #expect(try await nearest([1, 0], .ip, limit: 2).map(\.key) == [.integer(0), .integer(1)])
        #expect(try await nearest([1, 0], .l2, limit: 1).map(\.score) == [1])
    }

    @Test func onlyWhatTheFilterKeeps() async throws {
        let filter = Filter.compare(field: "page", is: .greaterOrEqual, to: .integer(6))
        #expect(try await nearest([0, 1], .l2, limit: 3, where: filter).map(\.key) == [2, 3, 0].map { .integer($0) })
    }
}
