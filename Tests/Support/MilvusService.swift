import Foundation
import Testing

/// A Milvus for the tests of this process: `scripts/services` starts it when the first test asks, and ends it with the
/// process, however that ends.
package struct MilvusService: Sendable {
    package let kind: Kind
    package let port: Int
    private let folder: String

    package enum Kind: String, Sendable, CaseIterable, CustomTestStringConvertible {
        case whole = "milvus"
        case lite = "milvus-lite"
        /// The one before, in C++.
        case nativeLite = "milvus-lite25"
        /// The first one again, which asks for a password: `root`, `Milvus`.
        case guarded = "milvus-auth"

        package var testDescription: String { rawValue }
    }

    package typealias Failure = ServerProgram.Failure

    package static func running(_ kind: Kind) async throws -> MilvusService {
        let outcome = await withCheckedContinuation { continuation in
            starting.async { continuation.resume(returning: kind.service) }
        }
        return try outcome.get()
    }

    package var address: String { "milvus://127.0.0.1:\(port)" }

    private static let starting = DispatchQueue(label: "MilvusService")

    /// `number` tells several of one kind apart.
    package init(_ kind: Kind, number: Int = 0) throws {
        self.kind = kind
        folder = "/tmp/vecsh-servers-\(getpid())" + (number == 0 ? "" : "-\(number)")
        try ServerProgram.services(["up", "--while", "\(getpid())", kind.rawValue], in: folder)
        let text = try String(contentsOfFile: "\(folder)/\(kind.rawValue)/port", encoding: .utf8)
        guard let port = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw Failure(description: "its port is no number")
        }
        self.port = port
    }

    /// As a power cut would have it; it is there again, on the same port, when this returns.
    package func killAndStart() throws {
        let process = try String(contentsOfFile: "\(folder)/\(kind.rawValue)/process", encoding: .utf8)
        guard let number = process.split(separator: " ").first.flatMap({ pid_t($0) }) else {
            throw Failure(description: "it does not run")
        }
        kill(number, SIGKILL)
        while kill(number, 0) == 0 { usleep(20_000) }
        try ServerProgram.services(["up", "--while", "\(getpid())", kind.rawValue], in: folder)
    }
}

extension Trait where Self == ConditionTrait {
    /// Leaves the test out where this machine cannot have the server; why is said once on standard error.
    package static func needs(_ kind: MilvusService.Kind) -> Self {
        .enabled("\(kind.rawValue) is not to be had: scripts/services get \(kind.rawValue)") {
            (try? await MilvusService.running(kind)) != nil
        }
    }
}

extension MilvusService.Kind {
    fileprivate var service: Result<MilvusService, MilvusService.Failure> {
        switch self {
        case .whole: Self.wholeService
        case .lite: Self.liteService
        case .nativeLite: Self.nativeLiteService
        case .guarded: Self.guardedService
        }
    }

    private static let wholeService = started(.whole)
    private static let liteService = started(.lite)
    private static let nativeLiteService = started(.nativeLite)
    private static let guardedService = started(.guarded)

    private static func started(_ kind: Self) -> Result<MilvusService, MilvusService.Failure> {
        let outcome = Result { try MilvusService(kind) }.mapError {
            $0 as? MilvusService.Failure ?? .init(description: "\($0)")
        }
        if case .failure(let failure) = outcome {
            FileHandle.standardError.write(Data("\(kind.rawValue): \(failure)\n".utf8))
        }
        return outcome
    }
}
