import Dispatch
import Files
import Glibc
import Model
import Synchronization

/// The committed part of a file, mapped; a block of it is handed out only once its checksum was found right.
final class ArchiveMap: Sendable {
    fileprivate enum State: Sendable {
        case unseen, right, wrong
        case running(DispatchGroup)
    }

    /// How much is mapped for a checksum at a time.
    private static let piece = 256 << 10
    /// How far from what is read the system maps more, at most: its cache holds files in pieces of up to this size.
    private static let neighbourhood = 2 << 20

    let path: String
    /// The bytes behind the header.
    let count: Int
    private let header: Int
    private nonisolated(unsafe) let start: UnsafeRawPointer?
    private let checksums: [ArchiveChecksum]
    private let states: Mutex<[State]>

    init(_ path: String, _ entry: ArchiveManifest.File, header: NpyHeader?, isVerifying: Bool) throws(StoreError) {
        let file = try DiskFile(path, O_RDONLY)
        self.path = path
        self.header = header == nil ? 0 : NpyHeader.size
        count = entry.bytes
        checksums = entry.checksums
        states = Mutex(Array(repeating: isVerifying ? .unseen : .right, count: entry.checksums.count))
        if let header { try file.check(header) }
        let size = try file.size()
        guard size >= self.header + count else {
            throw .archive(broken: path, "has \(size) bytes, and should have \(self.header + count)")
        }
        start = count == 0 ? nil : try file.map(self.header + count)
    }

    deinit {
        if let start { munmap(UnsafeMutableRawPointer(mutating: start), header + count) }
    }

    func bytes(_ range: Range<Int>) throws(StoreError) -> UnsafeRawBufferPointer {
        try verify(range)
        return view(range)
    }

    /// For a range that the caller has had verified.
    func view(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: start.map { $0 + header + range.lowerBound }, count: range.count)
    }

    // MARK: Checksums

    func verify(_ range: Range<Int>) throws(StoreError) {
        guard !range.isEmpty else { return }
        for block in range.lowerBound / ArchiveChecksum.block...(range.upperBound - 1) / ArchiveChecksum.block {
            try verify(block: block)
        }
    }

    /// Begins to verify the blocks behind the one in which `offset` lies, each on another thread.
    func verifyAhead(of offset: Int) {
        let next = offset / ArchiveChecksum.block + 1
        // Two, so that one is worked on while the reader waits for the other.
        for block in next..<max(next, min(next + 2, checksums.count))
        where states.withLock({ $0[block].isUnseen }) {
            // Who needs the block finds the same, and reports it.
            DiskThreads.queue.async { [self] in try? verify(block: block) }
        }
    }

    private func verify(block: Int) throws(StoreError) {
        if states.withLock({ $0[block].isRight }) { return }
        let group = DispatchGroup()
        let state = states.withLock { states in
            defer {
                if states[block].isUnseen {
                    group.enter()
                    states[block] = .running(group)
                }
            }
            return states[block]
        }
        switch state {
        case .right: return
        case .wrong: throw damage(block)
        case .running(let other): other.wait()
        case .unseen:
            let isRight = checksum(of: block) == checksums[block]
            states.withLock { $0[block] = isRight ? .right : .wrong }
            group.leave()
        }
        try verify(block: block)
    }

    /// What is read for it alone takes no memory afterwards; whoever wants the bytes finds them in the system's cache.
    private func checksum(of block: Int) -> ArchiveChecksum {
        let start = block * ArchiveChecksum.block
        return ArchiveChecksum(contents(block), inPiecesOf: Self.piece) {
            forget(start + $0.lowerBound..<start + $0.upperBound)
        }
    }

    private func contents(_ block: Int) -> UnsafeRawBufferPointer {
        let offset = block * ArchiveChecksum.block
        return view(offset..<min(offset + ArchiveChecksum.block, count))
    }

    private func damage(_ block: Int) -> StoreError {
        StoreError(
            .malformed, "\(path) is damaged: block \(block) of 8 MiB does not have the checksum it was written with",
            help: "restore the collection from a backup; to read it as it is, connect with verify=no")
    }

    // MARK: Memory

    /// Gives back the memory of bytes that a scan has left behind, and of those just before them, which the system maps
    /// again beside what is read.
    func forget(_ range: Range<Int>) {
        advise(view(max(0, range.lowerBound - Self.neighbourhood)..<range.upperBound), MADV_DONTNEED)
    }

    /// Has the system read the file ahead, or forget it.
    func advise(isNeeded: Bool) throws(StoreError) {
        guard count > 0 else { return }
        if !isNeeded { advise(UnsafeRawBufferPointer(start: start, count: header + count), MADV_DONTNEED) }
        try DiskFile(path, O_RDONLY).advise(isNeeded: isNeeded)
    }

    private func advise(_ bytes: UnsafeRawBufferPointer, _ advice: Int32) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return }
        let page = Int(getpagesize())
        let before = Int(bitPattern: start) % page
        madvise(UnsafeMutableRawPointer(mutating: start - before), bytes.count + before, advice)
    }
}

extension ArchiveMap.State {
    fileprivate var isUnseen: Bool { if case .unseen = self { true } else { false } }
    fileprivate var isRight: Bool { if case .right = self { true } else { false } }
}

extension DiskFile {
    /// Throws unless this is a NumPy file of such rows; more rows than were committed are those of a write cut short.
    fileprivate func check(_ header: NpyHeader) throws(StoreError) {
        guard let rows = header.rows(in: try read(NpyHeader.size, at: 0)) else {
            throw .archive(
                broken: path, "is no NumPy file of \(header.columns) numbers of type \(header.type) a row")
        }
        guard rows >= header.rows else {
            throw .archive(broken: path, "has \(rows) rows, and should have \(header.rows)")
        }
    }
}
