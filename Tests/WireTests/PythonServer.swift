import Foundation

/// Real servers of HTTP and gRPC beside the test; they end with it, or when its process does.
final class PythonServer {
    let web: Int
    let grpc: Int
    private let process = Process()
    private let (input, output) = (Pipe(), Pipe())

    /// Nil where Python has no `grpcio`.
    init?() throws {
        process.executableURL = URL(filePath: "/usr/bin/env")
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "server.py").path
        process.arguments = ["python3", script]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let ports = PythonServer.line(output).split(separator: " ").compactMap { Int($0) }
        guard ports.count == 2 else { return nil }
        (web, grpc) = (ports[0], ports[1])
    }

    deinit {
        // Not only the end of its input: a program that another test started may hold that open.
        process.terminate()
        process.waitUntilExit()
    }

    func restart() throws {
        try input.fileHandleForWriting.write(contentsOf: Data("restart\n".utf8))
        _ = PythonServer.line(output)
    }

    private static func line(_ pipe: Pipe) -> String {
        var line = ""
        while let byte = try? pipe.fileHandleForReading.read(upToCount: 1)?.first, byte != 0x0A {
            line.unicodeScalars.append(Unicode.Scalar(byte))
        }
        return line
    }
}
