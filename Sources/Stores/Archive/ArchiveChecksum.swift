import CSHA256

/// The SHA-256 of some bytes.
struct ArchiveChecksum: Hashable, Sendable {
    /// The bytes of a file that one checksum covers.
    static let block = 8 << 20

    let bytes: [UInt8]

    init(_ data: [UInt8]) { self = data.withUnsafeBytes { ArchiveChecksum($0) } }

    init(_ data: UnsafeRawBufferPointer) {
        bytes = [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
            sha256_digest(data.baseAddress ?? UnsafeRawPointer(digest.baseAddress), data.count, digest.baseAddress)
            count = 32
        }
    }

    /// The same, in pieces; `done` is told of each one that is read.
    init(_ data: UnsafeRawBufferPointer, inPiecesOf size: Int, _ done: (Range<Int>) -> Void) {
        var state = sha256_state()
        sha256_begin(&state)
        for start in stride(from: 0, to: data.count, by: size) {
            let piece = start..<min(start + size, data.count)
            sha256_add(&state, data.baseAddress.map { $0 + start }, piece.count)
            done(piece)
        }
        self.init(of: state)
    }

    /// Of all that was added to a state, which can be added to further.
    init(of state: sha256_state) {
        var state = state
        bytes = [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
            sha256_end(&state, digest.baseAddress)
            count = 32
        }
    }

    /// Nil unless the text is 64 hexadecimal digits.
    init?(hex: String) {
        let digits = hex.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == 64, hex.utf8.count == 64 else { return nil }
        bytes = stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
