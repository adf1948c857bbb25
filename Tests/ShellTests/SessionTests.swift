import Foundation
import Language
import Shell
import TestSupport
import Testing

/// Every file in `Tests/Sessions`, run against the program; `UPDATE_SESSIONS=1` writes down what comes out.
@Suite struct SessionTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sessions")

    static let files: [String] = {
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (names ?? []).filter { $0.hasSuffix(".session") }.sorted()
    }()

    @Test(arguments: files)
    func comesOutAsWritten(_ name: String) async throws {
        let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "vecsh")
        let path = SessionTests.folder.appending(path: name).path
        let isUpdating = ProcessInfo.processInfo.environment["UPDATE_SESSIONS"] == "1"
        let different = try await apart {
            var session = try SessionTranscript(path: path)
            return try session.run(program, updating: isUpdating)
        }
        for (block, found) in different {
            let (expected, found) = (block.expected.joined(separator: "\n"), found.joined(separator: "\n"))
            Issue.record("\(name), line \(block.line)\n--- expected\n\(expected)\n--- found\n\(found)")
        }
    }

    /// A command without a session is a command that nobody has tried.
    @Test func everyCommandHasASession() throws {
        let text = try SessionTests.files.map {
            try String(contentsOf: SessionTests.folder.appending(path: $0), encoding: .utf8)
        }.joined(separator: "\n")
        for command in Command.all {
            let name = command.signature.name
            let isThere = ["> \(name)", "; \(name) ", "'\(name) ", "'\(name)'", "{ \(name) "].contains {
                text.contains("\($0)")
            }
            #expect(isThere, "\(name) has none")
        }
    }
}
