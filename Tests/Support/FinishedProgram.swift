import Foundation

/// A program that ran to its end, and what it said.
package struct FinishedProgram {
    package var output: String
    package var errors: String
    package var end: ProgramEnd
    package var exit: Int32 { end.exit }

    /// What does not end within `seconds` is killed. All goes by files, as a full pipe would stop the program.
    package init(
        _ words: [String], input: String = "", in folder: String? = nil, environment: [String: String]? = nil,
        seconds: Double = 300
    ) throws {
        let files = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: files) }
        let names = ["in", "out", "err"].map { files.appending(path: $0) }
        try Data(input.utf8).write(to: names[0])
        let (reads, writes) = (O_RDONLY, O_WRONLY | O_CREAT | O_TRUNC)
        let program = try Spawned(
            Spawn(
                words: words, environment: environment, folder: folder,
                files: zip(0..., zip(names, [reads, writes, writes])).map { ($0, .path($1.0.path, $1.1)) }))
        _ = program.end(seconds: seconds)
        program.kill()
        output = String(decoding: try Data(contentsOf: names[1]), as: UTF8.self)
        errors = String(decoding: try Data(contentsOf: names[2]), as: UTF8.self)
        end = program.end ?? ProgramEnd(SIGKILL)
    }
}
