import Foundation
import TestSupport

extension AWSSignatureTests {
    struct Case: Codable, Sendable {
        var service = "s3"
        var method = "GET"
        var path = "/"
        var query: [[String]] = []
        var headers: [[String]] = []
        var body = ""
        var token: String?
    }

    static let cases: [Case] = [
        Case(), Case(path: "/bucket/a b+c/ü~._-*'()!&=@:,$"), Case(path: "/bucket//twice//x/"),
        Case(path: "/b/k", query: [["uploads", ""]]), Case(query: [["b", "2"], ["a", "1/ +é"], ["a", "0"]]),
        Case(query: [["prefix", "a/b c"], ["list-type", "2"], ["continuation-token", "1/w+="]]),
        Case(method: "PUT", path: "/b/k", headers: [["x-amz-meta-a", " one  two "], ["x-amz-meta-a-b", "3"]]),
        Case(method: "PUT", path: "/b/k", headers: [["if-none-match", "*"]], body: "content"),
        Case(
            method: "PUT", path: "/b/k",
            headers: [["x-amz-copy-source", "/b/old%20key"], ["x-amz-copy-source-if-match", "\"e\""]]),
        Case(path: "/b/k", headers: [["range", "bytes=0-1"]], token: "to+ken/=="),
        Case(
            service: "dynamodb", method: "POST",
            headers: [["content-type", "application/x-amz-json-1.0"], ["x-amz-target", "DynamoDB_20120810.PutItem"]],
            body: #"{"TableName":"locks"}"#),
        Case(service: "execute-api", path: "/a b/ü"),
    ]

    /// The signatures, in order; nil where Python has no botocore.
    static func signedByBotocore(_ cases: [Case]) throws -> [String]? {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "sign.py").path
        let input = String(decoding: try JSONEncoder().encode(cases), as: UTF8.self)
        let answer = try FinishedProgram(["env", "python3", script], input: input).output
        return answer.isEmpty ? nil : try JSONDecoder().decode([String].self, from: Data(answer.utf8))
    }
}
