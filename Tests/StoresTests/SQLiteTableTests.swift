import Foundation
import Model
import TestSupport
import Testing

@testable import Stores

/// What a person finds in the file, with the `sqlite3` shell or a program of theirs.
@Suite struct SQLiteTableTests {
    private let folder = TemporaryFolder()
    private var path: String { folder.path("a.db") }

    @Test func tablesAndColumnsHaveTheNamesOfCollectionsAndFields() async throws {
        let shape = Sample.everyType("my docs")
        let store = try await open(path)
        try await store.create(shape)
        try await store.write(Sample.batch(Sample.lines, of: shape), to: "my docs", .first)
        let file = try SQLiteFile(path: path).connect()
        let row = #"FROM "my docs" WHERE id = 'full'"#
        #expect(try file.text("SELECT f_text \(row)") == "Größe 文档 👩‍🚀")
        #expect(try file.text("SELECT typeof(f_bool) || f_bool || f_int64 \(row)") == "integer19223372036854775807")
        #expect(try file.text("SELECT hex(v_int8) \(row)") == "807F000102030405")
        #expect(try file.text("SELECT hex(v_sparse) \(row)") == "0000000007000000FFFFFFFF0000803E000080BF00004040")
        #expect(try file.text("SELECT datetime(f_timestamp / 1000000, 'unixepoch') \(row)") == "2025-12-19 21:38:14")
        #expect(try file.text("SELECT json_extract(_rest, '$.extra.y') \(row)") == "z")
        #expect(try file.number("SELECT _absent IS NULL \(row)") == 1)
        #expect(try file.number(#"SELECT json_array_length(_absent) FROM "my docs" WHERE id = ''"#) == 21)
    }

    @Test(.enabled(if: Program.sqlite3 != nil)) func theShellReadsIt() async throws {
        try await filled(try await open(path))
        let answer = try Program.run(Program.sqlite3, [path, "SELECT id, page, hex(v) FROM a WHERE page = 1 LIMIT 2"])
        #expect(answer == "10|1|000020410000803F\n11|1|000030410000803F\n")
    }

