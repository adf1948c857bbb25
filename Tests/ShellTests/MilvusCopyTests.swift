import Foundation
import Model
import Stores
import TestSupport
import Testing

/// The program copies out of Milvus into each other store, and back.
@Suite(.serialized) struct MilvusCopyTests {
    private static let records = """
        {"key":"a","vectors":{"v":[1,2,3,4]},"fields":{"content":"Größe","page":7,"meta":{"a":[1,null]},"extra":{"b":1}}}
        {"key":"b'\\"","vectors":{"v":[0,-2.5,3,4]},"fields":{"content":"","page":9,"meta":{}}}
        """
    private static let sparse = """
        {"key":"p1","vectors":{"w":{"indices":[3,70000],"values":[0.5,1.25]}},"fields":{"content":"one"}}
        {"key":"p2","vectors":{"w":{"indices":[1],"values":[2]}},"fields":{"content":"two"}}
        """

    @Test(.needs(MilvusService.Kind.lite), .needs(PostgresServer.Kind.newest)) func theyComeBackAsTheyWere()
        async throws
    {
        let folder = try TemporaryFolder()
        let source = try MilvusService(.lite, number: 5).address
        let postgres = try await PostgresServer.running()
        try folder.write(Self.records, to: "records.jsonl")
        try folder.write(Self.sparse, to: "sparse.jsonl")
        let address = postgres.address(try postgres.freshDatabase())
        try folder.write(
            """
            connect m to "\(source)" quiet
            connect arc to archive://./arc quiet
            connect sq to sqlite://./s.db quiet
            connect rag to lightrag://./rag quiet with create=true
            connect pg to "\(address)" quiet
            """, to: "connections.vsh")
        try run(
            """
            create m:notes fields (id text(64) key, v vector(4) metric cosine, content text(200), page int64, meta json) open
            create m:words fields (id text(64) key, w sparsevector metric ip, content text(200))
            put m:notes from ./records.jsonl
            put m:words from ./sparse.jsonl
            """, in: folder)
        for (name, loses) in [("arc", 0), ("sq", 0), ("rag", 1), ("pg", 1)] {
            let copy = name == "rag" ? "rag:vdb_notes" : "\(name):notes"
            let plan = try run("plan copy m:notes to \(copy) format json", in: folder)
            #expect(plan.output.contains("\"losses\":\(loses),"), "\(name): \(plan.output)")
            try thereAndBack("m:notes", copy, back: "m:notes_\(name)", in: folder)
            if name != "rag" { try thereAndBack("m:words", "\(name):words", back: "m:words_\(name)", in: folder) }
        }
        let refused = try tried("copy m:words to rag:vdb_words accepting losses", in: folder)
        #expect(refused.exit == 1 && refused.errors.contains("w"), "\(refused.errors)")
    }

    private func thereAndBack(_ original: String, _ copy: String, back: String, in folder: TemporaryFolder) throws {
        try run(
            """
            copy \(original) to \(copy) accepting losses
            verify \(copy) against \(original)
            copy \(copy) to \(back) accepting losses
            verify \(back) against \(copy)
            verify \(back) against \(original)
            """, in: folder)
    }

    @discardableResult
    private func run(_ statements: String, in folder: TemporaryFolder) throws -> ProgramRun {
        let run = try tried(statements, in: folder)
        #expect(run.exit == 0, "\(statements)\n\(run.output)\(run.errors)")
        return run
    }

    private func tried(_ statements: String, in folder: TemporaryFolder) throws -> ProgramRun {
        let connections = try String(contentsOf: folder.url.appending(path: "connections.vsh"), encoding: .utf8)
        try folder.write(connections + "\n" + statements, to: "statements.vsh")
        return try ProgramRun(["-y", "statements.vsh"], in: folder)
    }

    // MARK: What is read through an alias

