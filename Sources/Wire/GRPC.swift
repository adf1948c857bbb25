/// A server that is spoken to by gRPC; unary calls, many at once on one connection.
package struct GRPC: Sendable {
    private let loop = CurlLoop()
    private let base: String
    private let headers: [String]
    private let trust: Trust

    /// A base like `http://host:port`; the metadata goes with every call, in lines of the form `name: value`.
    package init(_ base: String, metadata: [String] = [], trust: Trust = .system) {
        (self.base, self.trust) = (base, trust)
        headers = ["content-type: application/grpc", "te: trailers", "accept:", "expect:"] + metadata
    }

    /// The message that answers; the path is like `/package.Service/Method`.
    package func call(
        _ path: String, _ message: consuming ProtoWriter, timeout: Duration = .seconds(60)
    ) async throws -> ArraySlice<UInt8> {
        // The server gives up first, and says so.
        let deadline = "grpc-timeout: \(timeout.milliseconds)m"
        var request = Request("POST", base + path, headers: headers + [deadline], body: message.framed())
        request.trust = trust
        request.version = base.hasPrefix("https:") ? .http2 : .cleartext
        request.timeout = timeout + .seconds(2)
        return try GRPC.message(in: try await loop.answer(to: request))
    }

    /// What this has sent and received so far.
    package var movedBytes: Int { loop.movedBytes }

    package func close() { loop.close() }

    /// The one message of an answer, or the status that stands in its place.
    static func message(in response: Response) throws -> ArraySlice<UInt8> {
        let said = response["grpc-message"].map(percentDecoded) ?? ""
        guard let status = response["grpc-status"].flatMap({ Int($0) }) else {
            guard response.status != 200 || response["content-type"]?.hasPrefix("application/grpc") != true else {
                throw WireError(.broken, "the answer broke off behind \(response.body.count) bytes")
            }
            throw GRPCStatus(http: response.status)
        }
        guard status == 0 else { throw GRPCStatus(code: .init(rawValue: status) ?? .unknown, message: said) }
        guard response.isToWhole else { throw WireError(.broken, "the server has answered half a request") }
        let body = response.body
        guard body.count >= 5, body[0] == 0, length(body) == body.count - 5 else {
            throw WireError(.malformed, "the server's answer is not one whole gRPC message")
        }
        return body[5...]
    }

    private static func length(_ body: [UInt8]) -> Int { body[1...4].reduce(0) { $0 << 8 | Int($1) } }
}

/// What a server answers in place of a message.
package struct GRPCStatus: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Int, Sendable {
        case cancelled = 1
        case unknown, invalidArgument, deadlineExceeded, notFound, alreadyExists, permissionDenied
        case resourceExhausted, failedPrecondition, aborted, outOfRange, unimplemented, `internal`, unavailable
        case dataLoss, unauthenticated
    }

    package var code: Code
    package var message: String

    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    /// A proxy or another kind of server has answered, and knows nothing of gRPC.
    init(http status: Int) {
        let code: Code =
            switch status {
            case 401: .unauthenticated
            case 403: .permissionDenied
            case 404: .unimplemented
            case 429, 502, 503, 504: .unavailable
            default: .unknown
            }
        self.init(code: code, message: "HTTP status \(status) and no gRPC status: is this a gRPC port?")
    }

    package var description: String { message.isEmpty ? "gRPC status \(code.rawValue)" : message }
}

/// `%41` is `A`; what is not such a code stands for itself.
func percentDecoded(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var decoded: [UInt8] = []
    var place = 0
    while place < bytes.count {
        if bytes[place] == 0x25, place + 2 < bytes.count,
            let byte = UInt8(String(decoding: bytes[place + 1...place + 2], as: UTF8.self), radix: 16)
        {
            decoded.append(byte)
            place += 3
        } else {
            decoded.append(bytes[place])
            place += 1
        }
    }
    return String(decoding: decoded, as: UTF8.self)
}
