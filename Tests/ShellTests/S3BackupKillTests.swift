import Foundation
import JSON
import TestSupport
import Testing

/// Backups in a bucket, and what is said there of work that goes on elsewhere.
@Suite(.needs(.s3), .timeLimit(.minutes(10))) struct S3BackupKillTests {
    private let folder: TemporaryFolder
    private let prefix = "s3://vecsh/backups-\(UUID().uuidString)"
    private let connections = "connect db to archive://./db with create=true quiet\nconnect new to mem://new quiet\n"

    init() async throws {
        folder = try TemporaryFolder()
        try await folder.useS3()
        let vector = (0..<64).map { "0.\($0)" }.joined(separator: ",")
        let records = (0..<4_000).map { #"{"key":\#($0),"vectors":{"v":[\#(vector)]},"fields":{"n":\#($0 % 7)}}"# }
        try folder.write(records.joined(separator: "\n") + "\n", to: "records.jsonl")
        try does("create db:n fields (id int64 key, v vector(64), n int64)\nput db:n from ./records.jsonl")
    }

    private func run(_ statements: String) throws -> ProgramRun {
        try ProgramRun(["--yes", "-c", connections + statements], in: folder)
    }

    @discardableResult
    private func does(_ statements: String) throws -> String {
        let run = try run(statements)
        try #require(run.exit == 0, "\(statements): \(run.errors)")
        return run.output
    }

    private func ids() throws -> [String] {
        let rows = try does("list backups \(prefix) format jsonl").split(separator: "\n")
        return try rows.map { try JSONValue(String($0))["id"]?.string ?? "" }
    }

    /// What lies below the prefix, backups or not.
    private func objects() throws -> [String] {
        let run = try run("download \(prefix)/ to ./all with manifest=no")
        defer { try? FileManager.default.removeItem(at: folder.url.appending(path: "all")) }
        guard run.exit == 0 else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/all").sorted()
    }

    @Test func whatGoesThereComesBackAndIsTheSame() throws {
        try does("backup db to \(prefix)")
        let restored = try does("restore new from \(prefix) quiet output /dev/null\nverify new:n against db:n")
        #expect(restored.contains("equal"), "\(restored)")
        // It may be put back over what has changed meanwhile.
        let again = try does(
            "delete db:n where n == 3 yes\nrestore db from \(prefix) if exists replace yes quiet output /dev/null\ncount db:n"
        )
        #expect(again.hasSuffix("4000\n"), "\(again)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/.vecsh/passing") == [])
    }

    @Test func oldOnesGo() throws {
        for _ in 0..<3 { try does("backup db to \(prefix)\nsleep 1s") }
        try does("backup db to \(prefix) as other")
        let ids = try ids()
        #expect(ids.count == 4)
        #expect(try run("prune backups \(prefix)").exit == 1)
        #expect(try run("prune backups \(prefix) older than 1d keep 1").output == "")
        let planned = try does("plan prune backups \(prefix) keep 1 format jsonl").split(separator: "\n")
        #expect(planned.count == 2)
        #expect(try self.ids() == ids)
        try does("prune backups \(prefix) keep 1 yes")
        #expect(try self.ids().count == 2)
        #expect(try objects().count == 4)
        try does("sleep 2s\nprune backups \(prefix) older than 1s yes")
        #expect(try objects() == [])
    }

    /// What is damaged there is named, and nothing comes of it.
    @Test func whatIsDamagedThereIsNotRestored() throws {
        try does("backup db to \(prefix)")
        let packed = try #require(try objects().first { $0.hasSuffix(".tar.gz") })
        try does("download \(prefix)/\(packed) to ./\(packed)")
        let file = folder.url.appending(path: packed)
        var bytes = try Data(contentsOf: file)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: file)
        try does("upload ./\(packed) to \(prefix)/\(packed) if exists replace yes")
        let damaged = try run("restore new from \(prefix)")
        #expect(damaged.exit == 1 && damaged.errors.contains("damaged"), "\(damaged.errors)")
        try bytes.prefix(1000).write(to: file)
        try does("upload ./\(packed) to \(prefix)/\(packed) if exists replace yes")
        let cut = try run("restore new from \(prefix)")
        #expect(cut.exit == 1 && cut.errors.contains("no whole"), "\(cut.errors)")
        #expect(try run("list collections new format jsonl").output == "")
    }

    @Test func aKilledBackupIsNotThereAndTheNextOneIs() throws {
        for milliseconds in stride(from: 20, through: 620, by: 100) {
            let child = try ProgramRun.started(
                ["--no-rc", "--yes", "-c", connections + "backup db to \(prefix)"], "kill", in: folder)
            _ = child.waits(seconds: Double(milliseconds) / 1000) { !$0.isRunning }
            child.send(SIGKILL)
            _ = child.end()
            #expect(try run("list backups \(prefix)").errors.contains("no whole") == false)
        }
        // A backup is called by its second, and the last one may have been whole.
        try does(
            "sleep 1s\nbackup db to \(prefix)\nrestore new from \(prefix) quiet output /dev/null\nverify new:n against db:n"
        )
    }

    @Test func othersSeeHowFarItIs() async throws {
        let status = prefix + "/status.json"
        let child = try ProgramRun.started(
            ["--no-rc", "-c", connections + "copy db:n to new:n with rate=1000, batch=100, status=\(status) quiet"],
            "copy",
            in: folder)
        var seen: [JSONValue] = []
        while child.isRunning {
            usleep(300_000)
            if let now = try read(status) { seen.append(now) }
        }
        #expect(child.end() == 0, "\(child.errors)")
        let last = try #require(try read(status))
        #expect(last["state"]?.string == "finished" && last["done"]?.integer == 4000, "\(last.text)")
        let between = seen.compactMap { $0["done"]?.integer }.filter { 0 < $0 && $0 < 4000 }
        #expect(!between.isEmpty && between == between.sorted(), "\(seen.map(\.text))")
        try does("upload ./db to \(prefix)/db/ with status=\(status)")
        #expect(try read(status)?["state"]?.string == "finished")
        try await folder.useS3(key: "reader")
        let refused = try run("copy db:n to new:n with status=\(status)")
        #expect(refused.exit == 3 && refused.errors.contains("may not"), "\(refused.errors)")
    }

    private func read(_ object: String) throws -> JSONValue? {
        let run = try run("download \(object) to ./seen.json if exists replace yes")
        guard run.exit == 0 else { return nil }
        return try JSONValue([UInt8](Data(contentsOf: folder.url.appending(path: "seen.json"))))
    }
}
