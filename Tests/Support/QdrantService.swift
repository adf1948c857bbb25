import Foundation
import Synchronization
import Testing

/// A Qdrant for tests: `scripts/services` starts it on a free port with data of its own, and ends it with this process,
/// however that ends.
package final class QdrantService: Sendable {
    package let options: Options
    /// For `connect`: `qdrant://127.0.0.1:6333`, or `qdrant+https://…`.
    package let address: String
    private let folder: String
    private let variables: [String: String]

    package struct Options: Sendable {
        /// Without one everybody may do everything.
        package var apiKey: String?
        package var readOnlyKey: String?
        /// TLS with a certificate of an own authority, which is `authority`.
        package var isEncrypted = false
        package var faults: Faults?
        /// What the server says that it is; older ones lack what came later.
        package var version: String?
        /// More options of `python -m qdrant`.
        package var more: [String] = []

        package init(
            apiKey: String? = nil, readOnlyKey: String? = nil, isEncrypted: Bool = false, faults: Faults? = nil,
            version: String? = nil, more: [String] = []
        ) {
            self.apiKey = apiKey
            self.readOnlyKey = readOnlyKey
            self.isEncrypted = isEncrypted
            self.faults = faults
            self.version = version
            self.more = more
        }
    }

    /// A server that fails on purpose: every so-and-so-many-th request about points.
    package struct Faults: Sendable {
        package var every: Int
        package var kind: Kind
        /// Only requests whose path ends so.
        package var path: String

        package enum Kind: String, Sendable, CaseIterable {
            /// Refuses, with Retry-After; nothing is done.
            case tooMany = "429"
            /// Refuses; nothing is done.
            case unavailable = "503"
            /// Refuses as a proxy in front does that takes short requests only; nothing is done.
            case tooLarge = "413"
            /// Resets the connection while the body is sent; nothing is done.
            case reset
            /// Does it, and resets the connection instead of an answer.
            case lost
            /// Does it, and sends half an answer.
            case half
        }

        package init(every: Int, _ kind: Kind, path: String = "") {
            self.every = every
            self.kind = kind
            self.path = path
        }
    }

    /// One that the tests of this process share, each with collections of its own; that of `QDRANT_URL`, if there is one.
    package static func running() async throws -> QdrantService {
        try await offPool { try shared.get() }
    }

    /// One of the test's own. It ends with the process, or by `stop`.
    package static func start(_ options: Options = .init()) async throws -> QdrantService {
        try await offPool { try QdrantService(options) }
    }

    private static let shared = Result { try QdrantService(.init(), isShared: true) }
    private static let count = Atomic(0)

    private init(_ options: Options, isShared: Bool = false) throws {
        let number = Self.count.add(1, ordering: .relaxed).newValue
        let folder = "/tmp/vecsh-servers-\(getpid())-qdrant-\(number)"
        self.options = options
        self.folder = folder
        variables = options.variables.merging(isShared ? [:] : ["QDRANT_URL": ""]) { $1 }
        address = try Self.up(variables, folder)
    }

    /// The address, which is the last word that `services up` says.
    private static func up(_ variables: [String: String], _ folder: String) throws -> String {
        let said = try ServerProgram.services(["up", "--while", "\(getpid())", "qdrant"], in: folder, variables)
        return String(said.split(separator: " ").last ?? "")
    }
}

// MARK: Its life

extension QdrantService {
    /// Ends it as a power cut would; the data stays.
    package func kill() async throws {
        try await Self.offPool { [place] in
            let text = try String(contentsOfFile: "\(place)/process", encoding: .utf8)
            guard let process = text.split(separator: " ").first.flatMap({ Int32($0) }) else { return }
            Glibc.kill(process, SIGKILL)
            // It is not our child, so that it is not to be waited for; who should ask for its outcome may never do so.
            while let state = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
                !state.contains(") Z")
            { usleep(10_000) }
        }
    }

    /// Ends it in its own way; the data stays.
    package func stop() async throws {
        try await Self.offPool { [folder] in _ = try ServerProgram.services(["down", "qdrant"], in: folder) }
    }

    /// Starts it again with the data it had; at the port it had, unless somebody took it meanwhile.
    package func restart() async throws {
        let now = try await Self.offPool { [variables, folder] in try Self.up(variables, folder) }
        guard now == address else { throw ServerProgram.Failure(description: "\(address) is \(now) now") }
    }
}

// MARK: Beside it

extension QdrantService {
    private var place: String { "\(folder)/qdrant" }

    /// For other clients: `http://127.0.0.1:6333`, or `https://…`.
    package var url: String {
        address.replacing("qdrant+https:", with: "https:").replacing("qdrant:", with: "http:")
    }

    /// The certificate of the authority that the server's is from.
    package var authority: String { "\(place)/ca.pem" }

    /// What a Python program prints that has qdrant-client, numpy and httpx, and the server's URL as its first argument.
    @discardableResult
    package func python(_ file: String, _ arguments: [String] = []) async throws -> String {
        try await Self.offPool { [place, url] in
            try ServerProgram.run(
                "\(place)/python", [file, url] + arguments,
                ["PYTHONPATH": "\(place)/packages", "PYTHONDONTWRITEBYTECODE": "1"])
        }
    }

    private static func offPool<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result(catching: body)) }
        }
    }
}

extension QdrantService.Options {
    fileprivate var variables: [String: String] {
        var words = more
        if let faults {
            words += ["--fail-every", "\(faults.every)", "--fail-with", faults.kind.rawValue]
            words += faults.path.isEmpty ? [] : ["--fail-path", faults.path]
        }
        if let version { words += ["--server-version", version] }
        return [
            "QDRANT__SERVICE__API_KEY": apiKey ?? "",
            "QDRANT__SERVICE__READ_ONLY_API_KEY": readOnlyKey ?? "",
            "QDRANT__SERVICE__ENABLE_TLS": isEncrypted ? "true" : "false",
            "VECSH_QDRANT_OPTIONS": words.joined(separator: " "),
        ]
    }
}

extension Trait where Self == ConditionTrait {
    /// Leaves the test out where this machine cannot have the server; why is said once on standard error.
    package static var needsQdrant: Self {
        .enabled("qdrant is not to be had: scripts/services get qdrant") {
            do {
                _ = try await QdrantService.running()
                return true
            } catch {
                complainOnce(error)
                return false
            }
        }
    }
}

private func complainOnce(_ error: any Error) {
    guard complained.exchange(true, ordering: .relaxed) == false else { return }
    FileHandle.standardError.write(Data("qdrant: \(error)\n".utf8))
}

private let complained = Atomic(false)
