import CSHA256

/// Short checksums for lines and fingerprints.
enum Checksum {
    /// The first digits of the SHA-256.
    static func hexadecimal(_ bytes: [UInt8], count: Int) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        bytes.withUnsafeBytes { sha256_digest($0.baseAddress, $0.count, &digest) }
        let digits = digest.prefix((count + 1) / 2).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return String(digits.joined().prefix(count))
    }
}
