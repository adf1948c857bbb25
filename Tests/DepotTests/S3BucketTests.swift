import Files
import Foundation
import Model
import TestSupport
import Testing

@testable import Depot

/// Against a server that many use in AWS' place.
@Suite(.needs(.s3)) struct S3BucketTests {
    private func bucket(_ name: String = "vecsh", secret: String? = nil, key: String? = nil) async throws -> S3Bucket {
        let service = try await S3Service.running()
        let credentials = AWSCredentials(
            accessKey: key ?? service.accessKey, secretKey: secret ?? service.secretKey)
        return S3Bucket(name, AWSSettings(endpoint: service.endpoint, region: "us-east-1", credentials))
    }

    @Test(arguments: ["plain", "with space+plus", "ü/日本/x&y=z?#%41", "a'b\"c<d>;e", "deep/er/still.npy"])
    func anyNameIsKept(_ name: String) async throws {
        let bucket = try await bucket()
        let key = "names-\(UUID().uuidString)/\(name)"
        try await bucket.put(key, Array(name.utf8), notes: ["kind": "trial"])
        #expect(try await bucket.objects(String(key.prefix(42))).map(\.key) == [key])
        let (object, bytes) = try await bucket.get(key)
        #expect(bytes == Array(name.utf8) && object.notes == ["kind": "trial"])
        #expect(try await bucket.head(key)?.bytes == bytes.count)
        try await bucket.copy(key, to: key + ".2", tag: object.tag)
        #expect(try await bucket.get(key + ".2").1 == bytes)
        try await bucket.delete(key)
        #expect(try await bucket.head(key) == nil)
        try await bucket.delete(key)
        bucket.close()
    }

    @Test func longListsComeInPages() async throws {
        let bucket = try await bucket()
        let prefix = "pages-\(UUID().uuidString)/"
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<8 {
                group.addTask {
                    for number in stride(from: lane, to: 1003, by: 8) {
                        try await bucket.put("\(prefix)\(number % 3)/\(number)", [])
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await bucket.page(prefix).next != nil)
        #expect(Set(try await bucket.objects(prefix).map(\.key)).count == 1003)
        let page = try await bucket.page(prefix, endingAtSlashes: true)
        #expect(page.prefixes == ["\(prefix)0/", "\(prefix)1/", "\(prefix)2/"] && page.objects.isEmpty)
        bucket.close()
    }

    @Test func conditionsHold() async throws {
        let bucket = try await bucket()
        let key = "conditions-\(UUID().uuidString)"
        let first = try await bucket.put(key, [1], if: .absent)
        await refuses(.conflict) { try await bucket.put(key, [2], if: .absent) }
        let second = try await bucket.put(key, [3], if: .matches(first.tag))
        await refuses(.conflict) { try await bucket.put(key, [4], if: .matches(first.tag)) }
        await refuses(.conflict) { try await bucket.copy(key, to: key + ".2", tag: first.tag) }
        #expect(try await bucket.get(key).1 == [3])
        #expect(second.tag != first.tag)
        bucket.close()
    }

    @Test func partsBecomeAnObject() async throws {
        let bucket = try await bucket()
        let key = "parts-\(UUID().uuidString)"
        let content = (0..<(5 << 20) + 1000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        let draft = try await bucket.begin(key, notes: ["sha256": "x"])
        let last = try await bucket.put(part: 2, of: draft, Array(content[(5 << 20)...]))
        #expect(try await bucket.head(key) == nil)
        let first = try await bucket.put(part: 1, of: draft, Array(content[..<(5 << 20)]))
        #expect(try await bucket.parts(of: draft)?.keys.sorted() == [1, 2])
        try await bucket.complete(draft, tags: [first, last])
        let object = try #require(try await bucket.head(key))
        #expect(object.bytes == content.count && object.notes["sha256"] == "x")

        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        let file = try DiskFile(path, O_RDWR | O_CREAT)
        defer { try? FileManager.default.removeItem(atPath: path) }
        for range in [0..<100, 100..<5_000_000, 5_000_000..<content.count] {
            try await bucket.get(key, range, tag: object.tag, into: FilePart(file, range))
        }
        #expect(try file.read(content.count + 1, at: 0) == content)
        try await bucket.put(key, [9])
        await refuses(.conflict) {
            try await bucket.get(key, 0..<1, tag: object.tag, into: FilePart(file, 0..<1))
        }
        bucket.close()
    }

    @Test func aDraftCanBeAbandoned() async throws {
        let bucket = try await bucket()
        let draft = try await bucket.begin("abandoned-\(UUID().uuidString)")
        try await bucket.abandon(draft)
        try await bucket.abandon(draft)
        #expect(try await bucket.parts(of: draft) == nil)
        #expect(try await bucket.head(draft.key) == nil)
        bucket.close()
    }

    @Test func whatIsWrongHasAName() async throws {
        let wrong = try await bucket(secret: "not this")
        await refuses(.unauthorized) { _ = try await wrong.page("") }
        let nobody = try await bucket(key: "nobody")
        await refuses(.unauthorized) { try await nobody.put("key", [1]) }
        let reader = try await bucket(key: "reader")
        _ = try await reader.page("")
        await refuses(.unauthorized) { try await reader.put("key", [1]) }
        let missing = try await bucket("missing-bucket")
        await refuses(.notFound) { _ = try await missing.page("") }
        let there = try await bucket()
        await refuses(.notFound) { _ = try await there.get("no such key") }
        for each in [wrong, nobody, reader, missing, there] { each.close() }
    }

    @Test func whatWasThereBeforeIsKeptAsAVersion() async throws {
        let bucket = try await bucket("versions-\(UUID().uuidString.lowercased())")
        try await bucket.create()
        let text = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        let answer = try await bucket.answer(
            to: AWSRequest("PUT", query: [("versioning", "")], body: Array(text.utf8)))
        try bucket.check(answer)
        let first = try await bucket.put("a key", [1])
        try await bucket.put("a key", [2, 2])
        try await bucket.put("a key too", [9])
        try await bucket.delete("a key")
        #expect(try await bucket.head("a key") == nil)
        let versions = try await bucket.versions(of: "a key")
        #expect(versions.map(\.isDeletion) == [true, false, false])
        #expect(versions.map(\.isLatest) == [true, false, false])
        #expect(versions.last?.version == first.version && versions.last?.tag == first.tag)
        #expect(try await bucket.get("a key", version: first.version).1 == [1])
        #expect(try await bucket.get("a key", version: versions[1].version).1 == [2, 2])
        // Without what says that it is gone, it is there again.
        try await bucket.delete("a key", version: versions[0].version)
        #expect(try await bucket.get("a key").1 == [2, 2])
        bucket.close()
    }

    /// The server refuses what is signed so long before or after, and is followed then.
    @Test(arguments: [-1200, 1200]) func aClockThatIsTwentyMinutesOffIsNoHindrance(_ seconds: Int64) async throws {
        let service = try await S3Service.running()
        let credentials = AWSCredentials(accessKey: service.accessKey, secretKey: service.secretKey)
        let clock = AWSClock { Int64(Date().timeIntervalSince1970 * 1e6) + seconds * 1_000_000 }
        let settings = AWSSettings(endpoint: service.endpoint, region: "us-east-1", credentials)
        let bucket = S3Bucket("vecsh", settings, clock: clock)
        let key = "clock-\(UUID().uuidString)"
        try await bucket.put(key, [7])
        #expect(try await bucket.get(key).1 == [7])
        #expect(abs(Int64(bucket.clockLead) + seconds) < 60)
        bucket.close()
    }

    @Test func aBucketIsMadeOnce() async throws {
        let made = try await bucket("made-\(UUID().uuidString.lowercased())")
        try await made.create()
        try await made.put("key", [1])
        try await made.create()
        #expect(try await made.get("key").1 == [1])
        made.close()
    }
}
