import Files
import Glibc
import Model

/// A file of a collection as it grows behind its committed length.
struct ArchiveGrowth {
    let file: DiskFile
    private let header: Int
    /// The bytes behind the header.
    private(set) var count: Int
    /// As committed last.
    private var entry: ArchiveManifest.File
    /// From the first time on that something is appended.
    private var sums: ArchiveSums?

    /// Opens a file, and cuts off what was never committed.
    init(_ path: String, _ entry: ArchiveManifest.File, header: NpyHeader?) throws(StoreError) {
        file = try DiskFile(path, O_RDWR | O_CREAT)
        count = entry.bytes
        self.entry = entry
        self.header = header == nil ? 0 : NpyHeader.size
        if let header { try write(header) }
        try file.cut(to: self.header + count)
    }

    /// Writes behind the count, which ``take(_:)`` moves once all files have been written.
    func write(_ bytes: [UInt8]) throws(StoreError) { try file.write(bytes, at: header + count) }

    /// Makes what was written behind the count a part of the file.
    mutating func take(_ bytes: [UInt8]) {
        if bytes.count >= 1 << 20 { file.beginSync() }
        sums?.add(bytes)
        count += bytes.count
    }

    /// Must come before the first ``take(_:)``: reads the part of the last block that is there already.
    mutating func prepare() throws(StoreError) {
        guard sums == nil else { return }
        let full = count / ArchiveChecksum.block
        let rest = try read(count % ArchiveChecksum.block, at: full * ArchiveChecksum.block)
        sums = ArchiveSums(Array(entry.checksums[..<full]), rest)
    }

    func write(_ header: NpyHeader) throws(StoreError) {
        guard header.rows(in: try file.read(NpyHeader.size, at: 0)) != header.rows else { return }
        try file.write(header.bytes, at: 0)
        try file.sync()
    }

    func read(_ count: Int, at offset: Int) throws(StoreError) -> [UInt8] { try file.read(count, at: header + offset) }

    /// What the manifest says of the file as it is now.
    mutating func summed() -> ArchiveManifest.File {
        guard entry.bytes != count, let sums else { return entry }
        entry.checksums = sums.all
        entry.bytes = count
        return entry
    }
}
