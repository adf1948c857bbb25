import Foundation
import Glibc
import Model
import Stores
import TestSupport
import Testing

/// Twelve collections with odd names become one, however often the program is killed; one of them fails on the way.
@Suite(.serialized) struct TenantKillTests {
    private static let names = [
        "alpha-docs", "beta-docs", "my-app-docs", "Größe-docs", "x-docs", "a.b-docs", "1-docs", "q_r-docs", "λ-docs",
        "long name-docs", "o'hara-docs", "b-docs",
    ]

    /// A folder with a database `n.db`: numbers and UUIDs as keys, nested payloads, sparse vectors; two keys collide.
    private func place() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        // All that is started here has one home.
        let home = folder.url.path + "/.vecsh"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: folder.url.path + "/state", withDestinationPath: home)
        var script = ["connect db to sqlite://./n.db quiet"]
        for (number, name) in Self.names.enumerated() {
            let isUUID = name == "b-docs"
            let lines = (0..<200 + 10 * number).map { row in
                let key = isUUID ? "\"\(UUID())\"" : "\(name == "beta-docs" && row < 2 ? row : number * 100_000 + row)"
                return
                    #"{"key":\#(key),"vectors":{"v":[\#(row),1,2,3],"s":{"indices":[\#(row),9000],"values":[0.5,1]}},"#
                    + #""fields":{"title":"t\#(row)","meta":{"a":{"b":[1,null,"x"]},"n":\#(row)}}}"#
            }
            try folder.write(lines.joined(separator: "\n"), to: "r\(number).jsonl")
            let quoted = "db:\"\(name)\""
            script.append(
                "create \(quoted) fields (id \(isUUID ? "uuid" : "int64") key, v vector(4) metric cosine, "
                    + "s sparsevector null, title text null) open quiet")
            script.append("put \(quoted) from ./r\(number).jsonl quiet")
        }
        try folder.write(script.joined(separator: "\n"), to: "fill.vsh")
        let run = try ProgramRun(["fill.vsh"], in: folder)
        #expect(run.exit == 0, "\(run.errors)")
        return folder
    }

    private static let plan = """
        connect db to sqlite://./n.db quiet
        connect new to sqlite://./new.db quiet
        plan merge db:<project>-docs into new:docs set project_id=$project, migrated_at=now() output ./plan.json \
        with ids=uuid5, keep_id_as=old_id, batch=20
        """
    private static let apply = """
        connect db to sqlite://./n.db quiet
        connect new to sqlite://./new.db quiet
        apply ./plan.json report to ./reports/
        """

    @Test func killedAndRolledBackEveryPointHasItsProject() throws {
        let folder = try place()
        let refused = try ProgramRun(
            ["-c", Self.plan.replacing("with ids=uuid5, keep_id_as=old_id, batch=20", with: "")], in: folder)
        #expect(refused.exit == 1 && refused.errors.contains("E0909"), "\(refused.errors)")
        #expect(try ProgramRun(["-c", Self.plan], in: folder).exit == 0)
        for pause in [20, 60, 110, 160, 230] { try kill(folder, after: pause) }
        try failOnce(folder)
        let run = try ProgramRun(["-c", Self.apply], in: folder)
        #expect(run.exit == 0, "\(run.errors)")
        let proof = try ProgramRun(
            [
                "-c",
                """
                connect db to sqlite://./n.db quiet
                connect new to sqlite://./new.db quiet
                verify new:docs against db:*-docs output ./verified.txt
                count new:docs
                count new:docs where not exists(project_id) or not exists(migrated_at)
                count new:docs where project_id == 'my-app'
                """,
            ], in: folder)
        let total = Self.names.indices.reduce(0) { $0 + 200 + 10 * $1 }
        #expect(proof.output == "\(total)\n0\n220\n", "\(proof.output)\(proof.errors)")
        #expect(proof.exit == 0, "\(proof.errors)")
        try checkReports(folder, total)
    }

    private func kill(_ folder: TemporaryFolder, after milliseconds: Int) throws {
        let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "vecsh").path
        // Slow enough that it is killed on its way.
        let line = (Self.apply + " with rate=12000").replacing("./", with: folder.url.path + "/")
        let child = try ChildProgram(program, ["-c", line], in: folder.url.path)
        // However slow the machine is, it has begun.
        let jobs = folder.url.path + "/state/jobs"
        #expect(child.waits { _ in (try? FileManager.default.contentsOfDirectory(atPath: jobs))?.isEmpty == false })
        usleep(UInt32(milliseconds * 1000))
        child.send(SIGKILL)
        _ = child.end()
    }

    /// A record that the target refuses: what its collection had brought goes, all else stays.
    private func failOnce(_ folder: TemporaryFolder) throws {
        func sql(_ text: String) throws {
            try folder.write(
                "import sqlite3\nc = sqlite3.connect('new.db')\nc.execute(\(text))\nc.commit()\n", to: "sql.py")
            let run = try ProgramRun(["-c", "run 'python3 sql.py'"], in: folder)
            #expect(run.exit == 0, "\(run.errors)")
        }
        try sql(
            "\"create trigger stop before insert on docs when new.project_id='b' and new.title='t300' "
                + "begin select raise(abort,'not this one'); end\"")
        let failed = try ProgramRun(["-c", Self.apply], in: folder)
        #expect(
            failed.exit == 1 && failed.errors.contains("rolled back: 300 records of db:b-docs removed"),
            "\(failed.errors)")
        let left = try ProgramRun(
            ["-c", "connect new to sqlite://./new.db quiet\ncount new:docs where project_id == 'b'\ncount new:docs"],
            in: folder)
        let others = Self.names.indices.dropLast().reduce(0) { $0 + 200 + 10 * $1 }
        #expect(left.output == "0\n\(others)\n", "\(left.output)")
        try sql("'drop trigger stop'")
    }

    private func checkReports(_ folder: TemporaryFolder, _ total: Int) throws {
        let reports = folder.url.appending(path: "reports")
        let names = try FileManager.default.contentsOfDirectory(atPath: reports.path).sorted()
        #expect(names.count == 3, "\(names)")
        for name in names {
            let text = try String(contentsOf: reports.appending(path: name), encoding: .utf8)
            #expect(text.contains("\(total)"), "\(name)")
            guard name.hasSuffix("html") else { continue }
            #expect(text.contains("<svg") && text.contains("<polyline") && text.contains("o&#39;hara-docs"))
            for outside in ["http:", "https:", "src=", "href=", "<script", "url(", "@import"] {
                #expect(!text.contains(outside), "\(outside)")
            }
        }
    }

    @Test func aSecondMigrationOfOneTargetIsRefused() throws {
        let folder = try place()
        #expect(try ProgramRun(["-c", Self.plan], in: folder).exit == 0)
        let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "vecsh").path
        let child = try ChildProgram(
            program, ["-c", (Self.apply + " with rate=300").replacing("./", with: folder.url.path + "/")],
            in: folder.url.path)
        #expect(child.waits { _ in FileManager.default.fileExists(atPath: folder.url.path + "/state/targets") })
        usleep(400_000)
        let second = try ProgramRun(
            [
                "-c",
                "connect db to sqlite://./n.db quiet\nconnect new to sqlite://./new.db quiet\n"
                    + "copy 'db:x-docs' to new:docs if exists append",
            ], in: folder)
        #expect(second.exit == 1 && second.errors.contains("E0904"), "\(second.errors)")
        #expect(
            second.errors.contains(#/(job|execution) [0-9a-f]+ is writing new:docs/#),
            "\(second.errors)")
        child.send(SIGKILL)
        _ = child.end()
    }

    private static let runbook = project.appending(path: "scripts/runbooks/qdrant-multi-tenant.md").path

    @Test func theRunbookRunsTwiceAndBack() throws {
        let check = try ProgramRun(["--check", "--yes", Self.runbook], in: TemporaryFolder())
        #expect(check.exit == 0, "\(check.errors)")
        let folder = try place()
        func run(_ more: [String] = []) throws -> ProgramRun {
            try ProgramRun(
                ["--yes"] + more + [
                    "-v", "store=sqlite://./n.db", "-v", "folder=\(folder.url.path)/made", Self.runbook,
                ],
                in: folder)
        }
        for _ in 0..<2 {
            let done = try run()
            #expect(done.exit == 0, "\(done.errors)")
        }
        let made = try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/made")
        #expect(made.sorted() == ["analysis.json", "backups", "plan.json", "reports"])
        let back = try run(["-v", "mode=rollback"])
        #expect(back.exit == 0, "\(back.errors)")
        let again = try run()
        #expect(again.exit == 0, "\(again.errors)")
    }
}
