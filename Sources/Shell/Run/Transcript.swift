import Glibc
import Synchronization

/// What was typed and what came of it, as a Markdown file that can be read and run again.
package final class Transcript: Sendable {
    private let descriptor: Int32
    private let state = Mutex(State())

    private struct State {
        var output: [UInt8] = []
        /// Bytes that were left out: a transcript is for people, and memory has an end.
        var omitted = 0
        var messages: [String] = []
    }

    /// Begins a new file.
    init(path: String) throws(FileProblem) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .last }
    }

    deinit { Glibc.close(descriptor) }

    package func add(title: String) { write("\n## \(title)\n") }

    package func add(output bytes: [UInt8]) {
        state.withLock { state in
            let kept = bytes.prefix(Self.limit - state.output.count)
            state.output += kept
            state.omitted += bytes.count - kept.count
        }
    }

    private static let limit = 100_000

    package func add(message: String) { state.withLock { $0.messages.append(message) } }

    /// A statement has ended: writes it down with what it printed and said; without one only that.
    package func close(statement: String? = nil) {
        let done = state.withLock { state in
            defer { state = State() }
            return state
        }
        if let statement { write("\n```vecsh\n\(statement)\n```\n") }
        var output = String(decoding: done.output, as: UTF8.self)
        if done.omitted > 0 { output += "\n… \(done.omitted) bytes more" }
        if !output.isEmpty { write("\n```text\n\(output)\(output.hasSuffix("\n") ? "" : "\n")```\n") }
        if !done.messages.isEmpty {
            write("\n" + done.messages.map { "> " + $0.replacing("\n", with: "\n> ") }.joined(separator: "\n") + "\n")
        }
    }

    private func write(_ text: String) { writeText(text, to: descriptor) }
}
