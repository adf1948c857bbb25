import CSHA256

/// The SHA-256 (FIPS 180-4) of bytes that come in pieces.
package struct SHA256: Sendable {
    private var state = sha256_state()

    package init() { sha256_begin(&state) }

    package mutating func add(_ bytes: UnsafeRawBufferPointer) { sha256_add(&state, bytes.baseAddress, bytes.count) }

    package func digest() -> [UInt8] {
        var last = state
        return [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
            sha256_end(&last, digest.baseAddress)
            count = 32
        }
    }

    package static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        bytes.withUnsafeBytes { hash.add($0) }
        return hash.digest()
    }

    /// What only those who have the key can make of the bytes: HMAC, RFC 2104.
    package static func code(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        let key = key.count > 64 ? digest(key) : key
        let block = key + [UInt8](repeating: 0, count: 64 - key.count)
        return digest(block.map { $0 ^ 0x5C } + digest(block.map { $0 ^ 0x36 } + bytes))
    }
}

extension [UInt8] {
    /// Two small digits a byte.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
