import Depot
import Language
import Model
import Stores

/// Where locks are, by the schemes of their URIs.
enum LockPlaces {
    static let schemes = LeasePlace.schemes + storeKinds.filter { $0.leasing != nil }.map(\.scheme)

    /// How long a lease holds without being renewed, unless the URI says `?lease=2m`.
    private static let length = Duration.seconds(30)

    static func open(
        _ uri: Located<String>, _ environment: [String: String]
    ) async throws -> (place: any Leasing, length: Duration) {
        guard let endpoint = Endpoint(uri.value) else {
            throw Failure(
                "E0406", "'\(uri.value)' is no URI", at: uri.span, help: ["write scheme://place: file:///srv/x.lock"])
        }
        let length = try length(endpoint, uri.span)
        return (try await blaming(uri.span) { try await leasing(endpoint, uri, environment) }, length)
    }

    private static func leasing(
        _ endpoint: Endpoint, _ uri: Located<String>, _ environment: [String: String]
    ) async throws -> any Leasing {
        if let place = try await LeasePlace.open(endpoint, environment) { return place }
        let kind = storeKinds.first { $0.scheme == endpoint.scheme }
        if let open = kind?.leasing { return try await open(endpoint) }
        throw Failure(
            "E0704", "\(endpoint.scheme):// has no locks", at: uri.span,
            help: ["locks are at \(schemes.map { "\($0)://" }.joined(separator: ", "))"])
    }

    private static func length(_ endpoint: Endpoint, _ span: Span) throws -> Duration {
        guard let text = endpoint.parameter("lease") else { return length }
        guard let quantity = Quantity(text), quantity.kind == .duration, quantity.amount >= 1 else {
            throw Failure("E0310", "'\(text)' is no time for a lease", at: span, help: ["write ?lease=30s; 1s or more"])
        }
        return .seconds(quantity.amount)
    }
}

extension Session {
    /// Runs the block while its place is held; it is let go however the block ends.
    func hold(_ place: Expression, _ limit: Expression?, _ body: [Statement], in frame: Frame) async throws {
        let uri = Located(try await value(of: place).description, at: place.span)
        guard !isDryRun else {
            messages.say("would lock \(secrets.redacted(uri.value))")
            return try await run(block: body, inside: frame)
        }
        let lease = try await taken(uri, patience: try await patience(limit))
        held.append(lease)
        var outcome = Result<Void, any Error>.success(())
        do { try await run(body, in: frame, under: lease) } catch { outcome = .failure(error) }
        held.removeAll { $0 === lease }
        // A task of its own is not cancelled with this one.
        let ending = Task { () async throws in try await lease.release() }
        do { try await ending.value } catch {
            messages.warn("the lock \(uri.value) was not let go, and ends by itself: \(error)")
        }
        try outcome.get()
    }

    private func patience(_ limit: Expression?) async throws -> Duration {
        guard let limit else { return .zero }
        return try await Parameter<Duration>.duration("timeout", "").read(
            .value(Located(value(of: limit), at: limit.span)))
    }

    private func taken(_ uri: Located<String>, patience: Duration) async throws -> HeldLease {
        let (place, length) = try await LockPlaces.open(uri, invocation.environment)
        let messages = messages
        do {
            return try await HeldLease.take(uri.value, place, for: length, patience: patience) { other in
                messages.say("waiting for \(uri.value), held by \(other.words)")
            }
        } catch let busy as HeldLease.Busy {
            await place.close()
            throw Failure(
                "E0705", "\(uri.value) is held by \(busy.other.words)", at: uri.span, exit: .timedOut,
                help: [
                    patience == .zero ? "say `timeout 10m` to wait for it" : "it was not free in time; try again later"
                ])
        } catch let error as StoreError {
            await place.close()
            throw Failure(error, at: uri.span)
        }
    }

    /// Runs the block, and stops it where the lock is lost.
    private func run(_ body: [Statement], in frame: Frame, under lease: HeldLease) async throws {
        let work = Task { try await run(block: body, inside: frame) }
        await lease.whenLost { work.cancel() }
        do {
            try await withTaskCancellationHandler(operation: { try await work.value }, onCancel: { work.cancel() })
        } catch {
            // What was stopped says only that it was interrupted.
            if Failure(error, at: nil).exit == .interrupted { try await blaming(nil) { try await lease.confirm() } }
            throw error
        }
    }

    /// Throws unless everything that is locked still is: nothing may be changed otherwise.
    func confirmLocks(at span: Span) async throws {
        for lease in held { try await blaming(span) { try await lease.confirm() } }
    }

    /// What tells a later holder of the same locks from this one.
    func fences() async -> [String: Int64] {
        var fences: [String: Int64] = [:]
        for lease in held { fences[lease.uri] = await lease.fence }
        return fences
    }
}

extension Lease {
    fileprivate var words: String {
        let end = until.map { ", until \(Timestamp.text($0))" } ?? ""
        return "\(holder), since \(Timestamp.text(since))\(end)"
    }
}
