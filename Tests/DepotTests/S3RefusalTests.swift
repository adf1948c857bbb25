import Files
import Foundation
import Model
import TestSupport
import Testing

@testable import Depot

/// What a server may answer beside what was asked for.
@Suite struct S3RefusalTests {
    typealias Answer = ScriptedServer.Answer

    @Test func aBusyServerIsAskedAgain() async throws {
        let server = try ScriptedServer([
            .error(503, "SlowDown"), .error(500, "InternalError"), Answer(headers: ["etag": "\"t\""], body: "text"),
        ])
        let bucket = server.bucket()
        let (object, bytes) = try await bucket.get("key")
        #expect(object.tag == "\"t\"" && bytes == Array("text".utf8))
        bucket.close()
    }

    @Test func aServerThatStaysBusyIsNamed() async throws {
        let server = try ScriptedServer([.error(503, "SlowDown")])
        let bucket = server.bucket()
        await refuses(.throttled) { _ = try await bucket.get("key") }
        bucket.close()
    }

    /// A conflict after a try that failed may be with what that try has written.
    @Test func aConflictBehindAFailureSaysThatItMayBeOurs() async throws {
        let server = try ScriptedServer([.error(500, "InternalError"), .error(412, "PreconditionFailed")])
        let bucket = server.bucket()
        do {
            try await bucket.put("key", [1], if: .absent)
            Issue.record("it was written")
        } catch {
            #expect(error.code == .conflict && error.mayHaveWritten)
        }
        bucket.close()
    }

    @Test func anErrorUnderAGoodStatusIsOne() async throws {
        let server = try ScriptedServer([.error(200, "AccessDenied")])
        let bucket = server.bucket()
        await refuses(.rejected) { try await bucket.complete(S3Draft(key: "key", id: "1"), tags: ["t"]) }
        await refuses(.rejected) { try await bucket.copy("key", to: "other") }
        bucket.close()
    }

    @Test func aBucketElsewhereIsFound() async throws {
        let server = try ScriptedServer([
            .error(301, "PermanentRedirect", headers: ["x-amz-bucket-region": "eu-west-1"]), Answer(body: "text"),
        ])
        let bucket = server.bucket()
        #expect(try await bucket.get("key").1 == Array("text".utf8))
        #expect(server.asked().contains("/us-east-1/"))
        #expect(server.asked().contains("/eu-west-1/"))
        bucket.close()
    }

    @Test func aClockThatIsWrongFollowsTheServers() async throws {
        let server = try ScriptedServer([.error(403, "RequestTimeTooSkewed", lead: 1200), Answer(body: "text")])
        let bucket = server.bucket()
        #expect(try await bucket.get("key").1 == Array("text".utf8))
        #expect((1000...1210).contains(bucket.clockLead))
        bucket.close()
    }

    @Test func aClockThatStaysWrongIsNamed() async throws {
        let server = try ScriptedServer([.error(403, "RequestTimeTooSkewed")])
        let bucket = server.bucket()
        do {
            _ = try await bucket.get("key")
            Issue.record("it was read")
        } catch { #expect(error.code == .unauthorized && error.help?.contains("clock") == true) }
        bucket.close()
    }

    @Test func whatIsNoS3IsNamed() async throws {
        let server = try ScriptedServer([Answer(body: "<html></html>")])
        let bucket = server.bucket()
        await refuses(.malformed) { _ = try await bucket.page("") }
        bucket.close()
    }

    @Test func aPartIsWrittenWholeOrNamed() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        let file = try DiskFile(path, O_RDWR | O_CREAT)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let whole = Answer(status: 206, body: "0123456789")
        let cut = Answer(status: 206, body: "abc", missing: 7)
        let server = try ScriptedServer([cut, whole, Answer(status: 200, body: "0123456789")])
        let bucket = server.bucket()
        let part = FilePart(file, 5..<15)
        try await bucket.get("key", 5..<15, tag: "\"t\"", into: part)
        try part.finish()
        #expect(try file.read(20, at: 5) == Array("0123456789".utf8))
        await refuses(.malformed) { try await bucket.get("key", 5..<15, tag: "\"t\"", into: FilePart(file, 5..<15)) }
        bucket.close()
    }

    @Test func damageOnTheWayIsNoticed() async throws {
        let server = try ScriptedServer([Answer(headers: ["etag": "\"d41d8cd98f00b204e9800998ecf8427e\""])])
        let bucket = server.bucket()
        try await bucket.put("key", [])
        await refuses(.unavailable) { try await bucket.put("key", [1]) }
        bucket.close()
    }
}
