/// Why a copy cannot go on, in words for the person who wants it to.
package struct JobError: Error, Sendable {
    package var message: String
    /// What to do about it, one sentence.
    package var help: String?

    package init(_ message: String, help: String? = nil) {
        self.message = message
        self.help = help
    }
}
