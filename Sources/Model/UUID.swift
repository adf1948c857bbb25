/// A universally unique identifier (RFC 4122): sixteen bytes, and text in one spelling.
package struct UUID: Hashable, Sendable, Comparable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A new one, by chance (version 4).
    package static func random() -> UUID {
        UUID(high: .random(in: 0 ... .max), low: .random(in: 0 ... .max)).marked(version: 4)
    }

    /// Says which version it is, and that it is of the RFC's variant.
    package func marked(version: UInt64) -> UUID {
        UUID(high: high & ~0xF000 | version << 12, low: low & ~(0xC0 << 56) | 0x80 << 56)
    }

    /// Nil unless the text is 8-4-4-4-12 hexadecimal digits, in letters of either size.
    package init?(_ text: some Sequence<UInt8>) {
        var digits: [UInt8] = []
        for (place, byte) in text.enumerated() {
            if Self.dashes.contains(place) {
                guard byte == UInt8(ascii: "-") else { return nil }
            } else {
                guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else { return nil }
                digits.append(UInt8(digit))
            }
        }
        guard digits.count == 32 else { return nil }
        high = digits[..<16].reduce(0) { $0 << 4 | UInt64($1) }
        low = digits[16...].reduce(0) { $0 << 4 | UInt64($1) }
    }

    private static let dashes: Set<Int> = [8, 13, 18, 23]

    /// Its text in small letters.
    package var utf8: [UInt8] {
        var spelling: [UInt8] = []
        spelling.reserveCapacity(36)
        for word in [high, low] {
            for shift in stride(from: UInt64(60), through: 0, by: -4) {
                if Self.dashes.contains(spelling.count) { spelling.append(UInt8(ascii: "-")) }
                let digit = UInt8(word >> shift & 0xF)
                spelling.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
        return spelling
    }

    package static func < (a: UUID, b: UUID) -> Bool { (a.high, a.low) < (b.high, b.low) }
}

extension UUID: CustomStringConvertible {
    package var description: String { String(decoding: utf8, as: UTF8.self) }
}
