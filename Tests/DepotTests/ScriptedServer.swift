import Foundation
import TestSupport

@testable import Depot

/// A server that answers as a test tells it; it ends with it.
final class ScriptedServer {
    struct Answer: Codable {
        var status = 200
        var headers: [String: String] = [:]
        var body = ""
        /// How far its clock is ahead, in seconds.
        var lead = 0
        /// How many bytes it says that it sends, and does not.
        var missing = 0

        static func error(_ status: Int, _ code: String, headers: [String: String] = [:], lead: Int = 0) -> Answer {
            Answer(
                status: status, headers: headers, body: "<Error><Code>\(code)</Code><Message>no</Message></Error>",
                lead: lead)
        }
    }

    let port: Int
    private let program: RunningScript

    init(_ answers: [Answer]) throws {
        program = try RunningScript(
            URL(filePath: #filePath).deletingLastPathComponent().appending(path: "answers.py").path)
        port = Int(program.firstLine) ?? 0
        try program.say(JSONEncoder().encode(answers))
        _ = program.line()
    }

    /// What was asked next.
    func asked() -> String { program.line() }

    func bucket(region: String = "us-east-1", clock: AWSClock = AWSClock()) -> S3Bucket {
        let key = AWSCredentials(accessKey: "K", secretKey: "S")
        let settings = AWSSettings(endpoint: "http://127.0.0.1:\(port)", region: region, key)
        return S3Bucket("bucket", settings, clock: clock)
    }
}
