import Model

/// Why a copy cannot go on, in words for the person who wants it to.
package struct JobError: Error, Sendable {
    package var message: String
    /// What to do about it, one sentence.
    package var help: String?

    package init(_ message: String, help: String? = nil) {
        self.message = message
        self.help = help
    }

    /// What an error says, in one line.
    static func reason(of error: any Error) -> String {
        switch error {
        case let error as StoreError: error.message
        case let error as JobError: error.message
        default: "\(error)"
        }
    }
}
