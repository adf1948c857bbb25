import Foundation
import JSON
import Model
import TestSupport
import Testing

@testable import Depot

@Suite struct LeaseTests {
    private let name = "lock-\(UUID().uuidString)"

    private func open(_ uri: String, _ environment: [String: String] = [:]) async throws -> any Leasing {
        let endpoint = try #require(Endpoint(uri))
        return try #require(try await LeasePlace.open(endpoint, environment))
    }

    @Test func files() async throws {
        let path = NSTemporaryDirectory() + name
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await LeaseConformance { try await open("file://\(path)") }.check()
    }

    @Test(.needs(.s3)) func objects() async throws {
        let environment = try await S3Service.running().environment
        try await LeaseConformance { try await open("s3://vecsh/locks/\(name)", environment) }.check()
    }

    @Test(.needs(.dynamodb)) func items() async throws {
        let service = try await S3Service.running(.dynamodb)
        try await makeTable(service, sortKey: false)
        try await LeaseConformance { try await open("dynamodb://\(name)/words", service.environment) }.check()
    }

    @Test(.needs(.dynamodb)) func refusesTablesOfAnotherShape() async throws {
        let service = try await S3Service.running(.dynamodb)
        await refuses(.notFound) { _ = try await open("dynamodb://none-\(name)/words", service.environment) }
        try await makeTable(service, sortKey: true)
        await refuses(.unsupported) { _ = try await open("dynamodb://\(name)/words", service.environment) }
        let wrong = service.environment.merging(["AWS_SECRET_ACCESS_KEY": "wrong"]) { $1 }
        await refuses(.unauthorized) { _ = try await open("dynamodb://\(name)/words", wrong) }
    }

    /// What is there and no lease is not written over.
    @Test func refusesWhatIsNoLease() async throws {
        let path = NSTemporaryDirectory() + name
        try "precious\n".write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let place = try await open("file://\(path)")
        let lease = Lease(
            id: .random(), holder: Holder(user: "", host: "", process: 1, incarnation: ""), since: 0, until: 0)
        await refuses(.malformed) { _ = try await place.take(lease) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious\n")
    }

    private func makeTable(_ service: S3Service, sortKey: Bool) async throws {
        let credentials = AWSCredentials(accessKey: service.accessKey, secretKey: service.secretKey)
        let line = AWSLine(
            service: "dynamodb", AWSSettings(endpoint: service.endpoint, region: "us-east-1", credentials))
        let names = sortKey ? ["id", "part"] : ["id"]
        let body: JSONValue = [
            "TableName": .string(name), "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": .array(
                names.map { ["AttributeName": .string($0), "AttributeType": "S"] as JSONValue }),
            "KeySchema": .array(
                zip(names, ["HASH", "RANGE"]).map {
                    ["AttributeName": .string($0), "KeyType": .string($1)] as JSONValue
                }),
        ]
        let answer = try await line.answer(
            to: AWSRequest(
                "POST",
                headers: [
                    ("content-type", "application/x-amz-json-1.0"), ("x-amz-target", "DynamoDB_20120810.CreateTable"),
                ], body: Array(body.text.utf8)))
        #expect(answer.refusal == nil)
        line.close()
    }
}

@Suite struct PointerTests {
    private let name = "pointer-\(UUID().uuidString)"

    private func state(_ value: String, after old: PointerState?) -> PointerState {
        var state = PointerState(value: value)
        state.previous = old?.value
        state.author = Holder(user: "ada", host: "here", process: 7, incarnation: "")
        state.time = 1_700_000_000_000_000
        return state
    }

    private func check(_ uri: String, _ environment: [String: String] = [:]) async throws {
        let endpoint = try #require(Endpoint(uri))
        let place = try #require(try await PointerPlace.open(endpoint, kind: nil, environment))
        #expect(try await place.state() == nil)
        let first = state("a/1", after: nil)
        #expect(try await place.swap(nil, for: first) == .done)
        #expect(try await place.state() == first)
        #expect(try await place.swap(nil, for: state("b", after: nil)) == .changed(first))
        var second = state("ü 2", after: first)
        second.fences = ["x": 4]
        #expect(try await place.swap(first, for: second) == .done)
        #expect(try await place.state() == second)
        // Whoever holds an older lease of the same lock comes too late.
        var late = state("late", after: second)
        late.fences = ["x": 3]
        #expect(try await place.swap(second, for: late) == .changed(second))
        let old = second
        let outcomes = try await withThrowingTaskGroup(of: PointerSwap.self) { group in
            for number in 0..<6 {
                group.addTask {
                    let other = try #require(try await PointerPlace.open(endpoint, kind: nil, environment))
                    return try await other.swap(old, for: state("n\(number)", after: old))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.filter { $0 == .done }.count == 1)
    }

    @Test func files() async throws {
        let folder = NSTemporaryDirectory() + name
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await check("file://\(folder)/current")
        // A pointer that others wrote: its line ending stays, and there is no way back before it.
        try "theirs\n".write(toFile: folder + "/other", atomically: true, encoding: .utf8)
        let other = FilePointer(folder + "/other")
        let theirs = try #require(try await other.state())
        #expect(theirs == PointerState(value: "theirs"))
        #expect(try await other.swap(theirs, for: state("ours", after: theirs)) == .done)
        #expect(try String(contentsOfFile: folder + "/other", encoding: .utf8) == "ours\n")
        await refuses(.conflict) { _ = try await FilePointer(folder).state() }
    }

    @Test(.needs(.s3)) func objects() async throws {
        let environment = try await S3Service.running().environment
        try await check("s3://vecsh/pointers/\(name)", environment)
    }

    /// Whoever reads while it is swapped finds one of the two, always.
    @Test(.needs(.s3)) func readersOfAnObjectAlwaysFollow() async throws {
        let environment = try await S3Service.running().environment
        let endpoint = try #require(Endpoint("s3://vecsh/pointers/\(name)-swaps"))
        let place = try #require(try await PointerPlace.open(endpoint, kind: nil, environment))
        let other = try #require(try await PointerPlace.open(endpoint, kind: nil, environment))
        var now = state("v0", after: nil)
        #expect(try await place.swap(nil, for: now) == .done)
        let reader = Task {
            var seen: Set<String> = []
            while !Task.isCancelled { seen.insert(try #require(try await other.state()).value) }
            return seen
        }
        for number in 1...200 {
            let next = state("v\(number % 2)", after: now)
            #expect(try await place.swap(now, for: next) == .done)
            now = next
        }
        reader.cancel()
        let seen = await reader.result
        if case .failure(let error) = seen { #expect((error as? StoreError)?.code == .cancelled, "\(error)") }
        if case .success(let values) = seen { #expect(values == ["v0", "v1"]) }
    }

    /// A change that was written down and never made does not count.
    @Test func historyMayBeAheadOfTheFile() async throws {
        let folder = NSTemporaryDirectory() + name
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let place = FilePointer(folder + "/current")
        let first = state("a", after: nil)
        #expect(try await place.swap(nil, for: first) == .done)
        let history = try FileHandle(forWritingTo: URL(filePath: folder + "/current.history"))
        try history.seekToEnd()
        try history.write(contentsOf: Data((state("b", after: first).json.text + "\n{\"val").utf8))
        try history.close()
        #expect(try await place.state() == first)
        #expect(try await place.swap(first, for: state("c", after: first)) == .done)
        #expect(try await place.state()?.previous == "a")
    }
}
