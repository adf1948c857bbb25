import Foundation
import Testing

/// A PostgreSQL for the tests of this process: `scripts/services` starts it when the first test asks, and ends it with the
/// process, however that ends.
package struct PostgresServer: Sendable {
    package let port: Int
    package let password: String
    /// Where its files are.
    package let place: String
    private let programs: String

    package enum Kind: String, Sendable {
        /// The newest PostgreSQL and pgvector.
        case newest = "postgres18"
        /// The oldest pgvector that there is support for: no halfvec, no sparsevec.
        case oldest = "postgres16"
        /// A PostgreSQL that takes nothing but TLS, and has no pgvector.
        case encrypted = "postgres-tls"
    }

    package typealias Failure = ServerProgram.Failure

    /// The server; a test that wants one has the trait `.needs(…)`.
    package static func running(_ kind: Kind = .newest) async throws -> PostgresServer {
        let outcome = await withCheckedContinuation { continuation in
            starting.async { continuation.resume(returning: kind.server) }
        }
        return try outcome.get()
    }

    private static let starting = DispatchQueue(label: "PostgresServer")

    /// A server of its own in a folder of its own, which a test may end as it likes, and start again by the same words.
    package static func alone(_ kind: Kind, in folder: String) async throws -> PostgresServer {
        try await withCheckedThrowingContinuation { continuation in
            starting.async { continuation.resume(with: Result { try PostgresServer(kind, in: folder) }) }
        }
    }

    fileprivate init(_ kind: Kind, in folder: String = Self.folder) throws {
        try ServerProgram.services(["up", "--while", "\(getpid())", kind.rawValue], in: folder)
        func text(_ name: String) throws -> String {
            try String(contentsOfFile: "\(folder)/\(kind.rawValue)/\(name)", encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }
        guard let port = Int(try text("port")) else { throw Failure(description: "its port is no number") }
        self.port = port
        password = try text("password")
        place = "\(folder)/\(kind.rawValue)"
        programs = "\(place)/programs/bin"
    }

    /// Ends it at once, as a crash would.
    package func crash() throws {
        let process = try String(contentsOfFile: "\(place)/data/postmaster.pid", encoding: .utf8).split(separator: "\n")
        guard let process = process.first.flatMap({ pid_t($0) }) else {
            throw Failure(description: "it has no process")
        }
        kill(process, SIGQUIT)
        // It is not our child, so that it is not to be waited for; who should ask for its outcome may never do so.
        while let state = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            !state.contains(") Z")
        { usleep(10_000) }
    }

    /// Ends it, and what keeps it.
    package func stop(_ kind: Kind) {
        _ = try? ServerProgram.services(["down", kind.rawValue], in: String(place.dropLast(kind.rawValue.count + 1)))
    }

    private static let folder = "/tmp/vecsh-servers-\(getpid())"
}

extension Trait where Self == ConditionTrait {
    /// Leaves the test out where this machine cannot have the server; why is said once on standard error.
    package static func needs(_ kind: PostgresServer.Kind) -> Self {
        .enabled("\(kind.rawValue) is not to be had: scripts/services get \(kind.rawValue)") {
            (try? await PostgresServer.running(kind)) != nil
        }
    }
}

extension PostgresServer.Kind {
    fileprivate var server: Result<PostgresServer, PostgresServer.Failure> {
        switch self {
        case .newest: Self.newestServer
        case .oldest: Self.oldestServer
        case .encrypted: Self.encryptedServer
        }
    }

    private static let newestServer = started(.newest)
    private static let oldestServer = started(.oldest)
    private static let encryptedServer = started(.encrypted)

    private static func started(_ kind: Self) -> Result<PostgresServer, PostgresServer.Failure> {
        let outcome = Result { try PostgresServer(kind) }.mapError {
            $0 as? PostgresServer.Failure ?? .init(description: "\($0)")
        }
        if case .failure(let failure) = outcome {
            FileHandle.standardError.write(Data("\(kind.rawValue): \(failure)\n".utf8))
        }
        return outcome
    }
}

// MARK: Databases

extension PostgresServer {
    /// The address of a database, for `connect`; the password is in it.
    package func address(_ database: String = "vecsh") -> String {
        "postgres://postgres:\(password)@127.0.0.1:\(port)/\(database)"
    }

    /// A new database, with pgvector in it if that is wanted.
    package func freshDatabase(hasVector: Bool = true) throws -> String {
        let name = "t_" + UUID().uuidString.lowercased().replacing("-", with: "")
        try sql("create database \(name)")
        if hasVector { try sql("create extension vector", in: name) }
        return name
    }

    /// What `psql` prints: a line a row, columns apart by `|`.
    @discardableResult
    package func sql(_ text: String, in database: String = "vecsh") throws -> String {
        let arguments = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", address(database), "-c", text]
        return try ServerProgram.run("\(programs)/psql", arguments)
    }
}
