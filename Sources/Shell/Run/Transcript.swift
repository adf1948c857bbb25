import Glibc
import Synchronization

/// What was typed and what came of it, as a Markdown file that can be read and run again.
package final class Transcript: Sendable {
    private let descriptor: Int32
    private let state = Mutex(State())

    private struct State {
        var output: [UInt8] = []
        var messages: [String] = []
    }

    /// Begins a new file.
    init(path: String) throws(FileProblem) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .last }
    }

    deinit { Glibc.close(descriptor) }

    package func add(title: String) { write("\n## \(title)\n") }

    package func add(output bytes: [UInt8]) { state.withLock { $0.output += bytes } }

    package func add(message: String) { state.withLock { $0.messages.append(message) } }

    /// A statement has ended: writes it down with what it printed and said; without one only that.
    package func close(statement: String? = nil) {
        let done = state.withLock { state in
            defer { state = State() }
            return state
        }
        if let statement { write("\n```vecsh\n\(statement)\n```\n") }
        let output = String(decoding: done.output, as: UTF8.self)
        if !output.isEmpty { write("\n```text\n\(output)\(output.hasSuffix("\n") ? "" : "\n")```\n") }
        if !done.messages.isEmpty {
            write("\n" + done.messages.map { "> " + $0.replacing("\n", with: "\n> ") }.joined(separator: "\n") + "\n")
        }
    }

    private func write(_ text: String) { writeText(text, to: descriptor) }
}
