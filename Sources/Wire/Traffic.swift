import CCurl

/// The exchanges that are under way, and those that wait for a connection; for the loop's thread alone.
struct Traffic {
    private let handle: OpaquePointer
    private var live: [ObjectIdentifier: (exchange: Exchange, pointer: OpaquePointer)] = [:]
    private var waiting: [Exchange] = []
    /// Whether a cleartext connection of HTTP/2 is open. One exchange opens it, and the others wait for that.
    private var isOpen = false
    private var isOpening = false

    init(_ handle: OpaquePointer) { self.handle = handle }

    mutating func add(_ exchanges: [Exchange]) { waiting += exchanges }

    mutating func remove(_ exchanges: [Exchange]) {
        for exchange in exchanges {
            waiting.removeAll { $0 === exchange }
            guard drop(exchange) else { continue }
            exchange.end(.failure(WireError(.cancelled, "cancelled")))
        }
    }

    /// Sends and receives what can be, and waits for more.
    mutating func move() {
        launch()
        exchanges_perform(handle)
        var result = exchange_result()
        var hasEnded = false
        while exchanges_next(handle, &result) != 0 {
            finish(result)
            hasEnded = true
        }
        // Those that have ended may let others begin.
        if !hasEnded { exchanges_wait(handle, 60_000) }
    }

    mutating func end() {
        let cancelled = WireError(.cancelled, "the connection has been closed")
        for (_, carried) in live { exchanges_remove(handle, carried.pointer) }
        for exchange in live.values.map(\.exchange) + waiting { exchange.end(.failure(cancelled)) }
        (live, waiting) = ([:], [])
    }

    // MARK: Beginning

    private mutating func launch() {
        let (mayStart, mustWait) = split()
        waiting = mustWait
        for exchange in mayStart { start(exchange) }
    }

    private mutating func split() -> (mayStart: [Exchange], mustWait: [Exchange]) {
        var mayStart: [Exchange] = []
        var mustWait: [Exchange] = []
        for exchange in waiting {
            if exchange.request.version != .cleartext || isOpen {
                mayStart.append(exchange)
            } else if isOpening {
                mustWait.append(exchange)
            } else {
                isOpening = true
                mayStart.append(exchange)
            }
        }
        return (mayStart, mustWait)
    }

    private mutating func start(_ exchange: Exchange) {
        let context = Unmanaged.passUnretained(exchange).toOpaque()
        guard let pointer = exchange.request.start(on: handle, version: version(exchange), context) else {
            return exchange.end(.failure(WireError(.unequipped, "libcurl has no memory left")))
        }
        live[ObjectIdentifier(exchange)] = (exchange, pointer)
    }

    private func version(_ exchange: Exchange) -> exchange_version {
        switch exchange.request.version {
        case .http1: exchange_http1
        case .http2: exchange_http2
        case .cleartext: isOpen ? exchange_cleartext_following : exchange_cleartext_opening
        }
    }

    // MARK: Ending

    private mutating func finish(_ result: exchange_result) {
        guard let context = result.context else { return }
        let exchange = Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
        live[ObjectIdentifier(exchange)] = nil
        let isCleartext = exchange.request.version == .cleartext
        if isCleartext {
            isOpen = result.outcome == exchange_answered
            isOpening = false
        }
        // Nothing was sent: it goes out again on a new connection.
        if isCleartext, result.outcome == exchange_stale, exchange.isUntold { return waiting.insert(exchange, at: 0) }
        if result.outcome == exchange_answered {
            exchange.end(status: Int(result.status), isSent: result.isSent != 0)
        } else {
            exchange.end(.failure(exchange.error(result)))
        }
    }

    private mutating func drop(_ exchange: Exchange) -> Bool {
        guard let carried = live.removeValue(forKey: ObjectIdentifier(exchange)) else {
            return true
        }
        if exchange.request.version == .cleartext, !isOpen { isOpening = false }
        exchanges_remove(handle, carried.pointer)
        return true
    }
}
