import Language
import Model
import Transfer

/// A statement that could not be done: what the person reads, and how the program ends.
package struct Failure: Error, Sendable {
    package var diagnostic: Diagnostic
    package var exit: ExitCode

    package init(_ diagnostic: Diagnostic, _ exit: ExitCode = .failed) {
        self.diagnostic = diagnostic
        self.exit = exit
    }

    package init(_ code: String, _ message: String, at span: Span?, exit: ExitCode = .failed, help: [String] = []) {
        self.init(Diagnostic(code, message, at: span, help: help), exit)
    }

    /// Whatever was thrown, as a failure; `span` is blamed where the error names no place itself.
    package init(_ error: any Error, at span: Span?) {
        switch error {
        case let failure as Failure: self = failure
        case let diagnostic as Diagnostic: self.init(diagnostic)
        case let error as StoreError:
            let help = error.help.map { [$0] } ?? []
            self.init(error.code.diagnosticCode, error.message, at: span, exit: error.code.exit, help: help)
        case let error as JobError: self.init("E0901", error.message, at: span, help: error.help.map { [$0] } ?? [])
        case is CancellationError: self = .interrupted
        default: self.init("E0599", "\(error)", at: span)
        }
    }

    package static let interrupted = Failure("E0512", "interrupted", at: nil, exit: .interrupted)
}

/// `quit` unwinds the whole run.
struct Quit: Error { var code: Int32 }

extension StoreError.Code {
    fileprivate var diagnosticCode: String {
        switch self {
        case .notFound: "E0501"
        case .conflict: "E0502"
        case .unauthorized: "E0503"
        case .unavailable: "E0504"
        case .throttled: "E0505"
        case .tooLarge: "E0506"
        case .full: "E0507"
        case .rejected: "E0508"
        case .malformed: "E0509"
        case .unsupported: "E0510"
        case .expired: "E0511"
        case .cancelled: "E0512"
        }
    }

    fileprivate var exit: ExitCode {
        switch self {
        case .unauthorized, .unavailable: .unreachable
        case .cancelled: .interrupted
        default: .failed
        }
    }
}

/// Runs store calls on behalf of an operand: what goes wrong is shown under it.
func blaming<Result>(
    _ span: Span?, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
) async throws -> Result {
    do { return try await body() } catch let error as StoreError { throw Failure(error, at: span) }
}
