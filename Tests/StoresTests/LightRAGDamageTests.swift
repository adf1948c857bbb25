import Foundation
import Model
import Stores
import TestSupport
import Testing

/// What is wrong in a folder is named, with its file and place.
@Suite struct LightRAGDamageTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var text: String
        var says: String

        init(_ name: String, _ text: String, _ says: String) {
            (testDescription, self.text, self.says) = (name, text, says)
        }
    }

    private static let two = LightRAGReadingTests.matrix([1, 0, 0, 1])
    private static let nan = LightRAGReadingTests.matrix([1, 0, .nan, .nan])

    static let cases = [
        Case("cut short in a row", #"{"embedding_dim":2,"data":[{"__id__":"a","x":"y"#, "was cut short"),
        Case(
            "cut short in the matrix", #"{"embedding_dim":2,"data":[{"__id__":"a"}],"matrix":"AACAPw"#, "was cut short"),
        Case("empty", "", "was cut short"),
        Case("no data", #"{"embedding_dim":2}"#, #"has no "data""#),
        Case("text behind the end", #"{"data":[],"embedding_dim":2} x"#, "holds text behind its end"),
        Case(
            "a matrix shorter than the rows",
            #"{"embedding_dim":2,"data":[{"__id__":"a"},{"__id__":"b"},{"__id__":"c"}],"matrix":"\#(two)"}"#,
            "its matrix holds 2 vectors of dimension 2, and its data 3 rows"),
        Case(
            "another dimension", #"{"embedding_dim":4,"data":[{"__id__":"a"},{"__id__":"b"}],"matrix":"\#(two)"}"#,
            "its matrix holds 1 vectors of dimension 4, and its data 2 rows"),
        Case(
            "a dimension that does not divide",
            #"{"embedding_dim":3,"data":[{"__id__":"a"},{"__id__":"b"}],"matrix":"\#(two)"}"#,
            "its embedding_dim is 3, but its matrix has 2"),
        Case(
            "no dimension", #"{"data":[{"__id__":"a"},{"__id__":"b"},{"__id__":"c"}],"matrix":"\#(two)"}"#,
            "does not name its embedding_dim, and 4 numbers in its matrix give none for 3 rows"),
        Case("a dimension that is none", #"{"embedding_dim":-1,"data":[]}"#, "embedding_dim is -1, and no dimension"),
        Case(
            "no vectors", #"{"embedding_dim":2,"data":[{"__id__":"a"},{"__id__":"b","vector":[1,2]}]}"#,
            "has no matrix, and 1 of its 2 rows no vector of their own"),
        Case(
            "no base64",
            #"{"embedding_dim":2,"data":[{"__id__":"a"},{"__id__":"b"}],"matrix":"\#(two.dropLast(4))!A=="}"#,
            "its matrix is no base64 between rows 1 and 2"),
        Case("half a group", #"{"embedding_dim":1,"data":[{"__id__":"a"}],"matrix":"AAA"}"#, "is no base64 of float32"),
        Case(
            "two rows of one id",
            #"{"embedding_dim":2,"data":[{"__id__":"a"},{"__id__":"\u0061"}],"matrix":"\#(two)"}"#,
            #"rows 1 and 2 both have the id "a""#),
        Case(
            "no id", #"{"embedding_dim":2,"data":[{"__id__":"a"},{"id":"b"}],"matrix":"\#(two)"}"#,
            #"row 2 has no "__id__""#),
        Case(
            "NaN in a vector", #"{"embedding_dim":2,"data":[{"__id__":"a"},{"__id__":"b"}],"matrix":"\#(nan)"}"#,
            "row 2 (b) has a vector that is not finite"),
        Case("NaN in a row", #"{"embedding_dim":2,"data":[{"__id__":"a","x":NaN}]}"#, "NaN and Infinity are no JSON"),
        Case(
            "a member twice", #"{"embedding_dim":2,"data":[{"__id__":"a","x":1,"x":2}]}"#,
            #"a second member "x""#),
        Case(
            "a packed vector of another dimension",
            #"{"embedding_dim":2,"data":[{"__id__":"a","vector":"eJxjsAEAAD4APQ=="}],"matrix":"\#(LightRAGReadingTests.matrix([1, 0]))"}"#,
            "row 1: its vector has dimension 1, and should have 2"),
        Case(
            "a packed vector that is none",
            #"{"embedding_dim":2,"data":[{"__id__":"a","vector":"AAAA"}],"matrix":"\#(LightRAGReadingTests.matrix([1, 0]))"}"#,
            "its vector is nothing that zlib has packed"),
    ]

    @Test(arguments: cases)
    func isNamed(_ damage: Case) async throws {
        let store = LightRAGFolder(["vdb_entities.json": damage.text]).store()
        do {
            _ = try await store.everything(in: "vdb_entities")
            Issue.record("nothing was refused")
        } catch let error as StoreError {
            #expect(error.code == .malformed)
            #expect(error.message.contains("/vdb_entities.json") && error.message.contains(damage.says), "\(error)")
        }
    }

    @Test(arguments: [
        (#"{"a": {"x":1}, "a": {"x":2}}"#, #"rows 1 and 2 both have the id "a""#),
        (#"{"a": 7}"#, #"the value of "a" is no object"#), (#"{"a": {"x": 01}}"#, "row 1"), (#"{"a": {}"#, "cut short"),
    ])
    func valuesToo(_ text: String, _ says: String) async throws {
        let store = LightRAGFolder(["kv_store_x.json": text]).store()
        let error = await #expect(throws: StoreError.self) { try await store.describe("kv_store_x") }
        #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [
        (#"<node id="a"/><node id="a"/>"#, "both have the id"),
        (#"<node id="a"><data key="d7">x</data></node>"#, "does not declare"),
        (#"<edge source="a"/>"#, "does not say which"),
        (#"<node id="a"><data key="d0">x</data></node>"#, "and no long"),
        (#"<node id="a"><graph/></node>"#, "d0"), (#"<node id="a">"#, "cut short"), (#"<node id="&nbsp;"/>"#, "&nbsp;"),
    ])
    func graphsToo(_ element: String, _ says: String) async throws {
        let head = #"<graphml><key id="d0" for="all" attr.name="n" attr.type="long"/><graph>"#
        let end = element.hasSuffix(#""a">"#) ? "" : "</graph></graphml>"
        let store = LightRAGFolder(["graph_chunk_entity_relation.graphml": head + element + end]).store()
        let name = element.hasPrefix("<edge") ? "graph_edges" : "graph_nodes"
        let error = await #expect(throws: StoreError.self) { try await store.describe(name) }
        #expect(error?.message.contains(says) == true || says == "d0", "\(error?.message ?? "")")
    }

    @Test func whatIsNoFolderOfLightRAGsIsRefused() async throws {
        let folder = LightRAGFolder(["notes.txt": "x"])
        await refuses(.rejected) { try await folder.store().check() }
        await refuses(.rejected) { try await LightRAGStore(at: "\(folder.root)/notes.txt").check() }
        await refuses(.notFound) { try await LightRAGStore(at: "\(folder.root)/no", mayCreate: false).check() }
        try FileManager.default.createDirectory(atPath: "\(folder.root)/space", withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: URL(filePath: "\(folder.root)/space/kv_store_a.json"))
        let error = await #expect(throws: StoreError.self) { try await folder.store().check() }
        #expect(error?.help == "its workspaces are space: connect with workspace=space")
        let endpoint = try #require(Endpoint("lightrag://\(folder.root)"))
        let store = try await LightRAG.kind.open(endpoint, ["workspace": "space"])
        #expect(try await store.collections() == ["kv_store_a"])
    }

    @Test func theEnvironmentsDimensionIsTheLastResort() async throws {
        let folder = LightRAGFolder([
            "vdb_a.json": #"{"data":[],"matrix":""}"#, "vdb_b.json": #"{"embedding_dim":3,"data":[],"matrix":""}"#,
        ])
        await refuses(.malformed) { _ = try await folder.store().describe("vdb_a") }
        let store = folder.store(dimension: 8)
        #expect(try await store.describe("vdb_a").collection.vectors[0].dimension == 8)
        #expect(try await store.describe("vdb_b").collection.vectors[0].dimension == 3)
    }

    @Test func anotherDimensionOfTheEnvironmentsIsSaid() async throws {
        let folder = LightRAGFolder(["vdb_entities.json": LightRAGReadingTests.rows])
        let cases: [(Int?, Int)] = [(nil, 0), (2, 0), (8, 1)]
        for (dimension, count) in cases {
            let store = folder.store(dimension: dimension)
            let description = try await store.describe("vdb_entities")
            #expect(description.collection.vectors[0].dimension == 2)
            #expect(description.remarks.count == count, "\(description.remarks)")
            #expect(description.remarks.allSatisfy { $0.contains("dimension 2") && $0.contains("says 8") })
            await store.close()
        }
    }

    @Test func aFileThatChangesWhileItIsReadIsNoticed() async throws {
        let folder = LightRAGFolder(["vdb_entities.json": LightRAGReadingTests.rows])
        let store = folder.store()
        let replaced = try await store.read("vdb_entities", at: nil)
        let moment = replaced.moment
        #expect(try await store.read("vdb_entities", at: moment).moment == moment)
        try Data(LightRAGReadingTests.rows.utf8).write(
            to: URL(filePath: "\(folder.root)/vdb_entities.json"), options: .atomic)
        #expect(try await replaced.page(Scan())?.batch.count == 3)
        await refuses(.expired) { _ = try await store.read("vdb_entities", at: moment) }

        let rewritten = try await store.read("vdb_entities", at: nil)
        let handle = try FileHandle(forWritingTo: URL(filePath: "\(folder.root)/vdb_entities.json"))
        try handle.truncate(atOffset: 100)
        await refuses(.expired) { _ = try await rewritten.page(Scan()) }
        await refuses(.malformed) { _ = try await store.describe("vdb_entities") }
    }
}
