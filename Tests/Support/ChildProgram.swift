import Glibc

/// A program that runs beside the test and can be killed at any instant; what it says goes to two files.
package final class ChildProgram {
    private let program: Spawned
    private let folder: String

    /// Starts it in `folder`, where what it says is kept, and, unless `variables` say otherwise, its state.
    package init(
        _ program: String, _ arguments: [String], in folder: String, _ variables: [String: String]? = nil
    ) throws {
        self.folder = folder
        let written = O_WRONLY | O_CREAT | O_TRUNC
        self.program = try Spawned(
            Spawn(
                words: [program] + arguments,
                environment: variables ?? [
                    "HOME": folder, "VECSH_HOME": folder + "/state", "XDG_CONFIG_HOME": folder + "/config",
                    "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "NO_COLOR": "1",
                ],
                folder: folder,
                files: [
                    (0, .path("/dev/null", O_RDONLY)), (1, .path("\(folder)/out", written)),
                    (2, .path("\(folder)/err", written)),
                ]))
    }

    package var process: pid_t { program.process }
    package var output: String { text("out") }
    package var errors: String { text("err") }
    package var isRunning: Bool { program.end == nil }

    package func send(_ signal: Int32) { program.send(signal) }

    /// Waits until something is so, or the program has ended; answers whether it is so.
    package func waits(seconds: Double = 30, pause: UInt32 = 1000, until isSo: (ChildProgram) -> Bool) -> Bool {
        program.waits(seconds: seconds, pause: pause) { isSo(self) }
    }

    /// The exit status; 128 and the signal if one ended it; nil if it does not end.
    package func end(seconds: Double = 60) -> Int32? { program.end(seconds: seconds)?.exit }

    private func text(_ name: String) -> String {
        guard let file = fopen("\(folder)/\(name)", "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&piece, 1, piece.count, file), count > 0 { bytes += piece[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
