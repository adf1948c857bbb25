import CSHA256

/// Short checksums for lines and fingerprints.
enum Checksum {
    /// The first digits of the SHA-256.
    static func hexadecimal(_ bytes: [UInt8], count: Int) -> String {
        let digits = digest(bytes).prefix((count + 1) / 2).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return String(digits.joined().prefix(count))
    }

    /// The first 63 bits of the SHA-256.
    static func number(_ bytes: [UInt8]) -> Int64 {
        Int64(digest(bytes).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } >> 1)
    }

    private static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        bytes.withUnsafeBytes { sha256_digest($0.baseAddress, $0.count, &digest) }
        return digest
    }
}
