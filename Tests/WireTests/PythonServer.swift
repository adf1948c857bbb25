import TestSupport

/// Real servers of HTTP and gRPC beside the test; they end with it, or when its process does.
final class PythonServer {
    let web: Int
    let grpc: Int
    /// The same over TLS, which takes no more than a megabyte at once; its certificate is in the file `authority`.
    let secure: Int
    let authority: String
    private let program: RunningScript

    /// Nil where Python has no `grpcio`.
    init?() throws {
        program = try RunningScript(RunningScript.fixture("http_and_grpc.py"))
        let words = program.firstLine.split(separator: " ")
        let ports = words.prefix(3).compactMap { Int($0) }
        guard ports.count == 3, words.count == 4 else { return nil }
        (web, grpc, secure, authority) = (ports[0], ports[1], ports[2], String(words[3]))
    }

    func restart() throws { _ = try program.answer(to: "restart") }
}
