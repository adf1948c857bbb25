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
    private let process = Process()
    private let (input, output) = (Pipe(), Pipe())

    init(_ answers: [Answer]) throws {
        process.executableURL = URL(filePath: "/usr/bin/env")
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "answers.py").path
        process.arguments = ["python3", script]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        port = Int(ScriptedServer.line(output)) ?? 0
        try input.fileHandleForWriting.write(contentsOf: JSONEncoder().encode(answers) + Data("\n".utf8))
        _ = ScriptedServer.line(output)
    }

    deinit { process.terminate() }

    /// What was asked next.
    func asked() -> String { ScriptedServer.line(output) }

    func bucket(region: String = "us-east-1", clock: AWSClock = AWSClock()) -> S3Bucket {
        let key = AWSCredentials(accessKey: "K", secretKey: "S")
        let settings = AWSSettings(endpoint: "http://127.0.0.1:\(port)", region: region, key)
        return S3Bucket("bucket", settings, clock: clock)
    }

    private static func line(_ pipe: Pipe) -> String {
        var line = ""
        while let byte = try? pipe.fileHandleForReading.read(upToCount: 1)?.first, byte != 0x0A {
            line.unicodeScalars.append(Unicode.Scalar(byte))
        }
        return line
    }
}
