/// The one error that a store throws.
package struct StoreError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case notFound, conflict, unauthorized, unavailable, throttled, tooLarge, full, rejected, malformed, unsupported
        case expired, cancelled
    }

    package var code: Code
    /// What happened and where, in words for the person at the prompt.
    package var message: String
    /// What to do about it, one sentence.
    package var help: String?
    /// Whether the call may have had its effect although it failed; then it is repeated as ``Attempt/again``.
    package var mayHaveWritten: Bool
    /// The rows that were refused, where the store can name them.
    package var rows: [Int]
    package var retryAfter: Duration?

    package init(
        _ code: Code, _ message: String, help: String? = nil, mayHaveWritten: Bool = false, rows: [Int] = [],
        retryAfter: Duration? = nil
    ) {
        self.code = code
        self.message = message
        self.help = help
        self.mayHaveWritten = mayHaveWritten
        self.rows = rows
        self.retryAfter = retryAfter
    }

    package var isWorthRetrying: Bool { code == .unavailable || code == .throttled }
    package var description: String { message }
}
