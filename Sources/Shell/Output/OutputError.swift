import Glibc

/// Why text could not be brought to where it should go.
package enum OutputError: Error, Hashable, Sendable {
    /// Nobody reads standard output any more (`| head`): the process ends quietly, with exit code 0.
    case standardOutputClosed
    /// The pager or the command was left before the end: there is no use in more text, and nothing is wrong.
    case readerLeft
    /// Something is wrong, in words for the person at the prompt, and what to do about it.
    case failed(message: String, help: String?)
}

extension OutputError {
    /// A system call about `subject` has failed.
    static func system(_ doing: String, _ subject: String, _ code: Int32, help: String? = nil) -> OutputError {
        .failed(message: "cannot \(doing) \(subject): \(String(cString: strerror(code)))", help: help)
    }
}
