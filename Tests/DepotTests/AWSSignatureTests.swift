import Foundation
import Model
import TestSupport
import Testing

@testable import Depot

/// What AWS publishes as examples of Signature Version 4.
@Suite struct AWSSignatureTests {
    private static let s3 = AWSSignature(
        AWSCredentials(accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        region: "us-east-1", service: "s3")
    private static let other = AWSSignature(
        AWSCredentials(accessKey: "AKIDEXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        region: "us-east-1", service: "service")

    private func signature(
        _ signature: AWSSignature, _ request: AWSRequest, _ host: String, _ time: String
    ) throws -> String {
        let time = try #require(Timestamp.microseconds(time))
        let headers = signature.headers(of: request, to: host, at: time)
        let value = try #require(headers.first { $0.name == "authorization" }?.value)
        return try #require(value.split(separator: "Signature=").last.map(String.init))
    }

    private func s3(_ request: AWSRequest) throws -> String {
        try signature(Self.s3, request, "examplebucket.s3.amazonaws.com", "2013-05-24T00:00:00Z")
    }

    private func suite(_ request: AWSRequest) throws -> String {
        try signature(Self.other, request, "example.amazonaws.com", "2015-08-30T12:36:00Z")
    }

    @Test func theExamplesOfS3() throws {
        #expect(
            try s3(AWSRequest("GET", "/test.txt", headers: [("range", "bytes=0-9")]))
                == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
        let put = AWSRequest(
            "PUT", "/test$file.text",
            headers: [("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
            body: Array("Welcome to Amazon S3.".utf8))
        #expect(try s3(put) == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
        #expect(
            try s3(AWSRequest("GET", "/", query: [("lifecycle", "")]))
                == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
        #expect(
            try s3(AWSRequest("GET", "/", query: [("max-keys", "2"), ("prefix", "J")]))
                == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
    }

    @Test func theExamplesOfTheSuite() throws {
        #expect(
            try suite(AWSRequest("GET")) == "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")
        #expect(
            try suite(AWSRequest("POST")) == "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")
        let unordered = AWSRequest("GET", query: [("Param2", "value2"), ("Param1", "value1")])
        #expect(try suite(unordered) == "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500")
    }

    @Test func theExampleOfIAM() throws {
        var signature = Self.other
        signature.service = "iam"
        let request = AWSRequest(
            "GET", query: [("Action", "ListUsers"), ("Version", "2010-05-08")],
            headers: [("content-type", "application/x-www-form-urlencoded; charset=utf-8")])
        #expect(
            try self.signature(signature, request, "iam.amazonaws.com", "2015-08-30T12:36:00Z")
                == "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7")
    }

    /// The test cases 1 and 6 of RFC 4231.
    @Test func codesWithAKey() {
        #expect(
            SHA256.code(Array("Hi There".utf8), key: [UInt8](repeating: 0x0B, count: 20)).hexadecimal
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        let text = "Test Using Larger Than Block-Size Key - Hash Key First"
        #expect(
            SHA256.code(Array(text.utf8), key: [UInt8](repeating: 0xAA, count: 131)).hexadecimal
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    /// What botocore makes of requests that people think of to break signatures; left out where there is no botocore.
    @Test func botocoreSignsAlike() async throws {
        let cases = AWSSignatureTests.cases
        guard let theirs = try await apart({ try AWSSignatureTests.signedByBotocore(cases) }) else { return }
        #expect(theirs.count == cases.count)
        for (each, theirs) in zip(cases, theirs) {
            let signature = AWSSignature(
                AWSCredentials(accessKey: "K", secretKey: "S/+", sessionToken: each.token), region: "eu-west-1",
                service: each.service)
            let request = AWSRequest(
                each.method, each.path, query: each.query.map { ($0[0], $0[1]) },
                headers: each.headers.map { ($0[0], $0[1]) }, body: Array(each.body.utf8))
            let ours = try self.signature(signature, request, "host.example:9000", "2024-02-29T23:59:59Z")
            #expect(ours == theirs, "\(each)")
        }
    }
}
