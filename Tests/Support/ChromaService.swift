import Foundation
import Glibc
import Synchronization
import Testing

/// A Chroma for tests: `scripts/services` starts it on a free port with data of its own, and ends it with this process,
/// however that ends.
package final class ChromaService: Sendable {
    package let kind: Kind
    package let port: Int
    private let folder: String

    package enum Kind: String, Sendable, CaseIterable, CustomTestStringConvertible {
        case chroma15 = "chroma"
        /// In Python, and wants a token.
        case chroma05 = "chroma05"

        package var testDescription: String { rawValue }
    }

    /// One that the tests of this process share, each with a database of its own.
    package static func running(_ kind: Kind) async throws -> ChromaService {
        try await offPool { try (kind == .chroma15 ? newest : old).get() }
    }

    /// One of the test's own. It ends with the process.
    package static func start(_ kind: Kind) async throws -> ChromaService {
        try await offPool { try ChromaService(kind) }
    }

    private static let newest = Result { try ChromaService(.chroma15) }
    private static let old = Result { try ChromaService(.chroma05) }
    private static let count = Atomic(0)

    private init(_ kind: Kind) throws {
        self.kind = kind
        let number = Self.count.add(1, ordering: .relaxed).newValue
        folder = "/tmp/vecsh-servers-\(getpid())-chroma-\(number)"
        port = try Self.up(kind, folder)
    }

    private static func up(_ kind: Kind, _ folder: String) throws -> Int {
        try ServerProgram.services(["up", "--while", "\(getpid())", kind.rawValue], in: folder)
        let text = try String(contentsOfFile: "\(folder)/\(kind.rawValue)/port", encoding: .utf8)
        guard let port = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw ServerProgram.Failure(description: "its port is no number")
        }
        return port
    }
}

// MARK: How to speak to it

extension ChromaService {
    private var place: String { "\(folder)/\(kind.rawValue)" }

    package var address: String { "chroma://127.0.0.1:\(port)" }

    /// What the old one wants to hear.
    package var token: String? {
        let text = try? String(contentsOfFile: "\(place)/password", encoding: .utf8)
        return text?.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// What a Python program prints that has Chroma's own client, and the server's port as its first argument.
    @discardableResult
    package func python(_ text: String, _ arguments: [String] = []) async throws -> String {
        try await Self.offPool { [place, port] in
            try ServerProgram.run(
                "\(place)/python", ["-c", text, "\(port)"] + arguments,
                ["PYTHONPATH": "\(place)/packages", "PYTHONDONTWRITEBYTECODE": "1", "ANONYMIZED_TELEMETRY": "False"])
        }
    }
}

// MARK: Its life

extension ChromaService {
    /// Ends it as a power cut would; the data stays.
    package func kill() async throws {
        try await Self.offPool { [place] in
            let text = try String(contentsOfFile: "\(place)/process", encoding: .utf8)
            guard let process = text.split(separator: " ").first.flatMap({ Int32($0) }) else { return }
            Glibc.kill(process, SIGKILL)
            // It is nobody's child here, so that it is not to be waited for.
            while Glibc.kill(process, 0) == 0 { usleep(10_000) }
        }
    }

    /// Starts it again with the data it had; at the port it had, unless somebody took it meanwhile.
    package func restart() async throws {
        let now = try await Self.offPool { [kind, folder] in try Self.up(kind, folder) }
        guard now == port else { throw ServerProgram.Failure(description: "port \(port) is \(now) now") }
    }

    private static func offPool<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result(catching: body)) }
        }
    }
}

extension Trait where Self == ConditionTrait {
    /// Leaves the test out where this machine cannot have the server; why is said once on standard error.
    package static func needs(_ kind: ChromaService.Kind) -> Self {
        .enabled("\(kind.rawValue) is not to be had: scripts/services get \(kind.rawValue)") {
            do {
                _ = try await ChromaService.running(kind)
                return true
            } catch {
                complainOnce(kind, error)
                return false
            }
        }
    }
}

private func complainOnce(_ kind: ChromaService.Kind, _ error: any Error) {
    guard complaints.withLock({ $0.insert(kind).inserted }) else { return }
    FileHandle.standardError.write(Data("\(kind.rawValue): \(error)\n".utf8))
}

private let complaints = Mutex<Set<ChromaService.Kind>>([])
