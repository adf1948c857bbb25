import Foundation
import TestSupport
import Testing

/// The runbook that moves a collection from one Qdrant to another, and that nothing is lost on the way: `qdrant-client` makes
/// what moves, and compares what has arrived.
@Suite(.needsQdrant, .timeLimit(.minutes(5))) struct QdrantRunbookTests {
    private static let runbook = project.appending(path: "scripts/runbooks/qdrant-to-qdrant.md").path
    private static let samples = project.appending(path: "Tests/Services/qdrant_samples.py").path

    @Test func movesAndIsFoundDone() async throws {
        let (source, target) = (try await QdrantService.start(), try await QdrantService.start())
        let folder = try TemporaryFolder()
        try await source.python(Self.samples, ["fill", "docs"])
        let arguments = [
            "--yes", "-v", "source=\(source.address)", "-v", "target=\(target.address)",
            "-v", "backups=\(folder.url.path)/backups", "-v", "status=\(folder.url.path)/status.json", Self.runbook,
        ]
        for _ in 0..<2 {
            let run = try ProgramRun(arguments, in: folder)
            #expect(run.exit == 0, "\(run.errors)")
        }
        let alone = try ProgramRun(["--step", "Verify"] + arguments, in: folder)
        #expect(alone.exit == 0, "\(alone.errors)")
        for name in ["docs_2", "docs_live"] {
            try await source.python(Self.samples, ["compare", "docs", target.url, name])
        }
        try await source.stop()
        try await target.stop()
    }

    /// Through an archive, which keeps what only Qdrant has too.
    @Test(arguments: ["docs", "docs_plain"]) func anArchiveKeepsEverything(_ name: String) async throws {
        let service = try await QdrantService.start()
        let folder = try TemporaryFolder()
        try await service.python(Self.samples, ["fill", "docs"])
        let run = try ProgramRun(
            [
                "-c", "connect q to \(service.address)", "-c", "connect shelf to archive://./shelf with create=true",
                "-c", "copy q:\(name) to shelf:\(name)", "-c", "copy shelf:\(name) to q:again",
                "-c", "verify q:again against q:\(name)",
            ], in: folder)
        #expect(run.exit == 0, "\(run.errors)")
        try await service.python(Self.samples, ["compare", name, service.url, "again"])
        try await service.stop()
    }
}