    @Test(.needs(.lite)) func aLiveAliasMovesToWhatWasStaged() async throws {
        let folder = try TemporaryFolder()
        let target = try MilvusService(.lite, number: 6).address
        try folder.write("connect m to \"\(target)\" quiet\n", to: "connections.vsh")
        let fields = "fields (id text(64) key, v vector(4) metric cosine, content text(200), page int64) open"
        try folder.write(Self.records, to: "records.jsonl")
        try run(
            """
            create m:old \(fields)
            create m:new \(fields)
            put m:new from ./records.jsonl
            alias m:docs for old
            copy m:new to m:docs staged
            verify m:docs against m:new staged
            """, in: folder)
        let plan = try run("plan promote m:docs format json", in: folder)
        #expect(plan.output.contains("the alias docs moves, in one step"), "\(plan.output)")
        try run(
            """
            promote m:docs yes
            assert count(m:docs) == 2 and count(m:old) == 0
            promote m:docs yes
            verify m:docs against m:new
            rollback m:docs yes
            assert count(m:docs) == 0
            """, in: folder)
        for _ in 0..<2 { try run("copy m:new to m:docs staged fresh yes\npromote m:docs yes", in: folder) }
        try run("assert count(m:docs) == 2 and not exists(m:old)", in: folder)
    }

    // MARK: What cannot be read

    @Test(.needs(MilvusService.Kind.whole)) func recordsThatMilvusDoesNotHandOutAreNamed() async throws {
        let service = try await MilvusService.running(.whole)
        let store = try await Milvus.kind.open(#require(Endpoint(service.address)), [:])
        let name = "doubled_" + UUID().uuidString.prefix(8)
        let shape = store.fit(Sample.plain(name), into: nil).collection
        _ = try await store.create(shape)
        for _ in 0..<2 { _ = try await store.write(Sample.records(0..<3), to: name, .first) }
        let folder = try TemporaryFolder()
        func run(_ line: String) throws -> ProgramRun {
            let connections = "connect m to \(service.address) quiet\nconnect new to sqlite://./new.db quiet\n"
            return try ProgramRun(["-y", "-c", connections + line], in: folder)
        }
        let words = "3 records of m:\(name) cannot be read, with the keys 0, 1, 2"
        let plan = try run("plan copy m:\(name) to new:n format json")
        #expect(plan.output.contains("\"unread\":3") && plan.errors.contains(words), "\(plan.output)\(plan.errors)")
        let copy = try run("copy m:\(name) to new:n format json")
        #expect(copy.exit == 6 && copy.output.contains("\"unread\":3"), "\(copy.output)\(copy.errors)")
        #expect(copy.errors.contains(words), "\(copy.errors)")
        let verify = try run("verify new:n against m:\(name) format json")
        #expect(verify.exit == 6 && verify.output.contains("\"result\":\"equal\""), "\(verify.output)\(verify.errors)")
        #expect(verify.errors.contains(words), "\(verify.errors)")
        try await store.drop(name, being: nil)
        await store.close()
    }

    // MARK: What is not in memory

    @Test(.needs(MilvusService.Kind.whole)) func lookingAroundBringsNothingIntoMemory() async throws {
        let service = try await MilvusService.running(.whole)
        let store = try await Milvus.kind.open(#require(Endpoint(service.address)), ["load": "no"])
        let name = "cold_" + UUID().uuidString.prefix(8)
        _ = try await store.create(store.fit(Sample.plain(name), into: nil).collection)
        _ = try await store.write(Sample.records(0..<3), to: name, .first)
        try await store.flushing?.flush(name)
        let folder = try TemporaryFolder()
        for line in ["list collections m:\(name) format json", "describe m:\(name) format json"] {
            let run = try ProgramRun(["-c", "connect m to \(service.address) quiet with load=no\n\(line)"], in: folder)
            #expect(run.exit == 0 && run.output.contains("\"count\":3"), "\(run.output)\(run.errors)")
            #expect(run.output.contains("\"counted\":\"statistics\""), "\(run.output)")
            #expect(run.errors.contains("counted by the server's statistics"), "\(run.errors)")
        }
        try await store.drop(name, being: nil)
        await store.close()
    }
}
