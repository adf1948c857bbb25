import Files
import Glibc
import Model

/// A new file as it grows, beside the one whose place it is to take.
final class LightRAGOutput {
    private static let piece = 1 << 20

    private let path: String
    private let file: DiskFile
    private var offset = 0
    private var buffer: [UInt8] = []
    /// Bytes that wait for others, as three become four characters.
    private var odd: [UInt8] = []

    init(_ path: String) throws(StoreError) {
        self.path = path
        file = try DiskFile(path, O_RDWR | O_CREAT | O_TRUNC)
    }

    func write(_ text: some Sequence<UInt8>) throws(StoreError) {
        buffer.append(contentsOf: text)
        if buffer.count >= Self.piece { try flush() }
    }

    func write(_ text: String) throws(StoreError) { try write(text.utf8) }

    /// Goes on with text in base64; ``endBase64()`` writes what is left.
    func writeBase64(_ bytes: some Swift.Collection<UInt8>) throws(StoreError) {
        odd.append(contentsOf: bytes)
        guard odd.count >= Self.piece else { return }
        let whole = odd.count / 3 * 3
        odd.withUnsafeBytes { Base64.append(UnsafeRawBufferPointer(rebasing: $0[..<whole]), to: &buffer) }
        odd.removeFirst(whole)
        try flush()
    }

    func endBase64() throws(StoreError) {
        odd.withUnsafeBytes { Base64.append($0, to: &buffer) }
        odd = []
    }

    /// Copies a part of another file as it is.
    func copy(_ range: Range<Int>, from stream: LightRAGStream) throws(StoreError) {
        var start = range.lowerBound
        while start < range.upperBound {
            let end = min(range.upperBound, start + Self.piece)
            try write(stream.bytes(start..<end))
            start = end
        }
    }

    private func flush() throws(StoreError) {
        try file.write(buffer, at: offset)
        offset += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }

    /// Puts the file in the place of another one: whoever reads sees one or the other, whole. `isStill` says, just
    /// before that, whether the other one is still what it was.
    func replace(_ target: String, if isStill: () throws(StoreError) -> Bool) throws(StoreError) -> Bool {
        try flush()
        var status = stat()
        if stat(target, &status) == 0 { _ = chmod(path, status.st_mode & 0o7777) }
        try file.sync()
        guard try isStill() else {
            Disk.remove(path)
            return false
        }
        try Disk.move(path, to: target)
        try Disk.syncFolder(of: target)
        return true
    }
}
