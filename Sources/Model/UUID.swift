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
        var (high, low) = (UInt64(0), UInt64(0))
        var (place, digits) = (0, 0)
        for byte in text {
            if Self.isDash(place) {
                guard byte == UInt8(ascii: "-") else { return nil }
            } else {
                guard let digit = Self.digit(byte), digits < 32 else { return nil }
                if digits < 16 { high = high << 4 | digit } else { low = low << 4 | digit }
                digits += 1
            }
            place += 1
        }
        guard digits == 32 else { return nil }
        self.init(high: high, low: low)
    }

    private static func isDash(_ place: Int) -> Bool { place == 8 || place == 13 || place == 18 || place == 23 }

    private static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }

    /// Its text in small letters.
    package var utf8: [UInt8] {
        var spelling: [UInt8] = []
        spelling.reserveCapacity(36)
        for word in [high, low] {
            for shift in stride(from: UInt64(60), through: 0, by: -4) {
                if Self.isDash(spelling.count) { spelling.append(UInt8(ascii: "-")) }
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
