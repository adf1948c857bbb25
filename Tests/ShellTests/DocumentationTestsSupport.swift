import Foundation
import Testing

/// The program itself, in a folder of its own and with nothing of the person's who runs the tests.
struct ProgramRun {
    let output: String
    let errors: String
    let exit: Int32

    /// Built beside the tests.
    static let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "vecsh")

    init(_ arguments: [String], in folder: TemporaryFolder) throws {
        try self.init(program: ProgramRun.program, ["--no-rc"] + arguments, in: folder)
    }

    init(program: URL, _ arguments: [String], in folder: TemporaryFolder) throws {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.currentDirectoryURL = folder.url
        process.environment = folder.environment
        // Files, as a full pipe would stop the program.
        let (output, errors) = (folder.url.appending(path: ".output"), folder.url.appending(path: ".errors"))
        for file in [output, errors] { try Data().write(to: file) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        process.waitUntilExit()
        self.output = try String(contentsOf: output, encoding: .utf8)
        self.errors = try String(contentsOf: errors, encoding: .utf8)
        exit = process.terminationStatus
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
