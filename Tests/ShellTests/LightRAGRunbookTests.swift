import Foundation
import TestSupport
import Testing

/// The page `scripts/runbooks/lightrag-to-postgres.md`, from a folder that nano-vectordb has made to a real server and back.
@Suite(.needs(.newest), .enabled("python3 has nano-vectordb") { PackageScript.isThere("nano_vectordb") })
struct LightRAGRunbookTests {
    @Test func theStagedMigrationEndsEqualAndCanBeSaidAgain() async throws {
        let place = try await MigrationPlace()
        try place.run([])
        try place.run([])
        #expect(try place.sql("SELECT count(*), count(DISTINCT workspace) FROM lightrag_vdb_entity") == "60|1")
        #expect(try place.sql("SELECT count(*) FROM lightrag_vdb_entity WHERE content_vector IS NULL") == "0")
        let state = try String(contentsOf: place.rag.appending(path: ".migration_state.json"), encoding: .utf8)
        #expect(state.contains(#""phase": "promoted""#) && state.contains(#""verification_passed": true"#))
        if let read = try place.lightRAGReads() {
            #expect(read.contains("relationships 50") && read.contains("doc_status 5"))
        }
    }

    @Test func lightRAGOpensTheFolderThatComesBack() async throws {
        let place = try await MigrationPlace()
        try place.run([])
        let back = place.folder.url.appending(path: "back").path
        let statements = """
            connect rag to "lightrag://\(place.rag.path)" readonly quiet
            connect pg to \(place.server.address(place.database)) with layout=lightrag, workspace=specstory quiet
            connect back to "lightrag://\(back)" quiet
            copy pg:vdb_* to back:vdb_* accepting losses
            copy pg:kv_store_* to back:kv_store_* accepting losses
            copy rag:graph_* to back:graph_*
            """
        let run = try ProgramRun(["-y", "-c", statements], in: place.folder)
        #expect(run.exit == 0, "\(run.errors)")
        let script = PackageScript(
            fixture: "lightrag_reads_folder.py", needs: ["lightrag", "nano_vectordb", "networkx"])
        guard let read = try script.run(back, place.rag.path) else { return }
        #expect(read.contains("relationships 50") && read.contains("doc_status 5") && read.contains("graph 60"))
    }

    @Test func aDryRunChangesNothing() async throws {
        let place = try await MigrationPlace()
        try place.run(["--dry-run"])
        #expect(try place.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0")
        #expect(!FileManager.default.fileExists(atPath: place.rag.appending(path: ".backups").path))
    }

    @Test func aSecondPromotionCanBeRolledBack() async throws {
        let place = try await MigrationPlace()
        try place.run([])
        try place.make(["--entities", "80", "--seed", "2"])
        try place.run([])
        #expect(try place.sql("SELECT count(*) FROM lightrag_vdb_entity") == "80")
        try place.run(["-v", "mode=rollback"])
        #expect(try place.sql("SELECT count(*) FROM lightrag_vdb_entity") == "60")
    }

    @Test func theFolderComesBackFromItsBackup() async throws {
        let place = try await MigrationPlace()
        let before = try place.digest()
        try place.run(["-v", "mode=backup"])
        try place.make(["--entities", "80", "--seed", "2"])
        #expect(try place.digest() != before)
        try place.run(["-v", "mode=restore"])
        #expect(try place.digest() == before)
        #expect(try place.run(["-v", "mode=backups"]).output.contains("rag"))
    }

    @Test func theFourTablesOfTheGuideHoldTheirPart() async throws {
        let place = try await MigrationPlace()
        try place.run(["-v", "layout=hybridrag", "-v", "mode=direct"])
        let counts = ["kv_store", "graph_edges", "chunks", "doc_status"].map {
            "(SELECT count(*) FROM hybridrag_\($0))"
        }
        #expect(try place.sql("SELECT \(counts.joined(separator: ", "))") == "5|50|40|5")
        #expect(try place.sql("SELECT DISTINCT vector_dims(embedding) FROM hybridrag_chunks") == "8")
    }

