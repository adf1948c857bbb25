import Model
import Synchronization

/// How much the next page should hold: all that is allowed, until a write goes wrong; then half of it, and a step more
/// after each that goes well.
package struct Pace: Sendable {
    /// The most that a page may hold is this many parts, and the least is one.
    private static let parts = 64
    /// A write that takes longer keeps others waiting, and is too much to do again.
    private static let slow: Duration = .seconds(3)

    private let most: Budget
    private var share = parts

    package init(_ most: Budget) { self.most = most }

    package var budget: Budget {
        Budget(
            records: max(1, most.records * share / Self.parts),
            bytes: max(min(1 << 16, most.bytes), most.bytes * share / Self.parts))
    }

    /// A write has succeeded; one that was far smaller than was allowed says nothing of larger ones.
    package mutating func accepted(records: Int, bytes: Int, in time: Duration) {
        if time > Self.slow { return shrink() }
        let allowed = budget
        guard records * 2 >= allowed.records || bytes * 2 >= allowed.bytes else { return }
        share = min(Self.parts, share + 1)
    }

    /// A write has failed; one that is larger than is allowed by now says nothing of those to come.
    package mutating func refused(_ code: StoreError.Code, records: Int, bytes: Int) {
        let allowed = budget
        switch code {
        case .tooLarge, .throttled, .unavailable:
            if records <= allowed.records, bytes < 2 * allowed.bytes { shrink() }
        case .notFound, .conflict, .unauthorized, .full, .rejected, .malformed, .unsupported, .expired, .cancelled:
            break
        }
    }

    /// The machine has little memory left.
    package mutating func shrink() { share = max(1, share / 2) }
}

/// The pace that all slices of a job share.
final class Pacemaker: Sendable {
    private let pace: Mutex<(pace: Pace, looked: ContinuousClock.Instant)>
    private let isMemoryShort: @Sendable () -> Bool

    init(_ most: Budget, isMemoryShort: @escaping @Sendable () -> Bool = { SystemMemory.isShort }) {
        pace = Mutex((Pace(most), .now))
        self.isMemoryShort = isMemoryShort
    }

    /// What the next page may hold; once a second the machine's memory is looked at.
    var budget: Budget {
        pace.withLock { state in
            if case let now = ContinuousClock.now, now - state.looked > .seconds(1) {
                state.looked = now
                if isMemoryShort() { state.pace.shrink() }
            }
            return state.pace.budget
        }
    }

    func accepted(_ batch: Batch, in time: Duration) {
        pace.withLock { $0.pace.accepted(records: batch.count, bytes: batch.byteCount, in: time) }
    }

    func refused(_ batch: Batch, _ code: StoreError.Code) {
        pace.withLock { $0.pace.refused(code, records: batch.count, bytes: batch.byteCount) }
    }
}
