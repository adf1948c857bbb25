import Files
import Model

/// A lease that is renewed until it is let go, and says when it is lost.
package actor HeldLease {
    package nonisolated let uri: String
    private let place: any Leasing
    private let length: Duration
    private var lease: Lease
    /// Until then nobody else can have it, by the clock of this machine, which goes on while the process is stopped.
    private var goodUntil: ContinuousClock.Instant
    private var loss: StoreError?
    private var onLoss: (@Sendable () -> Void)?
    private var beat: Task<Void, Never>?

    private init(
        _ uri: String, _ place: any Leasing, _ lease: Lease, _ length: Duration, until: ContinuousClock.Instant
    ) {
        (self.uri, self.place, self.lease, self.length) = (uri, place, lease, length)
        goodUntil = until
    }

    /// What a place answers that is taken.
    package struct Busy: Error { package let other: Lease }

    /// Takes the place; while another holds it, asks again until the time is over.
    package static func take(
        _ uri: String, _ place: any Leasing, for length: Duration, patience: Duration,
        onWait: (Lease) -> Void
    ) async throws -> HeldLease {
        let start = ContinuousClock.now
        var hasWaited = false
        while true {
            let asked = ContinuousClock.now
            let wanted = Lease(
                id: .random(), holder: .own, since: Timestamp.now, until: Timestamp.now + length.microseconds)
            let there = try await place.take(wanted)
            if there.id == wanted.id {
                let held = HeldLease(uri, place, there, length, until: asked + length)
                await held.begin()
                return held
            }
            guard ContinuousClock.now - start < patience else { throw Busy(other: there) }
            if !hasWaited { onWait(there) }
            hasWaited = true
            try await Task.sleep(for: min(.seconds(1), patience - (ContinuousClock.now - start)))
        }
    }

    package var fence: Int64 { lease.fence }

    /// Calls `body` once, when the lease is lost.
    package func whenLost(_ body: @escaping @Sendable () -> Void) {
        onLoss = body
        if loss != nil { body() }
    }

    /// Throws unless the lease holds now, and for long enough to do something; asks the place where that is in doubt.
    package func confirm() async throws(StoreError) {
        if loss == nil, goodUntil - .now < length / 2 { await renew() }
        if let loss { throw loss }
    }

    /// Stops renewing, and frees the place.
    package func release() async throws(StoreError) {
        beat?.cancel()
        guard loss == nil else { return await place.close() }
        try await place.release(lease)
        await place.close()
    }

    // MARK: Renewing

    private func begin() {
        let pause = length / 3
        beat = Task { [weak self] in
            while (try? await Task.sleep(for: pause)) != nil { await self?.renew() }
        }
    }

    private func renew() async {
        guard loss == nil else { return }
        let asked = ContinuousClock.now
        var longer = lease
        if longer.until != nil { longer.until = Timestamp.now + length.microseconds }
        do throws(StoreError) {
            guard try await place.extend(longer) else { return lose("somebody else has taken it") }
            (lease, goodUntil) = (longer, asked + length)
        } catch {
            // It may be reached again before the time is over.
            if ContinuousClock.now >= goodUntil { lose(error.message) }
        }
    }

    private func lose(_ why: String) {
        guard loss == nil else { return }
        loss = StoreError(
            .expired, "the lock \(uri) is lost: \(why)",
            help: "what ran under it was stopped; look at what is there, and run it again")
        beat?.cancel()
        onLoss?()
    }
}

extension Duration {
    fileprivate var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}
