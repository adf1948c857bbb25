import Foundation
import TestSupport
import Testing

/// A folder of LightRAG's on its way into PostgreSQL, while the program or the server is killed.
@Suite(.needs(.newest), .enabled("python3 has nano-vectordb") { PackageScript.isThere("nano_vectordb") })
struct PostgresKillTests {
    private static let phases = """
        connect rag to "lightrag://${folder}" readonly quiet
        connect pg to $target with layout=lightrag, workspace=w quiet
        copy rag:vdb_* to pg:vdb_* staged accepting losses with batch=50
        verify pg:vdb_* against rag:vdb_* staged
        promote pg yes
        verify pg:vdb_* against rag:vdb_*
        """

    @Test func aStagedMigrationKilledAgainAndAgainIsPromotedOnce() async throws {
        let place = try await MigrationPlace()
        try place.make(["--entities", "3000", "--dimension", "32"])
        var kills = 0
        for attempt in 0..<60 where kills < 10 {
            let child = try place.child(Self.phases)
            usleep(.random(in: 100_000...(400_000 + UInt32(attempt) * 60_000)))
            guard child.isRunning else { break }
            child.send(SIGKILL)
            _ = child.end()
            kills += 1
        }
        let last = try place.child(Self.phases)
        #expect(last.end(seconds: 300) == 0, "\(last.errors.suffix(2000))")
        #expect(kills > 2)
        #expect(try place.sql("SELECT count(*), count(content_vector) FROM lightrag_vdb_entity") == "3000|3000")
        #expect(try place.sql("SELECT count(*) FROM pg_tables WHERE tablename LIKE '%staging%'") == "0")
    }

    /// The whole server ends in the middle of a COPY, and is started again: the program waits for it, or the same line goes on.
    @Test func aServerThatEndsInMidCopyIsWaitedForOrGoneBackTo() async throws {
        let folder = "/tmp/vecsh-crash-\(getpid())"
        let server = try await PostgresServer.alone(.newest, in: folder)
        defer {
            server.stop(.newest)
            try? FileManager.default.removeItem(atPath: folder)
        }
        let place = try await MigrationPlace(server)
        try place.make(["--chunks", "3000", "--dimension", "256"])
        let copy = """
            connect rag to "lightrag://${folder}" readonly quiet
            connect pg to $target quiet
            copy rag:vdb_chunks to pg:chunks with batch=20, rate=1500
            """
        let child = try place.child(copy)
        let isBusy = child.waits(seconds: 120, pause: 20_000) { _ in
            (try? place.sql("SELECT count(*) > 200 FROM chunks")) == "t"
        }
        #expect(isBusy, "\(child.errors)")
        try server.crash()
        sleep(1)
        let again = try await PostgresServer.alone(.newest, in: folder)
        #expect(again.port == server.port)
        let exit = child.end(seconds: 300)
        if exit != 0 {
            #expect(child.errors.contains("resume") || child.errors.contains("same"), "\(child.errors)")
            #expect(!child.errors.contains(server.password))
            let next = try place.child(copy)
            #expect(next.end(seconds: 300) == 0, "\(next.errors)")
        }
        let check = try place.child(
            copy.split(separator: "\n").prefix(2).joined(separator: "\n") + "\nverify pg:chunks against rag:vdb_chunks")
        #expect(check.end(seconds: 300) == 0, "\(check.output) \(check.errors)")
        #expect(try place.sql("SELECT count(*) FROM chunks") == "3000")
    }

    @Test func aServiceFileAndAPasswordFileAreTakenAsPsqlTakesThem() async throws {
        let place = try await MigrationPlace()
        let (service, passwords) = (
            place.folder.url.appending(path: "services"), place.folder.url.appending(path: "pw")
        )
        let server = place.server
        try Data("[rag]\nhost=127.0.0.1\nport=\(server.port)\ndbname=\(place.database)\nuser=postgres\n".utf8)
            .write(to: service)
        try Data("127.0.0.1:\(server.port):*:postgres:\(server.password)\n".utf8).write(to: passwords)
        chmod(passwords.path, 0o600)
        try place.sql("CREATE TABLE seen (id bigint PRIMARY KEY)")
        func listed(_ variables: [String]) throws -> ProgramRun {
            let script = "connect pg to postgres:// with service=rag quiet\nlist collections pg format jsonl"
            return try ProgramRun(
                program: URL(filePath: "/usr/bin/env"),
                ["PGSERVICEFILE=\(service.path)"] + variables + [ProgramRun.program.path, "--no-rc", "-c", script],
                in: place.folder)
        }
        let right = try listed(["PGPASSFILE=\(passwords.path)"])
        #expect(right.exit == 0 && right.output.contains("seen"), "\(right.errors)")
        let without = try listed(["PGPASSFILE=/nowhere"])
        #expect(without.exit != 0 && !without.errors.contains(server.password), "\(without.errors)")
        let wrong = try listed(["PGPASSFILE=/nowhere", "PGPASSWORD=wr0ngone"])
        #expect(wrong.exit != 0 && wrong.errors.contains("password"), "\(wrong.errors)")
        #expect(!wrong.errors.contains("wr0ngone"))
    }
}

extension MigrationPlace {
    /// The program beside the test, with the folder and the database in variables.
    func child(_ statements: String) throws -> ChildProgram {
        let run = folder.url.appending(path: "run").path
        try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
        let given = ["-v", "folder=\(rag.path)", "-v", "target=\(server.address(database))"]
        return try ChildProgram(ProgramRun.program.path, ["--no-rc", "-y"] + given + ["-c", statements], in: run)
    }
}
