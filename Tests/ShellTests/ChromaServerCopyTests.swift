import Foundation
import TestSupport
import Testing

/// Copies between a real Chroma and every other store, by the program.
@Suite struct ChromaServerCopyTests {
    private static let records = (0..<120).map { number in
        let document = number % 5 == 0 ? "" : #""document":"Größe \#(number)","#
        let other = number % 4 == 0 ? #""n":null,"# : ""
        return #"{"key":"k/\#(number)","vectors":{"embedding":[\#(number % 7 + 1),0.1,-\#(number),0]},"fields":{"#
            + document + other + #""page":\#(number),"x":1.5,"tags":["a","b"],"deep":{"a":[1,null]}}}"#
    }

    private func place(_ folder: TemporaryFolder) async throws -> String {
        let service = try await ChromaService.running(.chroma15)
        try folder.write(Self.records.joined(separator: "\n"), to: "docs.jsonl")
        return """
            connect chroma to \(service.address)/t\(UUID().uuidString.lowercased()) with create=yes
            create chroma:docs fields (id text key, embedding vector(4) metric ip, document text null, uri text null) open
            put chroma:docs from ./docs.jsonl

            """
    }

    private func run(_ script: String, in folder: TemporaryFolder) throws -> ProgramRun {
        try folder.write(script, to: "copy.vsh")
        return try ProgramRun(["--yes", "copy.vsh"], in: folder)
    }

    /// There and back; each copy is planned before and compared afterwards.
    private func trip(_ address: String, name: String = "docs") -> String {
        """
        connect other to \(address)
        plan copy chroma:docs to other:\(name)
        copy chroma:docs to other:\(name)
        verify other:\(name) against chroma:docs
        plan copy other:\(name) to chroma:back
        copy other:\(name) to chroma:back
        verify chroma:back against other:\(name)

        """
    }

    @Test(.needs(.chroma15), arguments: ["sqlite://./a.db", "archive://./a", "mem://a"])
    func thereAndBack(_ address: String) async throws {
        let folder = try TemporaryFolder()
        let run = try run(try await place(folder) + trip(address), in: folder)
        #expect(run.exit == 0, "\(run.errors)")
    }

    @Test(.needs(.chroma15), .needs(.lite)) func thereAndBackThroughMilvus() async throws {
        let folder = try TemporaryFolder()
        let milvus = try await MilvusService.running(.lite)
        let name = "docs_\(UUID().uuidString.prefix(8).lowercased())"
        let run = try run(try await place(folder) + trip(milvus.address, name: name), in: folder)
        #expect(run.exit == 0, "\(run.errors)")
    }

    @Test(.needs(.chroma15), .needs(.newest)) func thereAndBackThroughPostgreSQL() async throws {
        let folder = try TemporaryFolder()
        let server = try await PostgresServer.running()
        let password = try folder.write(server.password, to: "password")
        let address = "postgres://postgres@127.0.0.1:\(server.port)/vecsh password file \(password)"
        let name = "docs_\(UUID().uuidString.prefix(8).lowercased())"
        let run = try run(try await place(folder) + trip(address, name: name), in: folder)
        #expect(run.exit == 0, "\(run.errors)")
    }

    @Test(.needs(.chroma15), .needsQdrant) func thereAndBackThroughQdrant() async throws {
        let folder = try TemporaryFolder()
        let name = "docs_\(UUID().uuidString.prefix(8).lowercased())"
        let script =
            try await place(folder) + """
                connect other to \(try await QdrantService.running().address)
                plan copy chroma:docs to other:\(name) with ids=uuid5, keep_id_as=chroma_id
                copy chroma:docs to other:\(name) with ids=uuid5, keep_id_as=chroma_id
                verify other:\(name) against chroma:docs
                plan copy other:\(name) to chroma:back
                copy other:\(name) to chroma:back
                verify chroma:back against other:\(name)
                """
        let run = try run(script, in: folder)
        #expect(run.exit == 0, "\(run.errors)")
    }

    @Test(.needs(.chroma15)) func fromLightRAGAndBack() async throws {
        let folder = try TemporaryFolder()
        let script =
            try await place(folder) + """
                connect rag to lightrag://./rag
                create rag:vdb_chunks fields (id text key, embedding vector(2) metric cosine, content text)
                put rag:vdb_chunks '{"key":"a","vectors":{"embedding":[1,0]},"fields":{"content":"one"}}'
                put rag:vdb_chunks '{"key":"b","vectors":{"embedding":[0.6,0.8]},"fields":{"content":"two"}}'
                copy rag:vdb_chunks to chroma:chunks
                verify chroma:chunks against rag:vdb_chunks
                copy chroma:chunks to rag:vdb_back
                verify rag:vdb_back against chroma:chunks
                """
        let run = try run(script, in: folder)
        #expect(run.exit == 0, "\(run.errors)")
    }

    @Test(.needs(.chroma15)) func aStagedCopyIsPromotedAndRolledBack() async throws {
        let folder = try TemporaryFolder()
        let script =
            try await place(folder) + """
                copy chroma:docs to chroma:live
                copy chroma:docs to chroma:live where page < 50 staged
                verify chroma:live against chroma:docs staged
                assert count(chroma:live) == 120
                promote chroma:live
                assert count(chroma:live) == 50
                rollback chroma:live
                assert count(chroma:live) == 120
                """
        let run = try run(script, in: folder)
        #expect(run.exit == 0, "\(run.errors)")
    }

    @Test(.needs(.chroma15)) func aServerKilledInMidCopyLosesNothing() async throws {
        let service = try await ChromaService.start(.chroma15)
        let folder = try KillPlace()
        try await folder.fill(0..<30_000)
        let chroma = "connect chroma to \(service.address) quiet\n"
        let child = try folder.start(chroma + "copy old:n to chroma:copied")
        #expect(child.waits(seconds: 120) { _ in folder.events.contains("advanced") }, "\(child.errors)")
        try await service.kill()
        try await Task.sleep(for: .milliseconds(300))
        try await service.restart()
        // Either it waited for the server, or the same line goes on.
        if child.end() != 0 { #expect(try folder.run(chroma + "copy old:n to chroma:copied").end() == 0) }
        let check = try folder.run(chroma + "verify chroma:copied against old:n")
        #expect(check.end() == 0, "\(check.output)\(check.errors)")
    }
}
