import Foundation
import TestSupport
import Testing

/// Copies from folders of Chroma's to every other store and back into one, by the program; each is planned before and compared
/// afterwards.
@Suite struct ChromaDirectoryCopyTests {
    /// Two folders that Chroma has made, `old` and `new`.
    private func place(_ version: String) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for (name, version) in [("old", version), ("new", "1.5.9")] {
            let fixture = project.appending(path: "Tests/Fixtures/chroma/\(version).tar.gz").path
            try FileManager.default.createDirectory(
                at: folder.url.appending(path: name), withIntermediateDirectories: true)
            let child = try ChildProgram(
                "/bin/tar", ["-xzf", fixture, "-C", folder.url.path + "/" + name], in: folder.url.path)
            try #require(child.end() == 0, "\(child.errors)")
        }
        return folder
    }

    private func trip(_ address: String, name: String = "docs", options: String = "", of collection: String) -> String {
        """
        connect old to chroma-dir://./old/data readonly
        connect new to chroma-dir://./new/data
        connect other to \(address)
        plan copy old:\(collection) to other:\(name) \(options)
        copy old:\(collection) to other:\(name) \(options)
        verify other:\(name) against old:\(collection)
        plan copy other:\(name) to new:back
        copy other:\(name) to new:back
        verify new:back against other:\(name)
        assert count(new:back) == count(old:\(collection))

        """
    }

    private func expectSuccess(_ script: String, in folder: TemporaryFolder) throws {
        try folder.write(script, to: "copy.vsh")
        let run = try ProgramRun(["--yes", "copy.vsh"], in: folder)
        #expect(run.exit == 0, "\(run.errors) \(run.output)")
    }

    @Test(arguments: ["sqlite://./a.db", "archive://./a", "mem://a"], ["0.4.24", "1.5.9"])
    func thereAndBack(_ address: String, _ version: String) throws {
        for name in ["large.cosine", "taken_names"] {
            let folder = try place(version)
            try expectSuccess(trip(address, of: name), in: folder)
        }
    }

    @Test(.needs(.lite)) func thereAndBackThroughMilvus() async throws {
        let milvus = try await MilvusService.running(.lite).address
        let name = "docs_\(UUID().uuidString.prefix(8).lowercased())"
        try expectSuccess(trip(milvus, name: name, of: "large.ip"), in: try place("0.6.3"))
    }

    @Test(.needs(.newest)) func thereAndBackThroughPostgreSQL() async throws {
        let folder = try place("1.5.9")
        let server = try await PostgresServer.running()
        let password = try folder.write(server.password, to: "password")
        let address = "postgres://postgres@127.0.0.1:\(server.port)/vecsh password file \(password)"
        let name = "docs_\(UUID().uuidString.prefix(8).lowercased())"
        try expectSuccess(trip(address, name: name, of: "large.cosine"), in: folder)
    }

    @Test(.needsQdrant) func thereAndBackThroughQdrant() async throws {
        let qdrant = try await QdrantService.running().address
        let name = "docs_\(UUID().uuidString.prefix(8).lowercased())"
        let options = "with ids=uuid5, keep_id_as=chroma_id"
        try expectSuccess(trip(qdrant, name: name, options: options, of: "large.l2"), in: try place("1.5.9"))
    }

    @Test(.needs(.chroma15)) func thereAndBackThroughAServer() async throws {
        let chroma = try await ChromaService.running(.chroma15).address
        let address = "\(chroma)/t\(UUID().uuidString.lowercased()) with create=yes"
        try expectSuccess(trip(address, of: "large.cosine"), in: try place("0.5.23"))
    }

    @Test func fromLightRAGAndBack() throws {
        try expectSuccess(
            """
            connect new to chroma-dir://./new/data
            connect rag to lightrag://./rag
            create rag:vdb_chunks fields (id text key, embedding vector(2) metric cosine, content text)
            put rag:vdb_chunks '{"key":"a","vectors":{"embedding":[1,0]},"fields":{"content":"one"}}'
            put rag:vdb_chunks '{"key":"b","vectors":{"embedding":[0.6,0.8]},"fields":{"content":"two"}}'
            plan copy rag:vdb_chunks to new:chunks
            copy rag:vdb_chunks to new:chunks
            verify new:chunks against rag:vdb_chunks
            copy new:chunks to rag:vdb_back
            verify rag:vdb_back against new:chunks
            """, in: try place("1.5.9"))
    }

    @Test func withinOneFolder() throws {
        try expectSuccess(
            """
            connect new to chroma-dir://./new/data
            copy new:large.l2 to new:again with batch=7, parallel=1
            verify new:again against new:large.l2
            delete new:again where n > 3
            sync new:large.l2 to new:again
            verify new:again against new:large.l2
            """, in: try place("1.5.9"))
    }
}

/// A copy of many collections that is killed on its way to Qdrant.
@Suite(.needsQdrant, .timeLimit(.minutes(5))) struct ChromaDirectoryKillTests {
    @Test func fourteenCollectionsArriveWhole() async throws {
        let service = try await QdrantService.start()
        let place = try KillPlace()
        let names = (0..<14).map { "docs-\($0)" }
        try await place.fill(names: names, 0..<300)
        let fixture = project.appending(path: "Tests/Fixtures/chroma/1.5.9.tar.gz").path
        try #require(ChildProgram("/bin/tar", ["-xzf", fixture, "-C", place.folder], in: place.folder).end() == 0)
        let folder = "connect folder to chroma-dir://\(place.folder)/data quiet\n"
        let filled = try place.run(folder + "copy old:docs-* to folder:docs-*")
        #expect(filled.end() == 0, "\(filled.errors)")
        let before = try Data(contentsOf: URL(filePath: place.folder + "/data/chroma.sqlite3"))
        let script =
            folder + "connect q to \(service.address) quiet\n"
            + "copy folder:docs-* to q:docs-* with ids=uuid5, keep_id_as=chroma_id, batch=50, flush_every=1\n"
        var kills = 0
        for round in 0..<4 {
            let before = place.recorded
            let child = try place.start(script)
            if child.waits(seconds: 60, until: { _ in place.recorded >= before + 25 + 10 * round }), child.isRunning {
                child.send(SIGKILL)
                kills += 1
            }
            _ = child.end()
        }
        #expect(kills > 1)
        // The server is killed as well, and comes back with what it has.
        let child = try place.start(script)
        try await service.kill()
        try await service.restart()
        _ = child.end()
        let last = try place.run(script)
        #expect(last.end() == 0, "\(last.errors)")
        let check = try place.run(
            folder + "connect q to \(service.address) quiet\nverify q:docs-* against folder:docs-*\ncount q:docs-13")
        #expect(check.end() == 0 && check.output.contains("300"), "\(check.output)\(check.errors)")
        #expect(try Data(contentsOf: URL(filePath: place.folder + "/data/chroma.sqlite3")) == before)
        try await service.stop()
    }
}
