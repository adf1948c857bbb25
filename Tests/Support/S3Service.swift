import Foundation
import Testing

/// An S3 server, or a DynamoDB, for the tests of this process: `scripts/services` starts it when the first test asks, and
/// ends it with the process, however that ends.
package struct S3Service: Sendable {
    package let kind: Kind
    package let port: Int
    package let accessKey: String
    package let secretKey: String

    package enum Kind: String, Sendable, CustomTestStringConvertible {
        /// SeaweedFS, which has a bucket `vecsh`.
        case s3
        /// moto: a DynamoDB, and an S3 without any bucket.
        case dynamodb

        package var testDescription: String { rawValue }
    }

    package static func running(_ kind: Kind = .s3) async throws -> S3Service {
        let outcome = await withCheckedContinuation { continuation in
            starting.async { continuation.resume(returning: kind.service) }
        }
        return try outcome.get()
    }

    private static let starting = DispatchQueue(label: "S3Service")

    package var endpoint: String { "http://127.0.0.1:\(port)" }

    /// What a program is to find in its environment.
    package var environment: [String: String] {
        [
            "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey,
            "AWS_REGION": "us-east-1",
        ]
    }

    fileprivate init(_ kind: Kind) throws {
        self.kind = kind
        let folder = "/tmp/vecsh-servers-\(getpid())"
        try ServerProgram.services(["up", "--while", "\(getpid())", kind.rawValue], in: folder)
        func text(_ name: String) throws -> String {
            try String(contentsOfFile: "\(folder)/\(kind.rawValue)/\(name)", encoding: .utf8)
        }
        let lines = try text("credentials").split(separator: "\n").map {
            $0.split(separator: " ").last.map(String.init)
        }
        guard let port = Int(try text("port").trimmingCharacters(in: .whitespacesAndNewlines)), lines.count == 3,
            let accessKey = lines[1], let secretKey = lines[2]
        else { throw ServerProgram.Failure(description: "\(kind.rawValue) has no port, or no credentials") }
        (self.port, self.accessKey, self.secretKey) = (port, accessKey, secretKey)
    }
}

extension Trait where Self == ConditionTrait {
    /// Leaves the test out where this machine cannot have the server; why is said once on standard error.
    package static func needs(_ kind: S3Service.Kind) -> Self {
        .enabled("\(kind.rawValue) is not to be had: scripts/services get \(kind.rawValue)") {
            (try? await S3Service.running(kind)) != nil
        }
    }
}

extension S3Service.Kind {
    fileprivate var service: Result<S3Service, ServerProgram.Failure> {
        switch self {
        case .s3: Self.s3Service
        case .dynamodb: Self.dynamoDBService
        }
    }

    private static let s3Service = started(.s3)
    private static let dynamoDBService = started(.dynamodb)

    private static func started(_ kind: Self) -> Result<S3Service, ServerProgram.Failure> {
        let outcome = Result { try S3Service(kind) }.mapError {
            $0 as? ServerProgram.Failure ?? .init(description: "\($0)")
        }
        if case .failure(let failure) = outcome {
            FileHandle.standardError.write(Data("\(kind.rawValue): \(failure)\n".utf8))
        }
        return outcome
    }
}
