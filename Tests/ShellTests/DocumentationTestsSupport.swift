import Foundation
import TestSupport
import Testing

/// The program itself, in a folder of its own and with nothing of the person's who runs the tests.
struct ProgramRun {
    let output: String
    let errors: String
    let exit: Int32

    /// Built beside the tests.
    static let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "vecsh")

    init(_ arguments: [String], in folder: TemporaryFolder, _ variables: [String: String] = [:]) throws {
        try self.init(program: ProgramRun.program, ["--no-rc"] + arguments, in: folder, variables)
    }

    init(
        program: URL, _ arguments: [String], in folder: TemporaryFolder, _ variables: [String: String] = [:]
    ) throws {
        let run = try FinishedProgram(
            [program.path] + arguments, in: folder.url.path, environment: folder.environment.merging(variables) { $1 },
            seconds: 600)
        (output, errors, exit) = (run.output, run.errors, run.exit)
    }
}

/// A folder that is gone with the test.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "vecsh-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    var environment: [String: String] {
        [
            "HOME": url.path, "VECSH_HOME": "\(url.path)/.vecsh", "XDG_STATE_HOME": "\(url.path)/.state",
            "XDG_CONFIG_HOME": "\(url.path)/.config", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "COLUMNS": "100",
            "EDITOR": "true",
        ]
    }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let file = url.appending(path: name)
        try Data(text.utf8).write(to: file)
        return file.path
    }
}

/// The folder that holds Package.swift.
let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
