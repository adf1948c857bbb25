import Foundation

/// A file of blocks, each a call of the program and what came of it.
///
/// `> ` lines are a script for standard input, `$ ` lines one for the shell; `>> ` lines are run before every script
/// that follows. Below stand standard output, then standard error with `! ` before each line, then `[exit N]`.
/// Everything else is prose. A space at the end of a line is written as `␣`.
package struct SessionTranscript {
    package struct Block: Sendable {
        package var line: Int
        package var preamble: [String]
        package var script: [String]
        package var isShell: Bool
        package var expected: [String]
    }

    private enum Part {
        case prose(String)
        case block(Block)
    }

    package let path: String
    private var parts: [Part] = []

    package init(path: String) throws {
        self.path = path
        var preamble: [String] = []
        var lines = try String(contentsOfFile: path, encoding: .utf8).components(separatedBy: "\n")[...]
        if lines.last == "" { lines.removeLast() }
        while let line = lines.first {
            if let mark = ["> ", "$ "].first(where: line.hasPrefix) {
                parts.append(.block(SessionTranscript.block(&lines, mark, preamble)))
                continue
            }
            if line.hasPrefix(">> ") { preamble.append(String(line.dropFirst(3))) }
            if line == ">>" { preamble = [] }
            parts.append(.prose(line))
            lines.removeFirst()
        }
    }

    private static func block(_ lines: inout ArraySlice<String>, _ mark: String, _ preamble: [String]) -> Block {
        let start = lines.startIndex + 1
        let script = lines.prefix { $0.hasPrefix(mark) || $0 == String(mark.first ?? " ") }
        lines = lines.dropFirst(script.count)
        // A block that has never been run has nothing below it.
        let end = lines.firstIndex { $0.hasPrefix("[exit ") }.map { $0 + 1 }
        let expected = Array(lines.prefix(upTo: end ?? lines.firstIndex(of: "") ?? lines.endIndex))
        lines = lines.dropFirst(expected.count)
        return Block(
            line: start, preamble: preamble, script: script.map { String($0.dropFirst(2)) }, isShell: mark == "$ ",
            expected: expected)
    }

    /// Runs every block, one after the other, in a folder of their own; answers those that came out differently.
    package mutating func run(
        _ program: URL, updating: Bool
    ) throws -> [(block: Block, found: [String])] {
        let place = try SessionPlace(program)
        defer { place.remove() }
        var different: [(block: Block, found: [String])] = []
        for index in parts.indices {
            guard case .block(var block) = parts[index] else { continue }
            let found = try place.run(block)
            if found != block.expected { different.append((block, found)) }
            block.expected = found
            parts[index] = .block(block)
        }
        if updating, !different.isEmpty { try text.write(toFile: path, atomically: true, encoding: .utf8) }
        return updating ? [] : different
    }

    private var text: String {
        let lines = parts.flatMap { part -> [String] in
            switch part {
            case .prose(let line): [line]
            case .block(let block):
                block.script.map { (block.isShell ? "$ " : "> ") + $0 }.map { $0.trimmingTrailingSpaces }
                    + block.expected
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension String {
    fileprivate var trimmingTrailingSpaces: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}

/// An empty folder with an environment of its own.
private struct SessionPlace {
    private let folder: URL
    private let program: URL

    init(_ program: URL) throws {
        self.program = program
        let name = "vecsh-session-\(UUID().uuidString)"
        let place = URL(filePath: NSTemporaryDirectory()).appending(path: name)
        try FileManager.default.createDirectory(
            at: place.appending(path: "work"), withIntermediateDirectories: true)
        folder = place
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }

    private var environment: [String: String] {
        [
            "PATH": "\(program.deletingLastPathComponent().path):/usr/bin:/bin", "HOME": folder.path,
            "VECSH_HOME": folder.path + "/state", "XDG_CONFIG_HOME": folder.path + "/config", "COLUMNS": "80",
            "NO_COLOR": "1", "LANG": "C.UTF-8", "TERM": "xterm", "TZ": "UTC",
        ]
    }

    func run(_ block: SessionTranscript.Block) throws -> [String] {
        let script = block.script.joined(separator: "\n") + "\n"
        let preamble = block.preamble.isEmpty ? [] : ["-c", block.preamble.joined(separator: "\n"), "-f", "-"]
        // What hangs fails its block, and not the whole run.
        let run = try FinishedProgram(
            block.isShell ? ["/bin/sh", "-c", script] : [program.path] + preamble, input: block.isShell ? "" : script,
            in: folder.appending(path: "work").path, environment: environment, seconds: 30)
        let output = try lines(run.output)
        let errors = try lines(run.errors).map { $0.isEmpty ? "!" : "! " + $0 }
        return output + errors + ["[exit \(run.end.signal.map { "signal \($0)" } ?? "\(run.exit)")]"]
    }

    /// The text's lines, with what is never the same twice replaced.
    private func lines(_ text: String) throws -> [String] {
        var text = text
        text = text.replacing("\r\n", with: "␍\n").replacing(folder.path, with: "/home")
        let today = Date().formatted(.iso8601.year().month().day())
        text = text.replacing(try Regex("\(today)T[0-9:.]+Z"), with: "<now>")
        text = text.replacing(#/(time: | {2})[0-9.]+ (ms|s)\b/#) { "\($0.output.1)<time>" }
        text = text.replacing(#/ in [0-9.]+ (ms|s)\b/#, with: " in <time>")
        text = text.replacing(#/(port [0-9]+ after )[0-9]+ ms\b/#) { "\($0.output.1)<time>" }
        text = text.replacing(#/about [0-9.]+ (ms|s) to copy/#, with: "about <time> to copy")
        // In a table it would have the width of its digits.
        text = text.replacing(#/(disk_free +\| )[0-9]+ */#) { "\($0.output.1)<n>" }
        text = text.replacing(
            #/("seconds"|"records_per_s"|"bytes_per_s"|"peak_memory"|"estimate_s"|"disk_free"):[0-9.e-]+/#
        ) {
            "\($0.output.1):<n>"
        }
        text = text.replacing(#/(disk_free +\| )[0-9]+/#) { "\($0.output.1)<n>" }
        text = text.replacing(#/(resuming |done by |job |resume: resume |resume |"job":")[0-9a-f]{6}\b/#) {
            "\($0.output.1)<job>"
        }
        text = text.replacing(#/(execution |`status |migration_|"execution":")[0-9a-f]{10}(?![0-9a-f])/#) {
            "\($0.output.1)<id>"
        }
        text = text.replacing(#/"elapsed_s":[0-9.e-]+/#, with: #""elapsed_s":<time>"#)
        text = text.replacing(#/[\w.-]+@[\w.-]+, process [0-9]+/#, with: "<holder>")
        text = text.replacing(#/"t":[0-9]+/#, with: #""t":<now>"#)
        if text.isEmpty { return [] }
        text = text.replacing("\r", with: "␍")
        if text.hasSuffix("\n") { text.removeLast() } else { text += "⏎̸" }
        return text.components(separatedBy: "\n").map { $0.last == " " ? $0.dropLast() + "␣" : $0 }
    }
}
