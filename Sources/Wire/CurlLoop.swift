import CCurl
import Dispatch
import Synchronization

/// Carries the exchanges with one server, many at once, on a thread of its own.
package final class CurlLoop: Sendable {
    private struct Inbox {
        var arrived: [Exchange] = []
        var abandoned: [Exchange] = []
        var isClosed = false
        /// Nil until the first exchange, and after the last.
        var handle: Handle?
    }

    private let inbox = Mutex(Inbox())
    private let moved = Atomic(0)

    package init() {}

    /// How many bytes have gone out and come in so far, of bodies and of the headers of answers.
    package var movedBytes: Int { moved.load(ordering: .relaxed) }

    package func answer(to request: Request) async throws(WireError) -> Response {
        let exchange = Exchange(request)
        try submit(exchange)
        defer { moved.add(exchange.moved, ordering: .relaxed) }
        return try await withTaskCancellationHandler {
            await exchange.outcome
        } onCancel: {
            abandon(exchange)
        }.get()
    }

    /// Ends what is under way.
    package func close() {
        inbox.withLock { inbox in
            inbox.isClosed = true
            inbox.handle?.wake()
        }
    }

    private func submit(_ exchange: Exchange) throws(WireError) {
        if let problem = exchanges_problem() { throw WireError(.unequipped, String(cString: problem)) }
        try inbox.withLock { inbox throws(WireError) in
            if inbox.isClosed { throw WireError(.cancelled, "the connection has been closed") }
            inbox.arrived.append(exchange)
            if inbox.handle == nil { inbox.handle = try start() }
            inbox.handle?.wake()
        }
    }

    private func abandon(_ exchange: Exchange) {
        inbox.withLock { inbox in
            inbox.abandoned.append(exchange)
            inbox.handle?.wake()
        }
    }

    private func start() throws(WireError) -> Handle {
        guard let pointer = exchanges_new() else { throw WireError(.unequipped, "libcurl has no memory left") }
        let handle = Handle(pointer: pointer)
        DispatchQueue(label: "curl").async { self.run(handle) }
        return handle
    }

    private func run(_ handle: Handle) {
        var traffic = Traffic(handle.pointer)
        while true {
            let (arrived, abandoned, isClosed) = inbox.withLock { inbox in
                defer { (inbox.arrived, inbox.abandoned) = ([], []) }
                if inbox.isClosed { inbox.handle = nil }
                return (inbox.arrived, inbox.abandoned, inbox.isClosed)
            }
            traffic.add(arrived)
            traffic.remove(abandoned)
            if isClosed { break }
            traffic.move()
        }
        traffic.end()
        exchanges_free(handle.pointer)
    }

    /// May be woken from any thread; everything else is for the loop's own.
    private struct Handle: @unchecked Sendable {
        let pointer: OpaquePointer
        func wake() { exchanges_wake(pointer) }
    }
}
