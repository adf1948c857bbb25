/// A server that is spoken to by HTTP.
package struct HTTP: Sendable {
    private let loop = CurlLoop()
    private let base: String
    private let headers: [String]
    private let trust: Trust
    package var timeout = Duration.seconds(60)

    /// A base like `http://host:port/path`, without a slash at its end.
    package init(_ base: String, headers: [String] = [], trust: Trust = .system) {
        (self.base, self.headers, self.trust) = (base, headers, trust)
    }

    package func send(
        _ method: String, _ path: String, headers more: [String] = [], body: [UInt8]? = nil,
        timeout limit: Duration? = nil, sink: Sink? = nil
    ) async throws(WireError) -> Response {
        // libcurl's own `Expect: 100-continue` costs a round trip, or a second where the server does not know it.
        var request = Request(method, base + path, headers: headers + more + ["expect:"], body: body)
        request.trust = trust
        request.version = base.hasPrefix("https:") ? .http2 : .http1
        request.timeout = limit ?? timeout
        request.sink = sink
        return try await loop.answer(to: request)
    }

    /// What this has sent and received so far.
    package var movedBytes: Int { loop.movedBytes }

    package func close() { loop.close() }
}
