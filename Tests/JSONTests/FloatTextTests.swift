import Testing

@testable import JSON

/// Numbers of vectors are read and written in runs, by means of their own.
@Suite struct FloatTextTests {
    /// Numbers of all sizes, those that are special, and their neighbours.
    private static let samples: [Float] = {
        var random = SystemRandomNumberGenerator()
        var bits = (0..<100_000).map { _ in UInt32.random(in: 0...(.max), using: &random) }
        for place in 0..<32 {
            bits += [1 << place, (1 << place) - 1, (1 << place) + 1].map { UInt32(truncatingIfNeeded: $0) }
        }
        for power in -45...38 {
            let pattern = Float("1e\(power)")?.bitPattern ?? 0
            bits += [pattern, pattern &+ 1, pattern &- 1]
        }
        return bits.map(Float.init(bitPattern:)).filter(\.isFinite)
    }()

    private func text(_ numbers: [Float]) -> String {
        var json = JSONWriter()
        numbers.withUnsafeBytes { json.floats($0) }
        return String(decoding: json.bytes, as: UTF8.self)
    }

    @Test func textHasAsFewDigitsAsTellItApart() throws {
        for number in Self.samples {
            let text = String(text([number]).dropFirst().dropLast())
            #expect(Float(text)?.bitPattern == number.bitPattern, "\(text)")
            // Whole numbers have all their digits.
            guard text.contains(where: { ".e".contains($0) }) else { continue }
            #expect(Self.digits(text) == Self.digits("\(number)"), "\(text) and \(number)")
        }
    }

    private static func digits(_ text: String) -> String {
        let plain = text.prefix { $0 != "e" }.filter(\.isNumber)
        return String(plain.trimmingPrefix { $0 == "0" }.reversed().drop { $0 == "0" })
    }

    @Test func whatIsWrittenIsRead() throws {
        try Array(text(Self.samples).utf8).withScanner { scanner throws(JSONError) in
            var bytes: [UInt8] = []
            let count = try scanner.floats(appendingTo: &bytes)
            #expect(count == Self.samples.count)
            #expect(Self.samples.withUnsafeBytes { Array($0) } == bytes)
        }
    }

    /// Texts that lie between two numbers, or nearly so, and more digits than anybody needs.
    @Test func theNearestNumberIsRead() throws {
        for number in Self.samples where abs(number) > 1e-6 && abs(number) < 1e6 {
            let middle = (Double(number) + Double(number.nextUp)) / 2
            for value in [middle, middle.nextUp, middle.nextDown, Double(number) * 1.000_000_01] {
                try expectNearest("\(value)")
            }
        }
        for text in [
            "0.1", "0", "-0", "1", "16777217", "123456789012345", "999999999999999.9", "9007199254740993",
            "9999999999999999", "9007200328482817", "0.000000000000001", "1.5",
        ] {
            try expectNearest(text)
        }
    }

    private func expectNearest(_ text: String) throws {
        var bytes: [UInt8] = []
        try Array("[\(text)]".utf8).withScanner { scanner throws(JSONError) in
            _ = try scanner.floats(appendingTo: &bytes)
        }
        let read = bytes.withUnsafeBytes { $0.loadUnaligned(as: Float.self) }
        #expect(read.bitPattern == Float(text)?.bitPattern, "\(text)")
    }
}
