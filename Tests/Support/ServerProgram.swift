import Foundation

/// The programs around a server that tests talk to.
package enum ServerProgram {
    package struct Failure: Error, CustomStringConvertible {
        package var description: String

        package init(description: String) {
            self.description = description
        }
    }

    /// What `scripts/services` prints; its servers live in `folder`.
    @discardableResult
    package static func services(
        _ arguments: [String], in folder: String, _ variables: [String: String] = [:]
    ) throws -> String {
        try run(script, arguments, variables.merging(["VECSH_SERVICES": folder]) { $1 })
    }

    private static let script = URL(filePath: #filePath).appending(path: "../../../scripts/services").standardized.path

    /// What a program prints; if it fails, an error with what it said last.
    @discardableResult
    package static func run(
        _ program: String, _ arguments: [String], _ variables: [String: String] = [:]
    ) throws -> String {
        let environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
        let run = try FinishedProgram([program] + arguments, environment: environment, seconds: 600)
        guard run.exit == 0 else {
            throw Failure(description: run.errors.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return String(run.output.dropLast(run.output.hasSuffix("\n") ? 1 : 0))
    }
}
