import TestSupport
import Testing

@testable import Wire

/// What a server may do in the middle of an answer: that is never taken for an answer, and the next call finds a new
/// connection.
@Suite struct BrokenAnswerTests {
    @Test func noHalfAnswerIsTakenForAWhole() async throws {
        let server = try RunningScript(RunningScript.fixture("broken_answers.py"))
        let ways = server.firstLine.split(separator: " ").map { $0.split(separator: "=") }
        #expect(ways.count > 10)
        for way in ways {
            let grpc = GRPC("http://127.0.0.1:\(way[1])")
            await breaksOff(grpc, "\(way[0])")
            let answer = try await grpc.call("/test.Service/Echo", ProtoWriter(), timeout: .seconds(5))
            #expect(answer == ArraySlice("abc".utf8), "\(way[0]): \(Array(answer))")
            grpc.close()
        }
    }

    private func breaksOff(_ grpc: GRPC, _ way: String) async {
        do {
            let message = ProtoWriter { $0.text(1, "hello") }
            let answer = try await grpc.call("/test.Service/Echo", message, timeout: .seconds(5))
            // Where nothing of an answer had come, libcurl may have asked once more by itself.
            #expect(answer == ArraySlice("abc".utf8), "\(way) is answered with \(Array(answer))")
        } catch {
            let error = error as? WireError
            #expect(error?.mayHaveArrived == true, "\(way): \(String(describing: error))")
            #expect(error?.code == .broken || error?.code == .malformed, "\(way): \(String(describing: error))")
        }
    }
}
