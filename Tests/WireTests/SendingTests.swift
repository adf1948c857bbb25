import TestSupport
import Testing

@testable import Wire

/// What is sent arrives as it is, and once.
@Suite struct SendingTests {
    /// libcurl before 8.0 repeats parts of a message, and cuts off as much, where a socket is full at the wrong moment.
    @Test func messagesArriveWholeHoweverFullTheSocketIs() async throws {
        let server = try RunningScript(RunningScript.fixture("slow_reader.py"))
        let grpc = GRPC("http://127.0.0.1:\(server.firstLine)")
        for _ in 0..<4 { #expect(try await word(grpc, of: 1 << 22) == "whole") }
        let words = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<4 { group.addTask { try await word(grpc, of: 1 << 20) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(words == Array(repeating: "whole", count: 4))
        grpc.close()
    }

    private func word(_ grpc: GRPC, of count: UInt32) async throws -> String {
        let numbers = (0..<count).map(\.littleEndian)
        let message = ProtoWriter(capacity: 4 * numbers.count + 8) { writer in
            numbers.withUnsafeBytes { writer.bytes(1, raw: $0) }
        }
        return String(decoding: try await grpc.call("/test.Service/Check", message), as: UTF8.self)
    }

    /// libcurl asks once more by itself where a connection dies that it has used before.
    @Test func whatAServerMayHaveSeenIsNotToldTwice() async throws {
        let server = try RunningScript(RunningScript.fixture("dropped_connections.py"))
        let ports = server.firstLine.split(separator: " ")
        try #require(ports.count == 2)
        let grpc = GRPC("http://127.0.0.1:\(ports[0])")
        let message = ProtoWriter { $0.text(1, "hello") }
        #expect(try await grpc.call("/test.Service/Count", message) == [1])
        await fails(.broken) { try await grpc.call("/test.Service/Count", message) }
        #expect(try await grpc.call("/test.Service/Count", message) == [3])
        grpc.close()
        let http = HTTP("http://127.0.0.1:\(ports[1])")
        #expect(try await http.send("POST", "/posted", body: [7]).body == Array("1".utf8))
        await fails(.broken) { try await http.send("POST", "/posted", body: [7]) }
        #expect(try await http.send("POST", "/posted", body: [7]).body == Array("3".utf8))
        // A question without a body is asked again.
        #expect(try await http.send("GET", "/asked").body == Array("1".utf8))
        #expect(try await http.send("GET", "/asked").body == Array("3".utf8))
        http.close()
    }
}