    @Test func aWrongDimensionIsRepairedFromTheMatrix() async throws {
        let place = try await MigrationPlace()
        try place.run([])
        try place.sql("ALTER TABLE lightrag_vdb_chunks ALTER COLUMN content_vector TYPE vector(3) USING NULL")
        try place.run(["-v", "mode=repair"])
        #expect(try place.sql("SELECT DISTINCT vector_dims(content_vector) FROM lightrag_vdb_chunks") == "8")
    }

    @Test func theWatcherIsResumedHoweverItEnds() async throws {
        let place = try await MigrationPlace()
        try place.sql("CREATE TABLE lightrag_vdb_chunks (id text)")
        let run = try place.start([], ["PAUSE_WATCHER": "touch paused", "RESUME_WATCHER": "touch resumed"])
        #expect(run.exit != 0)
        #expect(FileManager.default.fileExists(atPath: place.folder.url.appending(path: "resumed").path))
    }
}

/// A folder of LightRAG's, a database, and the program.
struct MigrationPlace {
    let folder: TemporaryFolder
    let server: PostgresServer
    let database: String
    var rag: URL { folder.url.appending(path: "rag") }

    init() async throws { try await self.init(.running()) }

    init(_ server: PostgresServer) async throws {
        folder = try TemporaryFolder()
        self.server = server
        database = try server.freshDatabase()
        try make(["--entities", "60"])
    }

    func make(_ more: [String]) throws {
        for file in (try? FileManager.default.contentsOfDirectory(atPath: rag.path)) ?? [] where !file.hasPrefix(".") {
            try FileManager.default.removeItem(at: rag.appending(path: file))
        }
        let sizes = ["--documents", "5", "--chunks", "40", "--relationships", "50", "--dimension", "8"]
        let script = project.appending(path: "scripts/lightrag_folder.py").path
        _ = try #require(try PackageScript(file: script, needs: ["nano_vectordb"]).run([rag.path] + sizes + more))
    }

    @discardableResult
    func run(_ options: [String]) throws -> ProgramRun {
        let run = try start(options, [:])
        #expect(run.exit == 0, "\(run.errors.suffix(2000))")
        return run
    }

    func start(_ options: [String], _ variables: [String: String]) throws -> ProgramRun {
        let page = project.appending(path: "scripts/runbooks/lightrag-to-postgres.md").path
        let given = [
            "-v", "folder=\(rag.path)", "-v", "target=\(server.address(database))", "-v", "workspace=specstory",
        ]
        let words = variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return try ProgramRun(
            program: URL(filePath: "/usr/bin/env"),
            words + [ProgramRun.program.path, "--no-rc"] + given + options + [page],
            in: folder)
    }

    @discardableResult
    func sql(_ text: String) throws -> String { try server.sql(text, in: database) }

    /// What the collections hold, whatever their files look like: of JSON only the meaning.
    func digest() throws -> String {
        var parts: [String] = []
        for file in try FileManager.default.contentsOfDirectory(atPath: rag.path).sorted() where file.hasPrefix("kv_") {
            let json = try JSONSerialization.jsonObject(with: Data(contentsOf: rag.appending(path: file)))
            let text = try JSONSerialization.data(withJSONObject: json, options: .sortedKeys)
            parts.append(file + String(decoding: text, as: UTF8.self))
        }
        let statements = """
            connect rag to "lightrag://\(rag.path)" readonly quiet
            for c in [vdb_chunks, vdb_entities, vdb_relationships, graph_nodes, graph_edges] {
                peek "rag:${c}" limit 1000 format jsonl
            }
            """
        let run = try ProgramRun(["-c", statements], in: folder)
        #expect(run.exit == 0, "\(run.errors)")
        return (parts + run.output.split(separator: "\n").map(String.init).sorted()).joined(separator: "\n")
    }

    /// Nil where LightRAG's packages are not there.
    func lightRAGReads() throws -> String? {
        let script = PackageScript(fixture: "lightrag_reads_postgres.py", needs: ["lightrag", "asyncpg", "tenacity"])
        let words = [rag.path, "127.0.0.1", "\(server.port)", server.password, database, "specstory"]
        return try script.run(words)
    }
}
