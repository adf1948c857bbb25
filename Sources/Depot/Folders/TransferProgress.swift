import Synchronization

/// How far a download or an upload is; read by whoever shows it, while it runs.
package final class TransferProgress: Sendable {
    package struct Counts: Sendable {
        package var total = 0
        package var bytes = 0
        /// Those of the bytes that had come before this run.
        package var resumed = 0
        package var files = 0
    }

    private let counts = Mutex(Counts())
    private let stopped = Atomic(false)

    package init() {}

    package var now: Counts { counts.withLock(\.self) }

    func count(_ change: (inout Counts) -> Void) { counts.withLock { change(&$0) } }

    /// Lets the parts end that are under way, and no other begin.
    package func stop() { stopped.store(true, ordering: .relaxed) }

    var isStopped: Bool { stopped.load(ordering: .relaxed) }
}

/// How much at once.
package struct TransferTuning: Sendable {
    /// Parts that are under way at the same time.
    package var parallel = 6
    /// Bytes of a part.
    package var part = 8 << 20

    package init() {}

    /// The parts of a file; one that is empty has one, too.
    func parts(of bytes: Int) -> [Range<Int>] {
        let size = partSize(of: bytes)
        guard bytes > 0 else { return [0..<0] }
        return stride(from: 0, to: bytes, by: size).map { $0..<min($0 + size, bytes) }
    }

    /// S3 takes ten thousand parts of an object, at most.
    func partSize(of bytes: Int) -> Int { max(part, (bytes / (9000 * Self.mebibyte) + 1) * Self.mebibyte) }

    private static let mebibyte = 1 << 20
}
