import CCurl

extension Request {
    /// Hands the request to libcurl.
    func start(
        on handle: OpaquePointer, version: exchange_version, _ context: UnsafeMutableRawPointer
    ) -> OpaquePointer? {
        var request = exchange_request()
        request.version = version
        request.bodySize = body.map { Int64($0.count) } ?? -1
        request.milliseconds = timeout.milliseconds
        request.connectMilliseconds = min(timeout.milliseconds, 10_000)
        request.isUnchecked = trust == .anyone ? 1 : 0
        request.calls = calls
        request.context = context
        return withStrings(&request) { exchanges_add(handle, $0) }
    }

    private func withStrings(
        _ request: inout exchange_request, _ use: (UnsafePointer<exchange_request>) -> OpaquePointer?
    ) -> OpaquePointer? {
        var strings: [UnsafeMutablePointer<CChar>?] = []
        defer { for string in strings { string?.deallocate() } }
        func copy(_ text: String) -> UnsafePointer<CChar>? {
            let bytes = text.utf8CString
            let copied = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
            for (place, byte) in bytes.enumerated() { copied[place] = byte }
            strings.append(copied)
            return UnsafePointer(copied)
        }
        request.method = copy(method)
        request.url = copy(url)
        if case .authorities(let path) = trust { request.authorities = copy(path) }
        return headers.map(copy).withUnsafeBufferPointer { lines in
            (request.headers, request.headerCount) = (lines.baseAddress, lines.count)
            return use(&request)
        }
    }
}

/// Each begins with the exchange that is its context.
private let calls = exchange_calls(
    read: { buffer, capacity, context in
        Exchange.of(context)?.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: capacity)) ?? 0
    },
    begin: { Exchange.of($0)?.begin() == true ? 1 : 0 },
    header: { bytes, count, context in
        Exchange.of(context)?.take(header: UnsafeRawBufferPointer(start: bytes, count: count))
    },
    body: { bytes, count, context in
        Exchange.of(context)?.take(body: UnsafeRawBufferPointer(start: bytes, count: count)) == true ? 1 : 0
    })

extension Exchange {
    fileprivate static func of(_ context: UnsafeMutableRawPointer?) -> Exchange? {
        context.map { Unmanaged<Exchange>.fromOpaque($0).takeUnretainedValue() }
    }

    func error(_ result: exchange_result) -> WireError {
        let said = result.problem.map { String(cString: $0) } ?? ""
        return switch result.outcome {
        case exchange_unreachable: WireError(.unreachable, said)
        case exchange_untrusted: WireError(.untrusted, said)
        case exchange_timed_out: WireError(.timedOut, said)
        case exchange_stale: WireError(.broken, "the connection ended before an answer came")
        case _ where isTooLarge: WireError(.tooLarge, "the answer is longer than \(request.limit) bytes")
        default: WireError(.broken, said)
        }
    }
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
