/// Why an exchange with a server did not come to an answer.
package struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        /// No server, or none that could be spoken to.
        case unreachable
        /// Its certificate is not trusted.
        case untrusted
        case timedOut
        /// The connection ended while the exchange was under way.
        case broken
        case cancelled
        /// The answer breaks the rules of its protocol.
        case malformed
        /// The answer is longer than we take.
        case tooLarge
        /// libcurl is not here.
        case unequipped
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the server may have done what it was asked.
    package var mayHaveArrived: Bool {
        switch code {
        case .unreachable, .untrusted, .unequipped: false
        case .timedOut, .broken, .cancelled, .malformed, .tooLarge: true
        }
    }

    package var description: String { message }
}
