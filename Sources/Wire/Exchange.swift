import Synchronization

/// One request and the answer as it comes in.
///
/// Only the loop's thread touches what is in the mutex until the exchange has ended.
final class Exchange: Sendable {
    typealias Outcome = Result<Response, WireError>

    private struct State {
        var sent = 0
        /// All that went out and came in, what was sent again too.
        var moved = 0
        var response = Response()
        var isTooLarge = false
        var ended: Outcome?
        var waiting: CheckedContinuation<Outcome, Never>?
    }

    let request: Request
    private let state = Mutex(State())

    init(_ request: Request) { self.request = request }

    var isTooLarge: Bool { state.withLock(\.isTooLarge) }

    var moved: Int { state.withLock(\.moved) }

    // MARK: What libcurl calls

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard let body = request.body else { return 0 }
        return state.withLock { state in
            let count = min(buffer.count, body.count - state.sent)
            body.withUnsafeBytes { buffer.copyMemory(from: .init(rebasing: $0[state.sent..<state.sent + count])) }
            state.sent += count
            state.moved += count
            return count
        }
    }

    /// An attempt begins; answers whether it may. A body that a server may have seen is not sent to it again: whoever asked
    /// knows whether that does harm.
    func begin() -> Bool {
        state.withLock { state in
            guard state.sent == 0 else { return false }
            state.response = Response()
            return true
        }
    }

    /// Whether nothing of its body has been asked for.
    var isUntold: Bool { state.withLock { $0.sent == 0 } }

    func take(header bytes: UnsafeRawBufferPointer) {
        let line = bytes.prefix { $0 != 0x0D && $0 != 0x0A }
        state.withLock { state in
            state.moved += bytes.count
            // A new status line: what came before was an interim answer.
            if line.starts(with: "HTTP/".utf8) { state.response.begin(line) }
            guard let colon = line.firstIndex(of: 0x3A) else { return }
            let value = line[line.index(after: colon)...].drop { $0 == 0x20 }
            state.response.headers.append(
                (String(decoding: line[..<colon], as: UTF8.self).lowercased(), String(decoding: value, as: UTF8.self)))
        }
    }

    /// Whether more is wanted.
    func take(body bytes: UnsafeRawBufferPointer) -> Bool {
        let status = state.withLock { state in
            state.moved += bytes.count
            return state.response.status
        }
        if let sink = request.sink, status / 100 == 2 {
            return sink(status, bytes)
        }
        return state.withLock { state in
            if state.response.body.isEmpty { reserve(&state.response, first: bytes) }
            state.isTooLarge = state.response.body.count + bytes.count > request.limit
            if !state.isTooLarge { state.response.body.append(contentsOf: bytes) }
            return !state.isTooLarge
        }
    }

    /// Makes room once where the server says how much will come; it is not believed beyond the limit.
    private func reserve(_ response: inout Response, first bytes: UnsafeRawBufferPointer) {
        let said = response["content-length"].flatMap { Int($0) } ?? frame(response, bytes) ?? 0
        response.body.reserveCapacity(min(said, request.limit, 256 << 20))
    }

    private func frame(_ response: Response, _ bytes: UnsafeRawBufferPointer) -> Int? {
        guard response["content-type"]?.hasPrefix("application/grpc") == true, bytes.count >= 5 else { return nil }
        return 5 + Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt32.self)))
    }

    // MARK: Its end

    func end(status: Int, isSent: Bool) {
        end(
            .success(
                state.withLock { state in
                    state.response.status = status
                    state.response.isToWhole = isSent
                    return state.response
                }))
    }

    func end(_ outcome: Outcome) {
        let (ended, waiting) = state.withLock { state in
            var ended = outcome
            // A server that has said all may end the stream without having read what was sent.
            if case .failure(let error) = outcome, error.code == .broken, state.response["grpc-status"] != nil {
                ended = .success(state.response)
            }
            state.ended = ended
            defer { state.waiting = nil }
            return (ended, state.waiting)
        }
        waiting?.resume(returning: ended)
    }

    var outcome: Outcome {
        get async {
            await withCheckedContinuation { continuation in
                let ended = state.withLock { state in
                    if state.ended == nil { state.waiting = continuation }
                    return state.ended
                }
                if let ended { continuation.resume(returning: ended) }
            }
        }
    }
}

extension Response {
    /// A status line: `HTTP/1.1 200 OK`.
    fileprivate mutating func begin(_ line: Slice<UnsafeRawBufferPointer>) {
        headers = []
        status = line.split(separator: 0x20).dropFirst().first.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
    }
}
