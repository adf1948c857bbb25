import CSHA256
import Files
import Glibc
import Model

/// What was written to a collection and is not in its file yet: a log that survives a crash.
///
/// It is made of frames. A frame that a crash cut off has the wrong checksum, and ends the log.
final class LightRAGSpool {
    /// A record's last state; no text means that it was deleted.
    struct Entry {
        var text: Range<Int>?
        var vector = 0
    }

    private static let magic: UInt64 = 0x3176_6C6F_6F70_7376
    private static let header = 40
    private static let deleted = UInt32.max

    let path: String
    let file: DiskFile
    private let stride: Int
    private(set) var keys = KeyNumbers()
    /// In the order in which their keys were first written.
    private(set) var entries: [Entry] = []
    private var end = 0

    /// Opens the log, which need not exist yet; `stride` is how many bytes a record's vector has.
    init(_ path: String, stride: Int) throws(StoreError) {
        self.path = path
        self.stride = stride
        file = try DiskFile(path, O_RDWR | O_CREAT)
        while let frame = try frame() { take(frame) }
        try file.cut(to: end)
    }

    // MARK: Writing

    /// Appends records, all of them or none; `vectors` are those of the records with a text, in order.
    func append(_ records: [(key: [UInt8], text: [UInt8]?)], vectors: [UInt8]) throws(StoreError) {
        var body: [UInt8] = []
        body.reserveCapacity(records.reduce(0) { $0 + $1.key.count + ($1.text?.count ?? 0) + 8 } + vectors.count)
        for record in records {
            body.append(littleEndian: UInt32(record.key.count))
            body.append(littleEndian: record.text.map { UInt32($0.count) } ?? Self.deleted)
        }
        let heads = body.count
        for record in records { body += record.key + (record.text ?? []) }
        let texts = body.count - heads
        body += vectors
        var header: [UInt8] = []
        for number in [Self.magic, UInt64(heads), UInt64(texts), UInt64(vectors.count), Self.checksum(body)] {
            header.append(littleEndian: number)
        }
        try file.write(body, at: end + Self.header)
        try file.write(header, at: end)
        take(Frame(start: end + Self.header, heads: heads, texts: texts, body: body))
    }

    func sync() throws(StoreError) { try file.sync() }

    // MARK: Reading

    private struct Frame {
        var start: Int
        var heads: Int
        var texts: Int
        var body: [UInt8]
    }

    private func frame() throws(StoreError) -> Frame? {
        let bytes = try file.read(Self.header, at: end)
        guard bytes.count == Self.header else { return nil }
        let numbers = bytes.withUnsafeBytes { bytes in
            (0..<5).map { UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self)) }
        }
        let limit = UInt64(try file.size())
        guard numbers[0] == Self.magic, numbers[1...3].allSatisfy({ $0 <= limit }) else { return nil }
        let sizes = numbers[1...3].map { Int($0) }
        let body = try file.read(sizes.reduce(0, +), at: end + Self.header)
        guard body.count == sizes.reduce(0, +), Self.checksum(body) == numbers[4] else { return nil }
        return Frame(start: end + Self.header, heads: sizes[0], texts: sizes[1], body: body)
    }

    private func take(_ frame: Frame) {
        var at = frame.heads
        var vector = frame.start + frame.heads + frame.texts
        frame.body.withUnsafeBytes { body in
            for head in Swift.stride(from: 0, to: frame.heads, by: 8) {
                let key = Int(UInt32(littleEndian: body.loadUnaligned(fromByteOffset: head, as: UInt32.self)))
                let text = UInt32(littleEndian: body.loadUnaligned(fromByteOffset: head + 4, as: UInt32.self))
                let hash = KeyNumbers.Hash(UnsafeRawBufferPointer(rebasing: body[at..<at + key]))
                at += key
                guard text != Self.deleted else {
                    set(hash, Entry(text: nil))
                    continue
                }
                set(hash, Entry(text: frame.start + at..<frame.start + at + Int(text), vector: vector))
                at += Int(text)
                vector += stride
            }
        }
        end = frame.start + frame.body.count
    }

    private func set(_ hash: KeyNumbers.Hash, _ entry: Entry) {
        if let known = keys.insert(hash, entries.count) {
            entries[known] = entry
        } else {
            entries.append(entry)
        }
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt64 {
        var (state, digest) = (sha256_state(), [UInt8](repeating: 0, count: 32))
        sha256_begin(&state)
        bytes.withUnsafeBytes { sha256_add(&state, $0.baseAddress, $0.count) }
        sha256_end(&state, &digest)
        return digest.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    }
}
