import Foundation
import TestSupport
import Testing

/// The runbooks that begin with a folder of Chroma's.
@Suite struct ChromaRunbookTests {
    private static let upgrade = project.appending(path: "scripts/runbooks/chroma-upgrade.md").path
    private static let move = project.appending(path: "scripts/runbooks/chroma-to-qdrant.md").path
    private static let python = project.appending(path: ".build/chroma-venv/bin/python").path

    /// A folder of that version in `old/data`.
    private func place(_ version: String) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let fixture = project.appending(path: "Tests/Fixtures/chroma/\(version).tar.gz").path
        try folder.write("run 'mkdir old && tar -C old -xzf \(fixture)'\n", to: "unpack.vsh")
        #expect(try ProgramRun(["unpack.vsh"], in: folder).exit == 0)
        return folder
    }

    // MARK: To the newest Chroma

    @Test func canBeRead() throws {
        let run = try ProgramRun(["--check", "--yes", Self.upgrade], in: TemporaryFolder())
        #expect(run.exit == 0, "\(run.errors)")
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: python)), arguments: ["0.4.24", "0.6.3"])
    func bringsAnOldFolderToTheNewest(_ version: String) throws {
        let folder = try place(version)
        let arguments = [
            "--yes", "-v", "old=./old/data", "-v", "new=\(folder.url.path)/new", "-v", "python=\(Self.python)",
            Self.upgrade,
        ]
        let run = try ProgramRun(arguments, in: folder)
        #expect(run.exit == 0, "\(run.errors) \(run.output)")
        #expect(run.output.contains("large.cosine 102"), "\(run.output)")
        let alone = try ProgramRun(["--step", "Verify"] + arguments, in: folder)
        #expect(alone.exit == 0 || alone.exit == 4, "\(alone.errors)")
    }

    // MARK: To Qdrant

    @Test(.needsQdrant, arguments: ["0.4.24", "1.5.9"])
    func movesEverythingToQdrant(_ version: String) async throws {
        let service = try await QdrantService.start()
        let folder = try place(version)
        let variables = ["QDRANT_URL": service.address]
        let arguments = ["--yes", "-v", "folder=./old/data", "-v", "prefix=moved_", "-v", "queries=3", Self.move]
        let dry = try ProgramRun(["--dry-run"] + arguments, in: folder, variables)
        #expect(dry.exit == 0 && dry.output.contains("large.cosine"), "\(dry.errors) \(dry.output)")
        #expect(!FileManager.default.fileExists(atPath: folder.url.path + "/old/data.backup"))
        for _ in 0..<2 {
            let run = try ProgramRun(arguments, in: folder, variables)
            #expect(run.exit == 0, "\(run.errors) \(run.output)")
        }
        #expect(FileManager.default.fileExists(atPath: folder.url.path + "/old/data.backup/chroma.sqlite3"))
        let alone = try ProgramRun(["--step", "Verify"] + arguments, in: folder, variables)
        #expect(alone.exit == 0, "\(alone.errors)")
        try folder.write(
            "connect q to \(service.address)\npeek q:moved_large.cosine where chroma_id == 'plain-10' format jsonl",
            to: "look.vsh")
        let look = try ProgramRun(["look.vsh"], in: folder)
        #expect(look.output.contains(#""chroma_id":"plain-10""#), "\(look.output) \(look.errors)")
        try await service.stop()
    }
}
