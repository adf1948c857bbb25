import Glibc
import JSON
import Model
import Synchronization

/// The statements that were run at the prompt, one line of JSON each in a file that only its owner can read.
///
/// Trouble with the file never stops the prompt: it is kept in ``problem`` for the caller to mention once.
package final class History: Sendable {
    package struct Entry: Hashable, Sendable {
        /// Microseconds since 1970.
        package var time: Int64
        package var text: String
        package var succeeded: Bool
        package var directory: String

        package init(time: Int64, text: String, succeeded: Bool, directory: String) {
            self.time = time
            self.text = text
            self.succeeded = succeeded
            self.directory = directory
        }
    }

    private struct State {
        var entries: [Entry] = []
        var problem: String?
    }

    private let file: HistoryFile?
    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter path: where it is kept; nil keeps it for this session only.
    package init(path: String?, limit: Int = 10_000) {
        file = path.map(HistoryFile.init)
        self.limit = limit
        attempt { file throws(HistoryFile.Problem) in
            let entries = try file.read(keepingAtMost: limit)
            state.withLock { $0.entries = entries }
        }
    }

    /// From the oldest to the newest.
    package var entries: [Entry] { state.withLock { $0.entries } }
    package var texts: [String] { entries.map(\.text) }

    /// Why the file could not be read or written, if so.
    package var problem: String? { state.withLock { $0.problem } }

    /// Keeps a statement, unless it begins with a space or is the one before again; secrets are replaced by the caller.
    package func add(_ text: String, succeeded: Bool, directory: String) {
        guard !text.isEmpty, !text.hasPrefix(" ") else { return }
        let entry = Entry(time: Timestamp.now, text: text, succeeded: succeeded, directory: directory)
        let isNew = state.withLock { state in
            guard state.entries.last?.text != text else { return false }
            state.entries.append(entry)
            if state.entries.count > limit { state.entries.removeFirst(state.entries.count - limit) }
            return true
        }
        guard isNew else { return }
        attempt { file throws(HistoryFile.Problem) in try file.append(entry) }
    }

    private func attempt(_ body: (HistoryFile) throws(HistoryFile.Problem) -> Void) {
        guard let file else { return }
        do {
            try body(file)
        } catch {
            state.withLock { $0.problem = error.message }
        }
    }
}

extension History.Entry {
    /// Nil for a line that is torn or not ours.
    init?(line: [UInt8]) {
        guard let value = try? JSONValue(line), let text = value["text"]?.string, !text.isEmpty else { return nil }
        self.init(
            time: value["time"]?.string.flatMap(Timestamp.microseconds) ?? 0, text: text,
            succeeded: value["succeeded"]?.bool ?? true, directory: value["directory"]?.string ?? "")
    }

    var line: String {
        let value: JSONValue = [
            "time": .string(Timestamp.text(time)), "text": .string(text), "succeeded": .bool(succeeded),
            "directory": .string(directory),
        ]
        return value.text + "\n"
    }
}
