import Foundation
import Testing

/// A program in Python that needs packages which may not be there.
package struct PackageScript {
    private let words: [String]
    private let needs: [String]

    package init(_ text: String, needs: [String]) { (words, self.needs) = (["-c", text], needs) }

    /// A file of `Tests/Fixtures`.
    package init(fixture: String, needs: [String]) {
        (words, self.needs) = ([RunningScript.fixture(fixture)], needs)
    }

    /// What it prints; nil where a package is missing, which `scripts/test` would have installed.
    package func run(_ arguments: String...) throws -> String? {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-W", "ignore"] + words + arguments
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        try process.run()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let isMissing =
            needs.contains { complaint.contains("No module named '\($0)") } || process.terminationStatus == 127
        if isMissing {
            print("left out: python3 has not all of \(needs.joined(separator: ", ")); `scripts/test` installs them")
            return nil
        }
        #expect(process.terminationStatus == 0, "\(complaint)")
        return said
    }
}

/// A script in Python that runs beside the test, and says in its first line where it is to be found.
package final class RunningScript {
    /// Empty where it cannot run.
    package private(set) var firstLine = ""
    private let process = Process()
    private let (input, output) = (Pipe(), Pipe())

    package init(_ path: String, _ arguments: [String] = []) throws {
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", path] + arguments
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        firstLine = line()
    }

    // Not only the end of its input: a program that another test started may hold that open.
    deinit { process.terminate() }

    package static func fixture(_ name: String) -> String {
        URL(filePath: #filePath).appending(path: "../../Fixtures/\(name)").standardized.path
    }

    package func answer(to word: String) throws -> String {
        try input.fileHandleForWriting.write(contentsOf: Data("\(word)\n".utf8))
        return line()
    }

    private func line() -> String {
        var line: [UInt8] = []
        while let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first, byte != 0x0A { line.append(byte) }
        return String(decoding: line, as: UTF8.self)
    }
}
