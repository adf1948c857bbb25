import Files
import Glibc
import Model

/// A file of a collection as it grows behind its committed length.
struct ArchiveGrowth {
    let file: DiskFile
    private let header: Int
    /// The bytes behind the header.
    var count: Int
    /// As committed last.
    private var entry: ArchiveManifest.File

    /// Opens a file, and cuts off what was never committed.
    init(_ path: String, _ entry: ArchiveManifest.File, header: NpyHeader?) throws(StoreError) {
        file = try DiskFile(path, O_RDWR | O_CREAT)
        count = entry.bytes
        self.entry = entry
        self.header = header == nil ? 0 : NpyHeader.size
        if let header { try write(header) }
        try file.cut(to: self.header + count)
    }

    /// Writes behind the count, which the caller moves once all files have been written.
    func write(_ bytes: [UInt8]) throws(StoreError) { try file.write(bytes, at: header + count) }

    func write(_ header: NpyHeader) throws(StoreError) {
        guard header.rows(in: try file.read(NpyHeader.size, at: 0)) != header.rows else { return }
        try file.write(header.bytes, at: 0)
        try file.sync()
    }

    func read(_ count: Int, at offset: Int) throws(StoreError) -> [UInt8] { try file.read(count, at: header + offset) }

    /// What the manifest says of the file as it is now; blocks that were full before are not read again.
    mutating func summed() throws(StoreError) -> ArchiveManifest.File {
        guard entry.bytes != count else { return entry }
        let full = entry.bytes / ArchiveChecksum.block
        entry.checksums.removeSubrange(full...)
        for offset in stride(from: full * ArchiveChecksum.block, to: count, by: ArchiveChecksum.block) {
            entry.checksums.append(ArchiveChecksum(try read(min(ArchiveChecksum.block, count - offset), at: offset)))
        }
        entry.bytes = count
        return entry
    }
}
