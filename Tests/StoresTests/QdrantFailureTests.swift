import JSON
import Model
import TestSupport
import Testing

@testable import Stores

/// What goes wrong between a Qdrant and us, by name.
@Suite(.needsQdrant) struct QdrantFailureTests {
    private let name = QdrantPlaces.name("failing")

    @Test func aWrongKeyIsRefusedInTheServersWords() async throws {
        let server = try await QdrantService.start(.init(apiKey: "right", readOnlyKey: "look"))
        for key in ["wrong", ""] {
            do throws(StoreError) {
                _ = try await open(server, ["api_key": key])
                Issue.record("opened with \"\(key)\"")
            } catch {
                #expect(error.code == .unauthorized && error.help?.contains("api_key") == true, "\(error)")
                // Plain text, and no JSON.
                #expect(error.message.contains(key.isEmpty ? "Must provide an API key" : "Invalid API key"), "\(error)")
            }
        }
        let store = try await open(server, ["api_key": "right"])
        try await store.create(Sample.plain(name))
        let reader = try await open(server, ["api_key": "look"])
        #expect(try await reader.describe(name).collection.name == name)
        await refuses(.unauthorized) { try await reader.write(Sample.records(0..<1), to: self.name, .first) }
        await store.close()
        await reader.close()
        try await server.stop()
    }

    private func open(_ server: QdrantService, _ options: [String: String]) async throws(StoreError) -> any Store {
        guard let endpoint = Endpoint(server.address) else { throw StoreError(.rejected, "no address") }
        return try await Qdrant.kind.open(endpoint, options)
    }

    @Test func itsCertificateIsChecked() async throws {
        let server = try await QdrantService.start(.init(isEncrypted: true))
        do {
            _ = try await QdrantPlaces.open(server.address)
            Issue.record("opened")
        } catch let error as StoreError { #expect(error.code == .unauthorized && error.help?.contains("ca=") == true) }
        for options in [["ca": server.authority], ["insecure": "yes"]] {
            let store = try await QdrantPlaces.open(server.address, options)
            #expect(try await store.collections() == [])
            await store.close()
        }
        try await server.stop()
    }

    @Test(arguments: QdrantService.Faults.Kind.allCases)
    func whatFailsIsToldApart(_ kind: QdrantService.Faults.Kind) async throws {
        let server = try await QdrantService.start(.init(faults: .init(every: 2, kind, path: "/points")))
        let store = try await QdrantPlaces.open(server.address)
        try await store.create(Sample.plain(name))
        var failures: [StoreError] = []
        for number in 0..<4 {
            do throws(StoreError) {
                try await store.write(Sample.records(number..<number + 1), to: name, .first)
            } catch { failures.append(error) }
        }
        // libcurl says what a broken connection has lost a second time of itself: an upsert may come twice.
        let mayBeMended = kind == .reset || kind == .lost
        #expect(mayBeMended ? failures.count <= 2 : failures.count == 2)
        if failures.isEmpty { #expect(try await store.read(name, at: nil).count(nil) == 4) }
        for error in failures {
            switch kind {
            case .tooMany: #expect(error.code == .throttled && error.retryAfter != nil && !error.mayHaveWritten)
            case .unavailable: #expect(error.code == .unavailable)
            case .tooLarge:
                #expect(
                    error.code == .tooLarge && error.message.contains("413 Request Entity") && !error.mayHaveWritten)
            case .reset, .lost: #expect(error.code == .unavailable && error.mayHaveWritten, "\(error)")
            case .half: #expect([.unavailable, .malformed].contains(error.code) && error.mayHaveWritten, "\(error)")
            }
        }
        await store.close()
        try await server.stop()
    }

    @Test func whatIsTooLargeSaysWhoLimitsIt() async throws {
        let store = try await QdrantPlaces.store()
        var shape = Sample.plain(name)
        shape.isOpen = true
        try await store.create(shape)
        let text = String(repeating: "x", count: 33 << 20)
        let line = #"{"key":1,"vectors":{"v":[1,2]},"fields":{"page":1,"text":"\#(text)"}}"#
        do throws(StoreError) {
            try await store.write(Sample.batch([line], of: shape), to: name, .first)
            Issue.record("written")
        } catch {
            #expect(error.code == .tooLarge && error.help?.contains("max_request_size_mb") == true, "\(error)")
        }
        await store.close()
    }

    @Test func aCollectionThatIsDroppedWhileItIsReadIsNamed() async throws {
        let store = try await QdrantPlaces.store()
        try await store.create(Sample.plain(name))
        try await store.write(Sample.records(0..<20), to: name, .first)
        let reading = try await store.read(name, at: nil)
        var scan = Scan(budget: Budget(records: 5))
        scan.slice.after = try #require(try await reading.page(scan)).end
        try await store.drop(name, being: nil)
        do throws(StoreError) {
            _ = try await reading.page(scan)
            Issue.record("read")
        } catch { #expect(error.code == .notFound && error.message.contains(name)) }
        await reading.close()
        await store.close()
    }

    @Test func whatWasSettledSurvivesAPowerCut() async throws {
        let server = try await QdrantService.start()
        let store = try await QdrantPlaces.open(server.address)
        try await store.create(Sample.plain(name))
        try await store.write(Sample.records(0..<50), to: name, .first)
        try await store.settle(name)
        try await server.kill()
        await refuses(.unavailable) { _ = try await store.describe(self.name) }
        try await server.restart()
        #expect(try await store.everything(in: name).count == 50)
        await store.close()
        try await server.stop()
    }

    @Test func whatIsNoQdrantIsNotTakenForOne() async throws {
        do {
            _ = try await QdrantPlaces.open("qdrant://127.0.0.1:1")
            Issue.record("opened")
        } catch let error as StoreError { #expect(error.code == .unavailable && error.help != nil) }
        await refuses(.rejected) { _ = try await QdrantPlaces.open("qdrant://") }
        await refuses(.rejected) { _ = try await QdrantPlaces.store(["types": "perhaps"]) }
    }
}
