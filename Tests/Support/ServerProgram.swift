import Foundation

/// The programs around a server that tests talk to.
package enum ServerProgram {
    package struct Failure: Error, CustomStringConvertible {
        package var description: String

        package init(description: String) {
            self.description = description
        }
    }

    /// What `scripts/services` prints; its servers live in `folder`.
    @discardableResult
    package static func services(
        _ arguments: [String], in folder: String, _ variables: [String: String] = [:]
    ) throws -> String {
        try run(script, arguments, variables.merging(["VECSH_SERVICES": folder]) { $1 })
    }

    private static let script = URL(filePath: #filePath).appending(path: "../../../scripts/services").standardized.path

    /// What a program prints; if it fails, an error with what it said last.
    @discardableResult
    package static func run(
        _ program: String, _ arguments: [String], _ variables: [String: String] = [:]
    ) throws -> String {
        let files = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: files) }
        let names = ["out", "err"].map { files.appending(path: $0) }
        for name in names { try Data().write(to: name) }
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: names[0])
        process.standardError = try FileHandle(forWritingTo: names[1])
        try process.run()
        process.waitUntilExit()
        let texts = try names.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
        guard process.terminationStatus == 0 else {
            throw Failure(description: texts[1].trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return String(texts[0].dropLast(texts[0].hasSuffix("\n") ? 1 : 0))
    }
}
