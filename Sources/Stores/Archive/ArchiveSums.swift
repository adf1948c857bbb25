import CSHA256

/// The checksums of a file's blocks as it grows.
struct ArchiveSums {
    private var full: [ArchiveChecksum]
    /// Of the last block, which is not full yet.
    private var state = sha256_state()
    private var held = 0

    /// `full` are those of the blocks that are full already; `rest` is what stands behind them.
    init(_ full: [ArchiveChecksum], _ rest: [UInt8]) {
        self.full = full
        sha256_begin(&state)
        add(rest)
    }

    /// Goes on with bytes that were appended.
    mutating func add(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            var at = 0
            while at < bytes.count {
                let count = min(bytes.count - at, ArchiveChecksum.block - held)
                sha256_add(&state, bytes.baseAddress.map { $0 + at }, count)
                at += count
                held += count
                if held == ArchiveChecksum.block { close() }
            }
        }
    }

    private mutating func close() {
        full.append(ArchiveChecksum(of: state))
        sha256_begin(&state)
        held = 0
    }

    var all: [ArchiveChecksum] { held == 0 ? full : full + [ArchiveChecksum(of: state)] }
}
