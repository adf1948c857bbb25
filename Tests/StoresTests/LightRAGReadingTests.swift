import Foundation
import JSON
import Model
import Stores
import TestSupport
import Testing

/// What is read from files that LightRAG or nano-vectordb has written.
@Suite struct LightRAGReadingTests {
    /// Vectors end to end as `matrix` has them.
    static func matrix(_ numbers: [Float]) -> String { numbers.withUnsafeBytes { Data($0).base64EncodedString() } }

    /// Three rows of dimension 2: a vector's eight bytes begin at every place of a group of three.
    static let rows = #"""
        {"embedding_dim": 2, "data": [{"__id__": "ent-1", "__created_at__": 1734640000, "entity_name": "Ada", "n": 1},
        {"__id__": "ent-\u00e9", "__created_at__": 1734640000.25, "entity_name": null, "__write_seq__": 1734640000123456789, "n": 9223372036854775807},
        {"__id__": "ent-3", "__created_at__": 1, "tags": ["a", {"b": null}], "n": 18446744073709551615}],
        "matrix": "MATRIX", "additional_data": {"model": "x"}}
        """#.replacing("MATRIX", with: matrix([1, 0, 0, 1, 0.6, 0.8]))

    @Test func rowsMatrixAndTypesAreRead() async throws {
        let folder = LightRAGFolder(["vdb_entities.json": Self.rows])
        let store = folder.store()
        let shape = try await store.describe("vdb_entities").collection
        #expect(shape.key.type == .text(maxLength: nil) && !shape.isOpen)
        #expect(shape.vectors == [VectorField(name: "embedding", dimension: 2, metric: .cosine)])
        #expect(
            shape.fields.map { "\($0.name) \($0.type) \($0.isNullable)" } == [
                "__created_at__ double false", "entity_name text true", "n json false", "__write_seq__ int64 true",
                "tags json true",
            ])
        let all = try await store.everything(in: "vdb_entities")
        #expect(
            all.lines(of: shape) == [
                #"{"key":"ent-1","vectors":{"embedding":[1,0]},"fields":{"__created_at__":1734640000,"entity_name":"Ada","n":1}}"#,
                #"{"key":"ent-3","vectors":{"embedding":[0.6,0.8]},"fields":{"__created_at__":1,"n":18446744073709551615,"tags":["a", {"b": null}]}}"#,
                #"{"key":"ent-é","vectors":{"embedding":[0,1]},"fields":{"__created_at__":1734640000.25,"entity_name":null,"n":9223372036854775807,"__write_seq__":1734640000123456789}}"#,
            ])
        #expect(try folder.names() == ["vdb_entities.json"])
    }

    @Test(arguments: 1...7)
    func everyVectorOfAnyDimensionIsFound(_ dimension: Int) async throws {
        let numbers = (0..<11 * dimension).map { Float($0 + 1) }
        let data = (0..<11).map { #"{"__id__":"\#($0)"}"# }.joined(separator: ",")
        let text = #"{"data":[\#(data)],"matrix":"\#(Self.matrix(numbers))"}"#
        let store = LightRAGFolder(["vdb_a.json": text]).store()
        let whole = try await store.everything(in: "vdb_a")
        #expect(whole.vectors[0].values == .dense(numbers.withUnsafeBytes { Array($0) }))
        for size in 1...4 {
            let pages = try await store.everything(in: "vdb_a", budget: Budget(records: size))
            #expect(pages == whole)
        }
        let reading = try await store.read("vdb_a", at: nil)
        let found = try await reading.fetch([.text("7"), .text("2"), .text("3"), .text("x")], .all)
        #expect(found == whole.rows([2, 3, 7]))
        let description = try await store.describe("vdb_a")
        #expect(description.collection.vectors[0].dimension == dimension)
    }

    /// The matrix is a hole in a file, but for its end.
    @Test func aFileBeyondFourGiBIsReadToItsEnd() async throws {
        let (rows, dimension) = (12_450, 65_536)
        // Where holes take neither room nor time.
        let memory = "/dev/shm/vecsh-lightrag-\(UUID().uuidString)"
        let folder = mkdir(memory, 0o755) == 0 ? memory : LightRAGFolder(["vdb_big.json": ""]).root
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/vdb_big.json"
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        let data = (0..<rows).map { #"{"__id__":"\#($0)"}"# }.joined(separator: ",")
        let head = #"{"embedding_dim":\#(dimension),"data":[\#(data)],"matrix":""#
        let length = rows * dimension * 4 / 3 * 4
        let end = Data(String(repeating: "A", count: dimension * 8).utf8) + Data(Self.matrix([1.5, 2.5, -3.5]).utf8)
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.write(contentsOf: Data(head.utf8))
        try file.seek(toOffset: UInt64(head.utf8.count + length - end.count))
        try file.write(contentsOf: end + Data(#""}"#.utf8))
        try file.close()
        let reading = try await LightRAGStore(at: folder).read("vdb_big", at: nil)
        #expect(reading.description.bytes ?? 0 > 4 << 30)
        let page = try await reading.page(Scan(slice: Slice(after: Cursor("\(rows - 1)"))))
        guard case .dense(let bytes)? = page?.batch.vectors[0].values else { return #expect(Bool(false)) }
        #expect(page?.batch.keys == [.text(Text("\(rows - 1)"))] && bytes.count == dimension * 4)
        #expect(bytes.suffix(16) == [Float(0), 1.5, 2.5, -3.5].withUnsafeBytes { Array($0) }[...])
    }

    @Test func halvesInRowsAreAVectorOfTheirOwn() async throws {
        // The halves 1.0 and -2.0, as Python packs them.
        let rows = #"[{"__id__":"a","vector":"eJxjsGE4AAABeAD9"},{"__id__":"b"}]"#
        let text = #"{"embedding_dim":2,"data":\#(rows),"matrix":"\#(Self.matrix([1, 0, 0, 1]))"}"#
        let store = LightRAGFolder(["vdb_chunks.json": text]).store()
        let shape = try await store.describe("vdb_chunks").collection
        #expect(shape.vectors.map(\.name) == ["embedding", "vector"])
        #expect(shape.vectors[1].element == .float16 && shape.vectors[1].isNullable)
        #expect(
            try await store.everything(in: "vdb_chunks").lines(of: shape) == [
                #"{"key":"a","vectors":{"embedding":[1,0],"vector":[1,-2]},"fields":{}}"#,
                #"{"key":"b","vectors":{"embedding":[0,1]},"fields":{}}"#,
            ])
        let none = try await store.everything(in: "vdb_chunks", wanted: Projection(vectors: ["embedding"]))
        #expect(none.vectors.count == 1)
    }

    @Test(arguments: [
        #"[{"__id__":"a","vector":[1,-2]},{"__id__":"b","vector":[3,4]}]"#,
        #"[{"__id__":"a","vector":"eJxjsGE4AAABeAD9"},{"__id__":"b","vector":"eJxjcGJwAQABDgCH"}]"#,
    ])
    func withoutAMatrixTheRowsOwnVectorsCount(_ rows: String) async throws {
        let store = LightRAGFolder(["vdb_chunks.json": #"{"data":\#(rows)}"#]).store()
        let shape = try await store.describe("vdb_chunks").collection
        #expect(shape.vectors == [VectorField(name: "embedding", dimension: 2, metric: .cosine)] && shape.fields == [])
        #expect(
            try await store.everything(in: "vdb_chunks").lines(of: shape) == [
                #"{"key":"a","vectors":{"embedding":[1,-2]},"fields":{}}"#,
                #"{"key":"b","vectors":{"embedding":[3,4]},"fields":{}}"#,
            ])
    }

    @Test func valuesAreObjectsByTheirKeys() async throws {
        let text =
            "\u{FEFF}"
            + #"{ "doc-1" : {"content":"x","tokens":3}, "doc-\"2\"":{"content":"y","status":{"a":1}} , "":{} }"#
        let store = LightRAGFolder(["kv_store_full_docs.json": text]).store()
        let shape = try await store.describe("kv_store_full_docs").collection
        #expect(shape.vectors.isEmpty)
        #expect(
            try await store.everything(in: "kv_store_full_docs").lines(of: shape) == [
                #"{"key":"","vectors":{},"fields":{}}"#,
                #"{"key":"doc-1","vectors":{},"fields":{"content":"x","tokens":3}}"#,
                #"{"key":"doc-\"2\"","vectors":{},"fields":{"content":"y","status":{"a":1}}}"#,
            ])
    }

    @Test func aGraphIsItsNodesAndItsEdges() async throws {
        let store = LightRAGFolder(["graph_chunk_entity_relation.graphml": Self.graph]).store()
        #expect(try await store.collections() == ["graph_edges", "graph_nodes"])
        let nodes = try await store.describe("graph_nodes").collection
        #expect(
            try await store.everything(in: "graph_nodes").lines(of: nodes) == [
                #"{"key":"A & \"B\"","vectors":{},"fields":{"created_at":1734640000,"entity_type":"person\n<x>"}}"#,
                #"{"key":"lone","vectors":{},"fields":{}}"#,
            ])
        let edges = try await store.describe("graph_edges").collection
        #expect(
            try await store.everything(in: "graph_edges").lines(of: edges) == [
                #"{"key":"A & \"B\"<SEP>lone","vectors":{},"fields":{"src_id":"A & \"B\"","tgt_id":"lone","new":true,"weight":1}}"#
            ])
    }

    static let graph = """
        <?xml version='1.0' encoding='utf-8'?>
        <!-- made by hand > really -->
        <graphml xmlns="http://graphml.graphdrawing.org/xmlns">
        <key id="d9" for="edge" attr.name="new" attr.type="boolean" />
        <key id="d2" for="edge" attr.name="weight" attr.type="double" />
        <key id="d1" for="node" attr.name="created_at" attr.type="long"></key>
        <key id="d0" for="node" attr.name="entity_type" attr.type="string" />
        <graph edgedefault="undirected"><node id="A &amp; &quot;B&quot;">
          <data key="d0">person
        &lt;x&gt;</data>
          <data key="d1">1734640000</data>
        </node>
        <node id='lone'/>
        <edge source="A &#38; &quot;B&quot;" target="lone"><data key="d2">1.0</data><data key="d9">True</data></edge>
        </graph></graphml>
        """
}
