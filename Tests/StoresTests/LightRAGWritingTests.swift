import Foundation
import JSON
import Model
import Stores
import TestSupport
import Testing

@testable import Stores

/// What is written, and when it is seen.
@Suite struct LightRAGWritingTests {
    /// Every type of payload, and the one vector that a row must have.
    private func everyType(_ name: String) -> Collection {
        var shape = Sample.everyType(name)
        shape.vectors = [VectorField(name: "v", dimension: 2, metric: .cosine)]
        return shape
    }

    private func lines(of shape: Collection) -> [String] {
        Sample.lines.map { line in
            let fields = (line.components(separatedBy: #""fields":"#).last ?? "").trimmingCharacters(in: .newlines)
            let key = line.components(separatedBy: #","vectors""#)[0]
            return #"\#(key),"vectors":{\#(shape.vectors.isEmpty ? "" : #""v":[1,2]"#)},"fields":\#(fields)"#
        }
    }

    @Test(arguments: ["vdb_every", "kv_store_every"])
    func everyTypeComesBackAsItWasSent(_ name: String) async throws {
        var shape = everyType(name)
        if name.hasPrefix("kv") { shape.vectors = [] }
        let folder = LightRAGFolder()
        let store = folder.store()
        try await store.create(shape)
        let sent = try Sample.batch(lines(of: shape), of: shape)
        try await store.write(sent, to: name, .first)
        try await store.settle(name)
        #expect(try await store.everything(in: name).lines(of: shape) == sent.lines(of: shape))
        let once = #"{"key":"full","vectors":{\#(shape.vectors.isEmpty ? "" : #""v":[3,4]"#)},"fields":{"f_int8":1}}"#
        try await store.write(Sample.batch([once], of: shape), to: name, .again)
        let reading = try await store.read(name, at: nil)
        #expect(try await reading.fetch([.text("full")], .all).lines(of: shape) == [once])
        for filter in Sample.filters where !filter.fields.contains(where: { $0.hasPrefix("v_") }) {
            let all = try await store.everything(in: name)
            let expected = try BoundFilter(filter, shape).rows(of: all).count
            #expect(try await reading.count(matching: filter) == expected, "\(filter)")
        }
        await store.close()
        #expect(try await folder.store().describe(name).collection == store.fit(shape, into: nil).collection)
    }

    @Test func aSearchComparesByCosine() async throws {
        let store = LightRAGFolder().store()
        try await store.create(Sample.plain("vdb_a"))
        try await store.write(Sample.records(0..<20), to: "vdb_a", .first)
        let query = [Float(3), 1].withUnsafeBytes { Array($0) }
        let hits = try await store.search?.nearest(
            Column(.dense(query)), count: 1, field: "v", in: "vdb_a", metric: nil, where: nil, limit: 2)
        #expect(hits?[0].map(\.key) == [.integer(3), .integer(4)])
        #expect(abs((hits?[0][0].score ?? 0) - 1) < 1e-6)
        let fit = store.fit(Sample.plain("vdb_b"), into: nil)
        #expect(fit.collection.vectors[0].metric == .cosine)
        #expect(fit.verdicts.first { $0.subject == "vector v" }?.grade == .lossy)
    }

    @Test func whatAFolderCannotHoldIsSaidBefore() throws {
        let store = LightRAGFolder().store()
        #expect(store.fit(Sample.plain("docs"), into: nil).verdicts.map(\.grade) == [.impossible])
        var bare = Sample.plain("vdb_a")
        bare.vectors = []
        #expect(store.fit(bare, into: nil).verdicts.contains { $0.grade == .impossible })
        bare.name = "graph_edges"
        #expect(store.fit(bare, into: nil).verdicts.filter { $0.grade == .impossible }.count == 2)
        bare.name = "kv_store_a"
        #expect(store.fit(bare, into: nil).verdicts.allSatisfy { $0.grade == .exact })
    }

    @Test func zerosAndReservedNamesAreRefusedByKey() async throws {
        let store = LightRAGFolder().store()
        var shape = Sample.plain("vdb_a")
        shape.isOpen = true
        try await store.create(shape)
        let flat = #"{"key":7,"vectors":{"v":[0,0]},"fields":{}}"#
        let reserved = #"{"key":8,"vectors":{"v":[1,0]},"fields":{"__id__":1}}"#
        for line in [flat, reserved] {
            let error = await #expect(throws: StoreError.self) {
                try await store.write(Sample.batch([line], of: shape), to: "vdb_a", .first)
            }
            #expect(error?.code == .rejected && error?.rows == [0])
        }
        #expect(try await store.everything(in: "vdb_a").count == 0)
    }

    // MARK: Loads

    @Test func aLoadIsSeenWhenItIsFinishedAndSurvivesItsProgram() async throws {
        let folder = LightRAGFolder()
        try await folder.store().create(Sample.plain("vdb_a"))
        for part in 0..<3 {
            let store = folder.store()
            for _ in 0..<2 { try await store.begin("vdb_a", for: "job") }
            try await store.write(Sample.records(part * 10..<part * 10 + 15), to: "vdb_a", .again)
            try await store.settle("vdb_a")
            #expect(try await store.everything(in: "vdb_a").count == 0)
            // It is not finished: the program ends.
            await store.close()
        }
        #expect(try folder.text("vdb_a.json").contains(#""data": []"#))
        let store = folder.store()
        try await store.begin("vdb_a", for: "job")
        for _ in 0..<2 { try await store.finish("vdb_a", for: "job") }
        let back = try await store.everything(in: "vdb_a")
        #expect(back.lines(of: Sample.plain("vdb_a")) == Sample.records(0..<35).lines(of: Sample.plain("vdb_a")))
        await store.close()
        #expect(!FileManager.default.fileExists(atPath: "\(folder.root)/.vecsh/vdb_a.job.load"))
    }

    @Test func aLoadThatNobodyFinishesIsNotBroughtInByAnotherWrite() async throws {
        let folder = LightRAGFolder()
        let store = folder.store()
        try await store.create(Sample.plain("vdb_a"))
        try await store.begin("vdb_a", for: "one")
        try await store.write(Sample.records(1..<10), to: "vdb_a", .first)
        try await store.settle("vdb_a")
        await store.pause("vdb_a")
        try await store.write(Sample.records(20..<22), to: "vdb_a", .first)
        try await store.settle("vdb_a")
        #expect(try await store.everything(in: "vdb_a").keys == [.integer(20), .integer(21)])
        await store.close()
        // Another job's load takes nothing of it along, and leaves it where it is.
        let other = folder.store()
        try await other.begin("vdb_a", for: "two")
        try await other.write(Sample.records(30..<32), to: "vdb_a", .first)
        try await other.finish("vdb_a", for: "two")
        #expect(try await other.everything(in: "vdb_a").count == 4)
        await other.close()
        let last = folder.store()
        try await last.begin("vdb_a", for: "one")
        try await last.finish("vdb_a", for: "one")
        #expect(try await last.everything(in: "vdb_a").count == 13)
        await last.close()
    }

    @Test func whatIsLeftOfALoadGoesWithTheCollection() async throws {
        let folder = LightRAGFolder()
        let store = folder.store()
        for name in ["vdb_a", "vdb_a.b"] {
            try await store.create(Sample.plain(name))
            try await store.begin(name, for: "one")
            try await store.write(Sample.records(1..<10), to: name, .first)
            await store.pause(name)
        }
        try await store.drop("vdb_a", being: nil)
        let left = try FileManager.default.contentsOfDirectory(atPath: "\(folder.root)/.vecsh")
        #expect(left.filter { $0.hasSuffix(".load") } == ["vdb_a.b.one.load"])
        await store.close()
    }

    @Test func aSpoolThatIsCutAnywhereEndsBeforeTheCut() async throws {
        let folder = LightRAGFolder()
        let store = folder.store()
        try await store.create(Sample.plain("vdb_a"))
        try await store.begin("vdb_a", for: "job")
        for part in 0..<4 { try await store.write(Sample.records(part * 5 + 1..<part * 5 + 6), to: "vdb_a", .first) }
        await store.close()
        let path = URL(filePath: "\(folder.root)/.vecsh/vdb_a.job.load")
        let whole = try Data(contentsOf: path)
        for size in stride(from: 0, through: whole.count, by: 37) {
            var cut = whole.prefix(size)
            if size % 2 == 1, size > 50 { cut[size - 5] ^= 1 }
            try cut.write(to: path)
            let spool = try LightRAGSpool(path.path, stride: 8)
            #expect(spool.entries.count % 5 == 0 && spool.entries.count <= size / (whole.count / 20))
            #expect(spool.entries.count >= (size / (whole.count / 4) - (size % 2)) * 5)
        }
    }

    @Test func whatOthersWroteMeanwhileStays() async throws {
        let folder = LightRAGFolder(["vdb_entities.json": LightRAGReadingTests.rows])
        let store = folder.store()
        let shape = try await store.describe("vdb_entities").collection
        try await store.begin("vdb_entities", for: "job")
        let line = #"{"key":"ent-3","vectors":{"embedding":[0,1]},"fields":{"__created_at__":5,"n":1}}"#
        let more = line.replacing("ent-3", with: "ent-4")
        try await store.write(Sample.batch([line, more], of: shape), to: "vdb_entities", .first)
        #expect(try await store.delete([.text("ent-1"), .text("none")], from: "vdb_entities") == 1)
        let other = LightRAGReadingTests.rows.replacing(#""Ada""#, with: #""Eve""#).replacing("ent-1", with: "ent-0")
        try Data(other.utf8).write(to: URL(filePath: "\(folder.root)/vdb_entities.json"), options: .atomic)
        try await store.finish("vdb_entities", for: "job")
        let keys = try await store.everything(in: "vdb_entities").keys
        #expect(keys == ["ent-0", "ent-é", "ent-3", "ent-4"].map { .text(Text($0)) })
        #expect(try folder.text("vdb_entities.json").contains(#""additional_data": {"model": "x"}"#))
        #expect(try folder.text("vdb_entities.json").contains("1734640000123456789"))
    }

    // MARK: Graphs

    @Test func elementsThatDoNotChangeStayByteByByte() async throws {
        let name = "graph_chunk_entity_relation.graphml"
        let folder = LightRAGFolder([name: LightRAGReadingTests.graph])
        let store = folder.store()
        let shape = try await store.describe("graph_nodes").collection
        let line = #"{"key":"new <&>\"\n","vectors":{},"fields":{"created_at":-1,"entity_type":"a\tb\r\n&"}}"#
        try await store.write(Sample.batch([line], of: shape), to: "graph_nodes", .first)
        try await store.settle("graph_nodes")
        let text = try folder.text(name)
        #expect(
            text.contains("<!-- made by hand > really -->") && text.contains(#"<edge source="A &#38; &quot;B&quot;""#))
        let reading = try await store.read("graph_nodes", at: nil)
        #expect(try await reading.fetch([.text("new <&>\"\n")], .all).lines(of: shape) == [line])
        #expect(try await store.delete([.text("lone"), .text("new <&>\"\n")], from: "graph_nodes") == 2)
        try await store.drop("graph_edges", being: nil)
        #expect(try await store.everything(in: "graph_nodes").count == 1)
        #expect(try !folder.text(name).contains("<edge"))
    }

    @Test func aNewGraphIsMadeOfTwoCollections() async throws {
        let folder = LightRAGFolder()
        let store = folder.store()
        // Nodes and edges share a file, which cannot be half live.
        for name in ["graph_nodes", "graph_edges"] {
            await refuses(.unsupported) { _ = try await store.staging(for: name) }
        }
        let nodes = Collection(
            name: "graph_nodes", key: KeyField(type: .text(maxLength: nil)),
            fields: [Field(name: "entity_type", type: .text(maxLength: nil)), Field(name: "n", type: .int8)])
        let edges = Collection(
            name: "graph_edges", key: nodes.key,
            fields: LightRAGGraph.ends + [Field(name: "weight", type: .double), Field(name: "at", type: .timestamp)])
        try await store.create(nodes)
        #expect(try await store.collections() == ["graph_nodes"])
        try await store.create(edges)
        let node = #"{"key":"a","vectors":{},"fields":{"entity_type":"x","n":-7}}"#
        let edge =
            #"{"key":"a<SEP>b","vectors":{},"fields":{"src_id":"a","tgt_id":"b","weight":0.5,"at":"2025-12-19T21:38:14Z"}}"#
        try await store.write(Sample.batch([node], of: nodes), to: "graph_nodes", .first)
        try await store.write(Sample.batch([edge], of: edges), to: "graph_edges", .first)
        #expect(try await store.everything(in: "graph_nodes").lines(of: nodes) == [node])
        #expect(try await store.everything(in: "graph_edges").lines(of: edges) == [edge])
        let astray = edge.replacing("a<SEP>b", with: "a-b")
        await refuses(.rejected) { try await store.write(Sample.batch([astray], of: edges), to: "graph_edges", .first) }
        await refuses(.rejected) {
            let bell = #"{"key":"b","vectors":{},"fields":{"entity_type":"\u0007"}}"#
            try await store.write(Sample.batch([bell], of: nodes), to: "graph_nodes", .first)
        }
        try await store.drop("graph_nodes", being: nil)
        #expect(try await store.collections() == ["graph_edges"])
        try await store.drop("graph_edges", being: nil)
        #expect(try folder.names() == [".vecsh"])
    }
}
