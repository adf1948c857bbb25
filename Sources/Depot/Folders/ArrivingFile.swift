import Files
import Glibc
import Model

/// A file whose parts come in any order, and whose checksum grows with those that have come without a gap.
actor ArrivingFile {
    nonisolated let file: DiskFile
    nonisolated let stored: StoredFile
    /// Whether some of it came in an earlier run.
    private var isResumed = false
    private var isWhole = false
    private let parts: [Range<Int>]
    private var arrived: Set<Int> = []
    private var hashed = 0
    private var hash = SHA256()
    private let executor = BlockingQueue("arriving file")

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ stored: StoredFile, at path: String, parts: [Range<Int>]) throws(StoreError) {
        self.stored = stored
        self.parts = parts
        file = try DiskFile(path, O_RDWR | O_CREAT)
    }

    /// Takes what came in an earlier run.
    func resume(_ earlier: Set<Int>) throws(StoreError) {
        guard !earlier.isEmpty else { return }
        isResumed = true
        arrived.formUnion(earlier)
        try hashOn()
    }

    /// Answers whether this was the one that was missing yet.
    func arrive(_ part: Int) throws(StoreError) -> Bool {
        arrived.insert(part)
        try hashOn()
        guard hashed == parts.count, !isWhole else { return false }
        isWhole = true
        return true
    }

    private func hashOn() throws(StoreError) {
        while hashed < parts.count, arrived.contains(hashed) {
            try add(parts[hashed])
            hashed += 1
        }
    }

    private func add(_ range: Range<Int>) throws(StoreError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        for start in stride(from: range.lowerBound, to: range.upperBound, by: buffer.count) {
            let piece = buffer[..<min(buffer.count, range.upperBound - start)]
            let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: piece), at: start)
            hash.add(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// The checksum of the whole file, which survives a loss of power from here on; throws if it is not the one that it
    /// should have.
    func finish() throws(StoreError) -> String {
        guard try file.size() == stored.bytes else {
            throw StoreError(.malformed, "\"\(stored.path)\" has another size than its source")
        }
        let digest = hash.digest().hexadecimal
        if let expected = stored.sha256 {
            guard digest == expected else { throw damaged("the checksum that was taken when it was written") }
        } else if let expected = MD5(tag: stored.tag) {
            guard try md5() == expected else { throw damaged("the checksum that its server has") }
        }
        try file.sync()
        return digest
    }

    private func damaged(_ what: String) -> StoreError {
        StoreError(
            .malformed, "\"\(stored.path)\" differs from \(what)",
            help: isResumed ? "say the same again: it is fetched anew" : "it was damaged where it lies, or on its way")
    }

    private func md5() throws(StoreError) -> MD5 {
        guard stored.bytes > 0 else { return MD5([]) }
        let start = try file.map(stored.bytes)
        defer { munmap(UnsafeMutableRawPointer(mutating: start), stored.bytes) }
        return MD5(UnsafeRawBufferPointer(start: start, count: stored.bytes))
    }
}
