import Foundation
import Language
import Shell
import TestSupport
import Testing

/// What `plan` promises, for every example of every command that changes something.
@Suite struct PlanPromiseTests {
    /// No store of files can be altered, and what is in memory is gone with the program.
    static let examples = DocumentedExample.all.filter { example in
        guard example.verb != "alter" else { return false }
        let command = Command.all.first { $0.signature.name == example.verb }
        return command?.effect != Command.Effect.none && !example.namesJob && !example.line.hasPrefix("plan ")
    }

    @Test(arguments: examples) func aPlanChangesNothingAndIsWhatADryRunSays(_ example: DocumentedExample) throws {
        let folder = try TemporaryFolder()
        try example.prepare(folder)
        let start = DocumentedExample.start.replacing("mem://new", with: "sqlite://./new.db")
        let made = try ProgramRun(["--yes", "-c", start, "-c", example.preparation], in: folder)
        try #require(made.exit == 0, "\(made.errors)")
        let lines = (start + "\n" + example.preparation).split(separator: "\n")
        let connections = lines.filter { $0.hasPrefix("connect ") || $0.hasPrefix("let ") }.joined(separator: "\n")
        let before = try Self.files(in: folder)

        let plan = try ProgramRun(["-c", connections, "-c", "plan " + example.line(in: folder)], in: folder)
        let dry = try ProgramRun(["--dry-run", "-c", connections, "-c", example.line(in: folder)], in: folder)
        #expect(plan.exit == 0 && !plan.output.isEmpty, "\(plan.errors)")
        #expect(dry.exit == 0, "\(dry.errors)")
        #expect(Self.lasting(plan.output) == Self.lasting(dry.output))
        #expect(try Self.files(in: folder) == before)
    }

    /// Everything in the folder but what comes and goes with an open database.
    private static func files(in folder: TemporaryFolder) throws -> [String: Data] {
        var found: [String: Data] = [:]
        let passing = ["-wal", "-shm", ".lock", ".output", ".errors"]
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder.url.path)
        where !passing.contains(where: path.hasSuffix) {
            var isFolder: ObjCBool = false
            let whole = folder.url.appending(path: path)
            _ = FileManager.default.fileExists(atPath: whole.path, isDirectory: &isFolder)
            found[path] = isFolder.boolValue ? Data() : try Data(contentsOf: whole)
        }
        return found
    }

    /// Without what differs from one instant to the next.
    private static func lasting(_ output: String) -> [String] {
        output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.hasPrefix("estimate_s") && !$0.hasPrefix("disk_free") }
    }
}
