import Foundation
import TestSupport
import Testing

/// The program is killed while it makes a backup: there is a whole one, or none.
@Suite struct BackupKillTests {
    @Test func aKilledBackupIsNotThereAndTheNextOneSucceeds() throws {
        let folder = try TemporaryFolder()
        let vector = (0..<64).map { "0.\($0)" }.joined(separator: ",")
        let records = (0..<8_000).map { #"{"key":\#($0),"vectors":{"v":[\#(vector)]}}"# }
        try folder.write(records.joined(separator: "\n") + "\n", to: "records.jsonl")
        let start = "connect db to sqlite://./big.db quiet"
        let make = "create db:big fields (id int64 key, v vector(64)); put db:big from ./records.jsonl"
        #expect(try ProgramRun(["-c", start, "-c", make], in: folder).exit == 0)

        var killed = 0
        for milliseconds in stride(from: 10, through: 600, by: 35) {
            if try isKilled(after: milliseconds, ["--no-rc", "-c", start, "-c", "backup db to ./shelf"], folder) {
                killed += 1
            }
            let shelf = (try? FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/shelf")) ?? []
            let whole = Set(shelf.filter { $0.hasSuffix(".meta.json") }.map { $0.dropLast(".meta.json".count) })
            let packed = Set(
                shelf.filter { $0.hasSuffix(".tar.gz") && !$0.hasPrefix(".") }.map { $0.dropLast(".tar.gz".count) })
            #expect(whole.isSubset(of: packed))
            #expect(packed.count <= whole.count + 1)
        }
        #expect(killed > 0)
        #expect(try ProgramRun(["-c", start, "-c", "backup db to ./shelf"], in: folder).exit == 0)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/shelf")
        #expect(left.filter { $0.hasPrefix(".") } == [])
        let restore = "connect new to mem://new quiet; restore new from ./shelf quiet output /dev/null; count new:big"
        let run = try ProgramRun(["-c", restore], in: folder)
        #expect(run.output == "8000\n", "\(run.errors)")
    }

    private func isKilled(after milliseconds: Int, _ arguments: [String], _ folder: TemporaryFolder) throws -> Bool {
        let limit = Double(milliseconds) / 1000
        return try FinishedProgram(
            [ProgramRun.program.path] + arguments, in: folder.url.path, environment: folder.environment, seconds: limit
        ).end.signal == SIGKILL
    }
}
