import Testing

@testable import Wire

@Suite struct GRPCTests {
    private let hello = ProtoWriter { $0.text(1, "hello") }

    private func withServer(_ use: (PythonServer, GRPC) async throws -> Void) async throws {
        guard let server = try PythonServer() else { return }
        let grpc = GRPC("http://127.0.0.1:\(server.grpc)", metadata: ["authorization: Zm9v"])
        defer { grpc.close() }
        try await use(server, grpc)
    }

    @Test func messagesGoThereAndBack() async throws {
        try await withServer { (_, grpc) async throws in
            for _ in 0..<20 { #expect(try await grpc.call("/test.Service/Echo", hello) == hello.message) }
            #expect(try await grpc.call("/test.Service/Echo", ProtoWriter()).isEmpty)
            #expect(String(decoding: try await grpc.call("/test.Service/Who", hello), as: UTF8.self) == "Zm9v")
        }
    }

    @Test func aMessageOf40MegabytesComesBackWhole() async throws {
        try await withServer { (_, grpc) async throws in
            let piece = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let writer = ProtoWriter(capacity: 41 << 20) { for field in 1...40 { $0.bytes(field, piece) } }
            #expect(try await grpc.call("/test.Service/Echo", writer) == writer.message)
        }
    }

    @Test func callsRunSideBySideOnOneConnection() async throws {
        try await withServer { (_, grpc) async throws in
            let peers = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<20 {
                    group.addTask { String(decoding: try await grpc.call("/test.Service/Slow", hello), as: UTF8.self) }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(peers.count == 1)
        }
    }

    @Test func statusesHaveTheirCodeAndTheirText() async throws {
        try await withServer { (server, grpc) async throws in
            await #expect(throws: GRPCStatus(code: .notFound, message: "100 % “gone”")) {
                try await grpc.call("/test.Service/Fail", hello)
            }
            await #expect(throws: GRPCStatus(code: .unimplemented, message: "Method not found!")) {
                try await grpc.call("/test.Service/None", hello)
            }
            await #expect(throws: GRPCStatus(code: .deadlineExceeded, message: "Deadline Exceeded")) {
                try await grpc.call("/test.Service/Slow", hello, timeout: .milliseconds(50))
            }
            let web = GRPC("http://127.0.0.1:\(server.web)")
            await #expect(throws: WireError.self) { try await web.call("/test.Service/Echo", hello) }
            web.close()
        }
    }

    @Test func aConnectionThatHasGoneIsMadeAnew() async throws {
        try await withServer { (server, grpc) async throws in
            for _ in 0..<3 {
                #expect(try await grpc.call("/test.Service/Echo", hello) == hello.message)
                try server.restart()
            }
            let answers = try await withThrowingTaskGroup(of: ArraySlice<UInt8>.self) { group in
                for _ in 0..<8 { group.addTask { try await grpc.call("/test.Service/Echo", hello) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0 == hello.message })
        }
    }

    // MARK: TLS

    @Test func overTLSItsCertificateIsChecked() async throws {
        try await withServer { (server, _) async throws in
            let address = "https://127.0.0.1:\(server.secure)"
            let trusting = GRPC(address, trust: .authorities(path: server.authority))
            for _ in 0..<3 { #expect(try await trusting.call("/test.Service/Echo", hello) == hello.message) }
            let peers = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<5 {
                    group.addTask {
                        String(decoding: try await trusting.call("/test.Service/Slow", hello), as: UTF8.self)
                    }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(peers.count == 1)
            trusting.close()
            let anyone = GRPC(address, trust: .anyone)
            #expect(try await anyone.call("/test.Service/Echo", hello) == hello.message)
            anyone.close()
            let wary = GRPC(address)
            do {
                _ = try await wary.call("/test.Service/Echo", hello)
                Issue.record("a certificate of nobody is trusted")
            } catch let error as WireError { #expect(error.code == .untrusted && !error.mayHaveArrived, "\(error)") }
            wary.close()
            let missing = GRPC(address, trust: .authorities(path: "/nowhere.pem"))
            await #expect(throws: WireError.self) { try await missing.call("/test.Service/Echo", hello) }
            missing.close()
        }
    }

    @Test func whatIsTooLongOrTooOftenIsSaidSo() async throws {
        try await withServer { (server, grpc) async throws in
            let small = GRPC("https://127.0.0.1:\(server.secure)", trust: .authorities(path: server.authority))
            let long = ProtoWriter { $0.bytes(1, [UInt8](repeating: 7, count: 2 << 20)) }
            do {
                _ = try await small.call("/test.Service/Echo", long)
                Issue.record("2 MB went where 1 MB is the limit")
            } catch let error as GRPCStatus {
                #expect(error.code == .resourceExhausted && error.message.contains("larger than max"), "\(error)")
            }
            #expect(try await small.call("/test.Service/Echo", hello) == hello.message)
            small.close()
            await #expect(throws: GRPCStatus(code: .resourceExhausted, message: "rate limit exceeded")) {
                try await grpc.call("/test.Service/Refuse", hello)
            }
        }
    }

    @Test func answersThatAreNotOneWholeMessageAreRefused() {
        func answer(_ body: [UInt8]) -> Response {
            var response = Response()
            (response.status, response.headers, response.body) = (200, [("grpc-status", "0")], body)
            return response
        }
        #expect(throws: Never.self) { try GRPC.message(in: answer([0, 0, 0, 0, 1, 7])) }
        for body: [UInt8] in [[], [0, 0, 0, 0], [1, 0, 0, 0, 1, 7], [0, 0, 0, 0, 2, 7], [0, 0, 0, 0, 1, 7, 0]] {
            #expect(throws: WireError.self) { try GRPC.message(in: answer(body)) }
        }
        var proxy = Response()
        proxy.status = 503
        #expect(throws: GRPCStatus(http: 503)) { try GRPC.message(in: proxy) }
        var cut = answer([0, 0, 0, 0, 1, 7])
        cut.headers = [("content-type", "application/grpc")]
        #expect(throws: WireError.self) { try GRPC.message(in: cut) }
    }
}
