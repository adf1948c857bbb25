/// A number with a unit: `30s`, `64MB`, `99%`.
package struct Quantity: Hashable, Sendable {
    package enum Kind: Sendable { case duration, size, percent }
    package var kind: Kind
    /// In seconds, bytes, or hundredths.
    package var amount: Double
    package var spelling: String

    package init?(_ spelling: String) {
        let number = spelling.prefix { $0.isNumber || $0 == "." || $0 == "-" || $0 == "_" || $0 == "+" }
        guard let value = NumberText.double(String(number)),
            let unit = Quantity.units[spelling[number.endIndex...].lowercased()]
        else { return nil }
        kind = unit.kind
        amount = value * unit.scale
        self.spelling = spelling
    }

    /// Every unit, in lower case; KB is a thousand bytes, KiB 1,024.
    private static let units: [String: (kind: Kind, scale: Double)] = [
        "ms": (.duration, 1e-3), "s": (.duration, 1), "m": (.duration, 60), "min": (.duration, 60),
        "h": (.duration, 3600), "d": (.duration, 86_400), "b": (.size, 1), "kb": (.size, 1e3), "mb": (.size, 1e6),
        "gb": (.size, 1e9), "tb": (.size, 1e12), "kib": (.size, 1024), "mib": (.size, 1_048_576),
        "gib": (.size, 1_073_741_824), "%": (.percent, 1),
    ]
}

/// The spellings of numbers: `2048`, `1_000`, `-0.2`, `1e-3`.
package enum NumberText {
    package static func integer(_ text: String) -> Int64? { isPlain(text) ? Int64(text.replacing("_", with: "")) : nil }

    package static func natural(_ text: String) -> UInt64? {
        isPlain(text) ? UInt64(text.replacing("_", with: "")) : nil
    }

    package static func double(_ text: String) -> Double? {
        guard isPlain(text), let value = Double(text.replacing("_", with: "")), value.isFinite else { return nil }
        return value
    }

    static func kind(_ text: String) -> Token.Kind {
        if double(text) != nil { return .number }
        return Quantity(text) != nil ? .quantity : .id
    }

    /// Digits first, underscores only between digits; no `inf`, no hexadecimal.
    private static func isPlain(_ text: String) -> Bool {
        let digits = text.utf8.drop { $0 == UInt8(ascii: "-") }
        guard isDigit(digits.first), isDigit(digits.last) else { return false }
        return digits.allSatisfy { isDigit($0) || "._eE+-".utf8.contains($0) } && !text.contains("__")
    }
}
