import Foundation
import Testing

/// A program in Python that needs packages which may not be there.
package struct PackageScript {
    private let words: [String]
    private let needs: [String]

    package init(_ text: String, needs: [String]) { (words, self.needs) = (["-c", text], needs) }

    /// A file of `Tests/Fixtures`.
    package init(fixture: String, needs: [String]) { self.init(file: RunningScript.fixture(fixture), needs: needs) }

    package init(file: String, needs: [String]) { (words, self.needs) = ([file], needs) }

    package static func isThere(_ package: String) -> Bool {
        (try? PackageScript("import \(package)", needs: [package]).run()) ?? nil != nil
    }

    /// What it prints; nil where a package is missing, which `scripts/test` would have installed.
    package func run(_ arguments: String..., input: String = "") throws -> String? {
        try run(arguments, input: input)
    }

    package func run(_ arguments: [String], input: String = "") throws -> String? {
        let run = try FinishedProgram(["env", "python3", "-W", "ignore"] + words + arguments, input: input)
        let isMissing = needs.contains { run.errors.contains("No module named '\($0)") } || run.exit == 127
        if isMissing {
            print("left out: python3 has not all of \(needs.joined(separator: ", ")); `scripts/test` installs them")
            return nil
        }
        #expect(run.exit == 0, "\(run.errors.suffix(2000))")
        return run.output
    }
}

/// A script in Python that runs beside the test, and says in its first line where it is to be found.
package final class RunningScript {
    /// Empty where it cannot run.
    package private(set) var firstLine = ""
    private let program: Spawned
    private let (input, output): (FileHandle, FileHandle)

    package convenience init(_ path: String, _ arguments: [String] = []) throws { try self.init([path] + arguments) }

    /// What Python is told, as on its command line.
    package init(_ words: [String]) throws {
        let (input, output) = (try CloseOnExec(), try CloseOnExec())
        program = try Spawned(
            Spawn(
                words: ["env", "python3"] + words,
                files: [
                    (0, .open(input.read.fileDescriptor)), (1, .open(output.write.fileDescriptor)),
                    (2, .path("/dev/null", O_WRONLY)),
                ]))
        (self.input, self.output) = (input.write, output.read)
        firstLine = line()
    }

    package static func fixture(_ name: String) -> String {
        URL(filePath: #filePath).appending(path: "../../Fixtures/\(name)").standardized.path
    }

    package func say(_ line: Data) throws { try input.write(contentsOf: line + Data("\n".utf8)) }

    package func answer(to word: String) throws -> String {
        try say(Data(word.utf8))
        return line()
    }

    package func line() -> String {
        var line: [UInt8] = []
        while let byte = try? output.read(upToCount: 1)?.first, byte != 0x0A { line.append(byte) }
        return String(decoding: line, as: UTF8.self)
    }

    /// Its input ends; what it does then is waited for.
    package func end() {
        try? input.close()
        _ = program.end(seconds: 30)
    }
}

/// A pipe that no other program gets hold of by chance.
private struct CloseOnExec {
    let (read, write): (FileHandle, FileHandle)

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Spawn.Failure(description: "no pipe: \(String(cString: strerror(errno)))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        read = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        write = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
    }
}
