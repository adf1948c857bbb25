import Foundation
import Glibc
import TestSupport
import Testing

/// Twelve collections of a Qdrant become one, killed on the way and rolled back once, and `qdrant-client` reads the same.
@Suite(.needsQdrant, .serialized, .timeLimit(.minutes(5))) struct QdrantTenantKillTests {
    private static let samples = project.appending(path: "Tests/Services/qdrant_tenants.py").path
    private static let count = 900

    /// A server that takes short requests only, and a home for all that is started.
    private func place() async throws -> (server: QdrantService, folder: TemporaryFolder) {
        let server = try await QdrantService.start(.init(more: ["--max-request-size-mb", "2"]))
        let folder = try TemporaryFolder()
        let home = folder.url.path + "/.vecsh"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: folder.url.path + "/state", withDestinationPath: home)
        try await server.python(Self.samples, ["fill", "\(Self.count)"])
        return (server, folder)
    }

    private func run(_ lines: String, _ server: QdrantService, _ folder: TemporaryFolder) throws -> ProgramRun {
        try ProgramRun(["-c", "connect q to \(server.address) quiet\n" + lines], in: folder)
    }

    private static let plan =
        "plan merge q:<project>-<kind> into q:all set project_id=$project, kind=$kind, migrated_at=now() output ./plan.json "

    @Test func killedAndRolledBackEveryPointHasItsProject() async throws {
        let (server, folder) = try await place()
        let found = try run("analyze q match suffix format json pipe 'jq -r .conflicts[].detail'", server, folder)
        #expect(found.output.contains("2 of all") && found.output.contains("in alpha-docs and in beta-docs"))
        let refused = try run(Self.plan, server, folder)
        #expect(refused.exit == 1 && refused.errors.contains("E0909"), "\(refused.errors)")
        let planned = try run(Self.plan + "with ids=uuid5, keep_id_as=old_id, batch=40", server, folder)
        #expect(planned.exit == 0, "\(planned.errors)")
        for pause in [350, 450, 550, 650, 750] { try kill(server, folder, after: pause) }
        try await failOnce(server, folder)
        let done = try run("apply ./plan.json report to ./reports/", server, folder)
        #expect(done.exit == 0, "\(done.errors)")
        let proof = try run(
            """
            verify q:all against q:*-* output ./verified.txt
            count q:all
            count q:all where not exists(project_id) or not exists(migrated_at)
            """, server, folder)
        #expect(proof.exit == 0 && proof.output == "\(Self.count)\n0\n", "\(proof.output)\(proof.errors)")
        try await server.python(Self.samples, ["compare", "all"])
        try await server.stop()
    }

    private func kill(_ server: QdrantService, _ folder: TemporaryFolder, after milliseconds: Int) throws {
        // Slow enough that it is killed on its way.
        let line = "connect q to \(server.address) quiet\napply \(folder.url.path)/plan.json with rate=400"
        let child = try ChildProgram(ProgramRun.program.path, ["-c", line], in: folder.url.path)
        usleep(UInt32(milliseconds * 1000))
        #expect(child.isRunning, "\(child.errors)")
        child.send(SIGKILL)
        _ = child.end()
    }

    /// A point that is too long with the fields that it gets: what its collection had brought goes, all else stays.
    private func failOnce(_ server: QdrantService, _ folder: TemporaryFolder) async throws {
        try await server.python(Self.samples, ["spoil", "2"])
        let failed = try run("apply ./plan.json", server, folder)
        #expect(failed.exit == 1 && failed.errors.contains("max_request_size_mb"), "\(failed.errors)")
        #expect(failed.errors.contains(#/rolled back: [1-9]\d* records of q:z_2-code removed/#), "\(failed.errors)")
        let left = try run("count q:all where project_id == 'z_2'\ncount q:all", server, folder)
        let counts = left.output.split(separator: "\n").compactMap { Int($0) }
        #expect(counts.count == 2 && counts.first == 0 && counts.last ?? 0 > Self.count / 2, "\(left.output)")
        try await server.python(Self.samples, ["mend"])
    }

    @Test(arguments: ["rekey", "first", "last"]) func recordsOfOneKeyGiveWayAsThePlanSays(_ rule: String) async throws {
        let (server, folder) = try await place()
        let planned = try run(
            """
            plan merge q:<project>-docs into q:docs set project_id=$project output ./plan.json with collisions=\(rule)
            run 'jq -r ".conflicts[] | [.kind, .source, .strategy] | @tsv" plan.json'
            """, server, folder)
        // alpha is the smaller one, and comes first.
        let yielding = rule == "last" ? "alpha" : "beta"
        #expect(planned.output == "keys\tq:\(yielding)-docs\t\(rule)\n", "\(planned.output)\(planned.errors)")
        #expect(planned.errors.contains("q:\(yielding)-docs: 2 records"), "\(planned.errors)")
        for _ in 0..<2 {
            let done = try run("apply ./plan.json\nverify q:docs against q:*-docs quiet output ./v.txt", server, folder)
            #expect(done.exit == 0, "\(done.errors)")
        }
        let counts = try run(
            "count q:alpha-docs\ncount q:beta-docs\ncount q:docs where project_id == 'alpha'\n"
                + "count q:docs where project_id == 'beta'", server, folder
        ).output.split(separator: "\n").compactMap { Int($0) }
        let lost = rule == "rekey" ? [0, 0] : rule == "last" ? [2, 0] : [0, 2]
        #expect(counts.count == 4 && zip(counts, counts.dropFirst(2)).map { $0 - $1 } == lost, "\(counts)")
        try await server.stop()
    }

    private static let runbook = project.appending(path: "scripts/runbooks/qdrant-multi-tenant.md").path

    @Test func theRunbookRunsTwiceAndBack() async throws {
        let (server, folder) = try await place()
        func run(_ more: [String] = []) throws {
            let run = try ProgramRun(
                ["--yes"] + more + [
                    "-v", "store=\(server.address)", "-v", "folder=\(folder.url.path)/made", Self.runbook,
                ], in: folder)
            #expect(run.exit == 0, "\(run.errors)")
        }
        for _ in 0..<2 { try run() }
        let made = try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/made")
        #expect(made.sorted() == ["analysis.json", "backups", "plan.json", "reports"])
        try run(["-v", "mode=rollback"])
        try run()
        try await server.stop()
    }
}
