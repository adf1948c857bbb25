import Testing

@testable import Wire

@Suite struct HTTPTests {
    @Test func whatIsSentArrivesAndTheAnswerComesBackWhole() async throws {
        guard let server = try PythonServer() else { return }
        let http = HTTP("http://127.0.0.1:\(server.web)", headers: ["api-key: secret"])
        let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let echo = try await http.send("PUT", "/echo", body: body)
        #expect(echo.status == 200 && echo.body == body && echo["x-seen"] == "3000000")
        let plain = try await http.send("GET", "/a?b=c")
        let text = String(decoding: plain.body, as: UTF8.self)
        #expect(text.contains(#""method": "GET", "path": "/a?b=c", "key": "secret""#))
        #expect(try await http.send("DELETE", "/missing").status == 404)
        http.close()
    }

    @Test func connectionsAreUsedAgain() async throws {
        guard let server = try PythonServer() else { return }
        let http = HTTP("http://127.0.0.1:\(server.web)")
        let first = try await http.send("GET", "/").body
        for _ in 0..<5 { #expect(try await http.send("GET", "/").body == first) }
        http.close()
    }

    @Test func whatGoesWrongHasAName() async throws {
        guard let server = try PythonServer() else { return }
        var http = HTTP("http://127.0.0.1:\(server.web)")
        await fails(.broken) { try await http.send("GET", "/cut") }
        await fails(.unreachable) { try await HTTP("http://127.0.0.1:1").send("GET", "/") }
        await fails(.unreachable) { try await HTTP("http://no.such.host.invalid").send("GET", "/") }
        await fails(.untrusted) { try await HTTP("https://127.0.0.1:\(server.web)").send("GET", "/") }
        http.timeout = .milliseconds(100)
        await fails(.timedOut) { try await http.send("GET", "/slow") }
        http.close()
        await fails(.cancelled) { try await http.send("GET", "/") }
    }

    @Test func aTaskThatIsCancelledDoesNotWait() async throws {
        guard let server = try PythonServer() else { return }
        let http = HTTP("http://127.0.0.1:\(server.web)")
        let slow = Task { try await http.send("GET", "/slow") }
        try await Task.sleep(for: .milliseconds(50))
        slow.cancel()
        await fails(.cancelled) { try await slow.value }
        #expect(try await http.send("GET", "/").status == 200)
        http.close()
    }

    @Test func closingEndsWhatIsUnderWay() async throws {
        guard let server = try PythonServer() else { return }
        let http = HTTP("http://127.0.0.1:\(server.web)")
        let slow = Task { try await http.send("GET", "/slow") }
        try await Task.sleep(for: .milliseconds(50))
        http.close()
        await fails(.cancelled) { try await slow.value }
    }
}

func fails<Answer>(_ code: WireError.Code, _ use: () async throws -> Answer) async {
    do {
        _ = try await use()
        Issue.record("nothing failed")
    } catch {
        #expect((error as? WireError)?.code == code, "\(error)")
    }
}
