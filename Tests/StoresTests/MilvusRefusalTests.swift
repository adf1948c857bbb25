import Model
import TestSupport
import Testing
import Wire

@testable import Stores

/// What cannot be: it is named, and nothing half done stays.
@Suite struct MilvusRefusalTests {
    // MARK: Who asks

    @Test(.needs(.guarded)) func nobodyComesInWithoutTheRightPassword() async throws {
        let service = try await MilvusService.running(.guarded)
        let plain = "milvus://127.0.0.1:\(service.port)"
        for (address, options) in [
            (plain, [:]), (plain, ["token": "root:wrong"]), (plain, ["token": "no-such-key"]),
            ("milvus://root:wrong@127.0.0.1:\(service.port)", [:]),
        ] {
            await refuses(.unauthorized) { _ = try await Milvus.kind.open(#require(Endpoint(address)), options) }
        }
        for (address, options) in [
            ("milvus://root:Milvus@127.0.0.1:\(service.port)", [:]), (plain, ["token": "root:Milvus"]),
        ] {
            let store = try await Milvus.kind.open(#require(Endpoint(address)), options)
            #expect(try await store.collections().isEmpty)
            await store.close()
        }
    }

    // MARK: What is asked for

    @Test(.needs(.whole)) func whatMilvus23LacksIsNamedBeforeAnythingIsMade() async throws {
        let store = try await MilvusPlaces.store(.whole)
        let sparse = Collection(
            name: "a", key: KeyField(type: .int64),
            vectors: [VectorField(name: "words", layout: .sparse, dimension: nil, metric: .ip)])
        let verdicts = store.fit(sparse, into: nil).verdicts
        #expect(verdicts.contains { $0.grade == .impossible && $0.subject.contains("words") })
        await refuses(.unsupported) { _ = try await store.create(sparse) }
        var shape = Sample.plain("a")
        shape.fields.append(Field(name: "flag", type: .bool))
        shape.fields.append(Field(name: "name", type: .text(maxLength: 9)))
        try await store.create(store.fit(shape, into: nil).collection)
        let indexing = try #require(store.indexing)
        await refuses(.rejected) {
            try await indexing.create(Index(name: "i", field: "flag", type: "inverted"), on: "a")
        }
        try await indexing.create(Index(name: "n", field: "name", type: "inverted"), on: "a")
        #expect(try await store.describe("a").collection.indexes.contains { $0.name == "n" && $0.type == "trie" })
        #expect(try await store.collections() == ["a"])
        await store.close()
    }

    @Test(.needs(.lite)) func aMessageThatIsTooLargeIsNotSent() async throws {
        let store = try await MilvusPlaces.store(.lite)
        try await store.create(store.fit(Sample.plain("a", dimension: 2_048), into: nil).collection)
        await refuses(.tooLarge) {
            try await store.write(Sample.records(0..<8_300, dimension: 2_048), to: "a", .first)
        }
        #expect(try await store.everything(in: "a").count == 0)
        await store.close()
    }

    @Test func aTypeThatNobodyKnowsIsNamed() throws {
        let schema = ProtoWriter { writer in
            writer.text(1, "a")
            writer.message(4) { field in
                field.text(2, "shape")
                field.integer(5, 77)
            }
        }
        do {
            _ = try MilvusSchema(schema.message)
            Issue.record("read")
        } catch let error as StoreError {
            #expect(error.code == .unsupported && error.message.contains("shape") && error.message.contains("77"))
        }
    }

    // MARK: What servers say

    @Test func refusalsOfServersHaveTheirMeaning() throws {
        let line = MilvusLine(grpc: GRPC("http://127.0.0.1:9"), address: "there", timeout: .seconds(1))
        defer { line.grpc.close() }
        let server = MilvusServer(line: line, database: "", engine: MilvusEngine("v2.5.4"))
        for (legacy, code, reason, meaning) in [
            (0, 8, "request is rejected by grpc RateLimiter middleware: rate limit exceeded[rate=0.1]", .throttled),
            (49, 0, "rate", .throttled), (0, 9, "memory quota exceeded, please allocate more resources", .full),
            (0, 1_102, "larger", .tooLarge), (0, 65_535, "query results exceed the maxOutputSize Limit", .tooLarge),
            (0, 100, "collection not found", .notFound), (0, 101, "collection not loaded", .expired),
            (0, 1_100, "invalid parameter", .rejected), (1, 0, "wrong", .rejected), (0, 5, "not ready", .unavailable),
        ] as [(Int, Int, String, StoreError.Code)] {
            let message = ProtoWriter { writer in
                writer.integer(1, legacy)
                writer.text(2, reason)
                writer.integer(3, code)
            }
            let error = StoreError(try MilvusStatus(message.message), server, "a")
            #expect(error.code == meaning, "\(code) \(reason): \(error)")
        }
    }

    @Test func failuresOfTheWireSayWhetherSomethingMayHaveBeenWritten() {
        let cut = StoreError(WireError(.broken, "cut"), "there")
        #expect(cut.code == .unavailable && cut.mayHaveWritten && cut.isWorthRetrying)
        let away = StoreError(WireError(.unreachable, "refused"), "there")
        #expect(away.code == .unavailable && !away.mayHaveWritten)
        let large = StoreError(
            GRPCStatus(code: .resourceExhausted, message: "trying to send message larger than max (9 vs. 4)"), "Insert",
            "there")
        #expect(large.code == .tooLarge && !large.mayHaveWritten)
        let often = StoreError(GRPCStatus(code: .resourceExhausted, message: "rate limit"), "Insert", "there")
        #expect(often.code == .throttled && often.isWorthRetrying)
        let late = StoreError(GRPCStatus(code: .deadlineExceeded, message: ""), "Insert", "there")
        #expect(late.code == .unavailable && late.mayHaveWritten)
    }

    // MARK: Damaged answers

    /// Whatever of an answer is lost or changed on the way, it is a page of whole rows, or an error.
    @Test func damagedPagesAreRefusedOrWhole() throws {
        let seed = Environment.number("VECSH_SEED") ?? .random(in: 0..<1_000_000)
        var random = SeededRandom(seed)
        var shape = Sample.everyType("every")
        shape.vectors.removeAll { $0.layout == .multi || $0.element == .uint8 }
        let table = MilvusFit(shape, MilvusEngine("v2.6.4")).table
        let records = try Sample.batch(Array(Sample.lines.prefix(1)), of: Sample.everyType("every"))
            .projected(Projection(vectors: Set(shape.vectors.map(\.name))), Sample.everyType("every"))
        var writer = ProtoWriter()
        var whole = records
        whole.rest = Column(.bytes(Ragged(ends: [2], elements: Array("{}".utf8))))
        if let place = shape.vectors.firstIndex(where: { $0.layout == .sparse }) {
            whole.vectors[place] = Column(.sparse(Ragged(ends: [1], elements: [7]), [1]))
        }
        try MilvusRecords(whole, table, table.collection).write(to: &writer, withKeys: true)
        let answer = Array(writer.message)
        #expect(try rows(answer, table) == 1)
        for _ in 0..<4_000 {
            var bytes = answer
            for _ in 0...Int.random(in: 0..<3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.removeSubrange(place...)
                }
                if bytes.isEmpty { bytes = [0] }
            }
            let count = (try? rows(bytes, table)) ?? 0
            #expect((0...1_000).contains(count), "seed \(seed)")
        }
    }

    private func rows(_ answer: [UInt8], _ table: MilvusTable) throws -> Int {
        var fields: [MilvusFieldData] = []
        try ProtoReader.forEach(answer[...]) { field in
            if field.number == 5 { fields.append(try MilvusFieldData(field.bytes())) }
        }
        var page = MilvusPage(table, table.collection)
        let count = try page.take(fields)
        #expect(page.count == count)
        #expect(page.batch.lines(of: table.collection).count == count)
        return count
    }
}
