import Files
import Glibc
import Model

/// The rows of an index that Chroma has written: a vector each, and the label by which its id is found.
struct ChromaDirectoryIndex: Sendable {
    let folder: String
    let header: ChromaDirectoryHeader
    /// As many as are really there.
    let rows: Int
    private let data: DiskFile
    /// What vectors of length one are multiplied by; nil where they stand as they were given.
    private let lengths: [Float]?
    private(set) var complaints: [String] = []

    /// Nil where Chroma has not written any rows yet.
    init?(_ folder: String, isCosine: Bool) throws(StoreError) {
        self.folder = folder
        let start = try DiskFile.named("header.bin", in: folder).read(ChromaDirectoryHeader.size + 1, at: 0)
        header = try ChromaDirectoryHeader(start)
        guard header.count > 0 else { return nil }
        data = try DiskFile.named("data_level0.bin", in: folder)
        rows = min(header.count, try data.size() / header.stride)
        if rows < header.count { complaints.append("data_level0.bin ends behind row \(rows) of \(header.count)") }
        guard isCosine else {
            lengths = nil
            return
        }
        do throws(StoreError) { lengths = try Self.lengths(folder, rows) } catch {
            lengths = nil
            complaints.append("\(error.message): vectors have length one")
        }
    }

    private static func lengths(_ folder: String, _ rows: Int) throws(StoreError) -> [Float] {
        let file = try DiskFile.named("length.bin", in: folder)
        let bytes = try file.read(rows * 4, at: 0)
        guard bytes.count == rows * 4 else { throw StoreError(.malformed, "length.bin is too short") }
        return bytes.withUnsafeBytes { bytes in
            (0..<rows).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
        }
    }

    var lacksLengths: Bool { complaints.contains { $0.hasSuffix("length one") } }

    /// The row of each label; rows that were deleted have none.
    func rowsByLabel() throws(StoreError) -> ChromaDirectoryLabels {
        var labels = ChromaDirectoryLabels(rows: rows)
        // Small rows are read in runs, of large ones only what is needed.
        let run = max(1, (1 << 16) / header.stride)
        if run > 1 {
            for start in stride(from: 0, to: rows, by: run) {
                let bytes = try rowBytes(start..<min(rows, start + run))
                for row in start..<min(rows, start + run) {
                    let at = (row - start) * header.stride
                    labels.add(row, flags: bytes[at + header.flags], bytes, at: at + header.label)
                }
            }
        } else {
            for row in 0..<rows {
                let flags = try data.read(1, at: row * header.stride + header.flags)
                let label = try data.read(8, at: row * header.stride + header.label)
                guard flags.count == 1, label.count == 8 else { throw shortened }
                labels.add(row, flags: flags[0], label, at: 0)
            }
        }
        return labels
    }

    private func rowBytes(_ range: Range<Int>) throws(StoreError) -> [UInt8] {
        let bytes = try data.read(range.count * header.stride, at: range.lowerBound * header.stride)
        guard bytes.count == range.count * header.stride else { throw shortened }
        return bytes
    }

    private var shortened: StoreError {
        StoreError(.expired, "\(data.path) was cut while it was being read", help: "stop Chroma, then try again")
    }

    /// Writes the vectors of a run of rows one behind the other.
    func read(_ run: Range<Int>, into target: UnsafeMutableRawBufferPointer) throws(StoreError) {
        let width = header.dimension * 4
        let bytes = try rowBytes(run)
        bytes.withUnsafeBytes { bytes in
            for (place, row) in run.enumerated() {
                let start = place * header.stride + header.vector
                let vector = UnsafeMutableRawBufferPointer(rebasing: target[place * width..<(place + 1) * width])
                vector.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + width]))
                guard let lengths else { continue }
                let (numbers, length) = (vector.assumingMemoryBound(to: Float.self), lengths[row])
                for at in numbers.indices { numbers[at] *= length }
            }
        }
    }

    /// Differs whenever one of its files was written to.
    static func stamp(_ folder: String) throws(StoreError) -> String {
        var stamp = ""
        for name in ["header.bin", "data_level0.bin", "length.bin", "index_metadata.pickle"] {
            let path = "\(folder)/\(name)"
            stamp += try Disk.exists(path) ? " " + DiskFile(path, O_RDONLY).stamp() : " -"
        }
        return stamp
    }
}

/// What the head of an index says of its rows; where things stand in them is taken from here and from nowhere else.
struct ChromaDirectoryHeader: Sendable {
    static let size = 100

    let count: Int
    let stride: Int
    let flags: Int
    let vector: Int
    let label: Int
    var dimension: Int { (label - vector) / 4 }

    init(_ bytes: [UInt8]) throws(StoreError) {
        guard bytes.count == Self.size else {
            throw StoreError(.malformed, "header.bin has \(bytes.count) bytes, and should have \(Self.size)")
        }
        func word(_ at: Int) throws(StoreError) -> Int {
            let word = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: UInt64.self) }
            // Sums and products of such numbers stay far from any limit.
            guard word < 1 << 40 else { throw StoreError(.malformed, "header.bin says \(word) at byte \(at)") }
            return Int(word)
        }
        let version = bytes.withUnsafeBytes { $0.loadUnaligned(as: Int32.self) }
        guard version == 1 else { throw StoreError(.malformed, "header.bin is of version \(version), and not 1") }
        (count, stride) = (try word(20), try word(28))
        (flags, label, vector) = (try word(4) + 2, try word(36), try word(44))
        guard vector > flags, label > vector, (label - vector).isMultiple(of: 4), stride == label + 8,
            stride <= 1 << 30, try count <= word(12)
        else {
            throw StoreError(
                .malformed,
                "header.bin contradicts itself: rows of \(stride) bytes, vectors at \(vector), labels at \(label)")
        }
    }
}

/// Which row has a label: labels are dense, unless something is broken.
struct ChromaDirectoryLabels {
    private var near: [Int32]
    private var far: [UInt64: Int] = [:]

    init(rows: Int) { near = Array(repeating: -1, count: rows + rows / 4 + 1024) }

    mutating func add(_ row: Int, flags: UInt8, _ bytes: [UInt8], at place: Int) {
        guard flags & 1 == 0 else { return }
        let label = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: UInt64.self) }
        if label < near.count, row <= Int32.max { near[Int(label)] = Int32(row) } else { far[label] = row }
    }

    subscript(label: Int) -> Int? {
        if label < near.count, near[label] >= 0 { return Int(near[label]) }
        return far[UInt64(label)]
    }
}

extension DiskFile {
    /// A file of an index; throws in words that fit behind those of its folder.
    fileprivate static func named(_ name: String, in folder: String) throws(StoreError) -> DiskFile {
        guard Disk.isFolder(folder) else { throw StoreError(.notFound, "its folder is missing") }
        guard Disk.exists("\(folder)/\(name)") else { throw StoreError(.notFound, "\(name) is missing") }
        let file = try DiskFile("\(folder)/\(name)", O_RDONLY)
        if let pointer = try file.pointer() { throw StoreError(.malformed, "\(name) \(pointer): run `git lfs pull`") }
        return file
    }

    static func pickle(in folder: String) throws(StoreError) -> DiskFile {
        try named("index_metadata.pickle", in: folder)
    }
}