    @Test(.enabled(if: Program.sqlite3 != nil && Program.sqliteVec != nil)) func sqliteVecReadsTheVectors() async throws
    {
        let shape = Sample.everyType("every")
        let store = try await open(path)
        try await store.create(shape)
        try await store.write(Sample.batch(Sample.lines, of: shape), to: "every", .first)
        let extensionPath = try #require(Program.sqliteVec)
        let queries = [
            "SELECT vec_to_json(v_float32) FROM every WHERE id = 'full'",
            "SELECT vec_distance_cosine(v_float32, v_float32) FROM every WHERE id = 'full'",
            "SELECT vec_to_json(vec_int8(v_int8)) FROM every WHERE id = 'full'",
            "SELECT vec_length(vec_bit(v_binary)) FROM every WHERE id = 'full'",
        ]
        let answer = try Program.run(Program.sqlite3, [path, ".load \(extensionPath)"] + queries)
        #expect(
            answer == """
                [1.000000,2.000000,3.000000,4.000000,5.000000,6.000000,7.000000,8.500000]
                0.0
                [-128,127,0,1,2,3,4,5]
                8

                """)
    }

    @Test func anotherProgramsTablesAreLeftAlone() async throws {
        let file = try SQLiteFile(path: path).connect(isNew: true)
        try file.run("CREATE TABLE A (x)")
        try file.run("INSERT INTO A VALUES ('theirs')")
        let store = try await open(path)
        #expect(try await store.collections() == [])
        await refuses(.notFound) { _ = try await store.read("A", at: nil) }
        #expect(try file.number("SELECT count(*) FROM sqlite_schema") == 1)
        try await filled(store)
        #expect(try await store.everything(in: "a").count == 100)
        #expect(try file.text("SELECT table_name FROM _vecsh_collections") == "a_2")
        try await store.drop("a", being: nil)
        #expect(try file.text("SELECT x FROM A") == "theirs")
    }

    @Test func aCatalogOfANewerProgramIsRefused() async throws {
        try await filled(try await open(path))
        try SQLiteFile(path: path).connect().run("UPDATE _vecsh_catalog SET value = 2 WHERE name = 'version'")
        let path = path
        await refuses(.unsupported) { _ = try await open(path) }
    }

    @Test func namesThatSQLiteTakesForOneAreKeptApart() async throws {
        let text = FieldType.text(maxLength: nil)
        let names = ["A", "a", "_row", "_rest", "_ABSENT", "v", "V_2", "ID", "a\"b", "sqlite_x", "", "rowid", "nul\0"]
        let shape = Collection(
            name: "sqlite_master", key: KeyField(name: "id", type: .uuid),
            vectors: ["v", "V", "a"].map { VectorField(name: $0, dimension: 1, isNullable: true) },
            fields: names.map { Field(name: $0, type: text) }, isOpen: true)
        let fields = names.enumerated().map {
            #""\#($1 == "a\"b" ? "a\\\"b" : $1 == "nul\0" ? "nul\\u0000" : $1)":"\#($0)""#
        }
        let line = """
            {"key":"550e8400-e29b-41d4-a716-446655440000","vectors":{"v":[1],"V":[2],"a":[3]},\
            "fields":{\(fields.joined(separator: ",")),"more":1}}
            """
        let store = try await open(path)
        try await store.create(shape)
        let batch = try Sample.batch([line], of: shape)
        try await store.write(batch, to: shape.name, .first)
        #expect(try await store.everything(in: shape.name).lines(of: shape) == batch.lines(of: shape))
        try await store.renaming?.rename(shape.name, to: "_vecsh_collections")
        #expect(try await store.everything(in: "_vecsh_collections").lines(of: shape) == batch.lines(of: shape))
    }

    @Test func whatSomeoneElseWroteWrongIsNamed() async throws {
        let file = SQLiteFile(path: path)
        for change in ["page = 'x'", "page = 1.5", "v = x'00'", "v = 'text'"] {
            let store = try await open(path)
            try await store.drop("a", being: nil)
            try await filled(store)
            try file.connect().run("UPDATE a SET \(change) WHERE id = 7")
            do {
                _ = try await store.everything(in: "a")
                Issue.record("read in spite of \(change)")
            } catch let error as StoreError {
                #expect(error.code == .malformed && error.message.contains("row 7"), "\(error)")
            }
        }
    }

    @Test func numbersComeBackToTheLastBit() async throws {
        let shape = Collection(
            name: "n", key: KeyField(type: .int64),
            fields: [Field(name: "i", type: .int64), Field(name: "d", type: .double, isNullable: false)])
        let integers: [Int64] = [.min, .max, 9_007_199_254_740_993, -9_007_199_254_740_993, 0, 1]
        let doubles = [-0.0, 0, 9_007_199_254_740_992, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -3]
        let batch = Batch(
            keys: integers.map(Key.integer), fields: [Column(.integers(integers)), Column(.floats(doubles))])
        let store = try await open(path)
        try await store.create(shape)
        try await store.write(batch, to: "n", .first)
        let reading = try await store.read("n", at: nil)
        for row in integers.indices {
            let back = try await reading.fetch([.integer(integers[row])], .all)
            guard case .floats(let values) = back.fields[1].values else {
                Issue.record("no floats")
                return
            }
            #expect(back.fields[0].values == .integers([integers[row]]))
            #expect(values.map(\.bitPattern) == [doubles[row].bitPattern])
        }
        await reading.close()
    }
}

private enum Program {
    static let sqlite3 = ["/usr/bin/sqlite3"].first { FileManager.default.isExecutableFile(atPath: $0) }

    /// The file of the extension that PyPI's `sqlite-vec` brings.
    static let sqliteVec: String? = {
        let code = "import sqlite_vec; print(sqlite_vec.loadable_path())"
        let answer = try? run("/usr/bin/env", ["python3", "-c", code])
        return answer?.split(separator: "\n").last.map(String.init)
    }()

    static func run(_ program: String?, _ arguments: [String]) throws -> String {
        try FinishedProgram([program].compactMap(\.self) + arguments).output
    }
}
