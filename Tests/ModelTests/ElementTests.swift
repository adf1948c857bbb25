import Model
import Testing

@Suite struct ElementTests {
    private func bits(_ value: Float, _ element: Element) -> UInt16? {
        var bytes: [UInt8] = []
        return element.append([value], to: &bytes) ? UInt16(bytes[0]) | UInt16(bytes[1]) << 8 : nil
    }

    private func value(_ bits: UInt16, _ element: Element) -> Float {
        [UInt8(truncatingIfNeeded: bits), UInt8(bits >> 8)].withUnsafeBytes { element.float($0, at: 0) }
    }

    /// From IEEE 754: sign, 5 bits of exponent, 10 of fraction; ties to even.
    private static let halves: [(Float, UInt16)] = [
        (0, 0), (-0.0, 0x8000), (1, 0x3C00), (-2, 0xC000), (0.5, 0x3800), (65504, 0x7BFF), (0x1p-14, 0x0400),
        (0x1p-24, 0x0001), (0x1p-25, 0x0000), (0x1.8p-25, 0x0001), (0x1.FF8p-15, 0x03FF), (0x1.FFCp-15, 0x0400),
        (1 + 0x1p-10, 0x3C01),
        (1 + 0x1p-11, 0x3C00), (1 + 3 * 0x1p-11, 0x3C02), (1 + 0x1p-11 + 0x1p-20, 0x3C01), (2049, 0x6800),
        (2051, 0x6802), (65519.996, 0x7BFF), (0.1, 0x2E66), (1.0 / 3, 0x3555),
    ]

    @Test func halves() {
        for (value, expected) in Self.halves { #expect(bits(value, .float16) == expected, "\(value)") }
    }

    @Test(arguments: [65520, -65520, 1e38, .infinity, -.infinity, .nan] as [Float])
    func whatAHalfCannotHold(_ value: Float) { #expect(bits(value, .float16) == nil) }

    private static let briefs: [(Float, UInt16)] = [
        (0, 0), (-0.0, 0x8000), (1, 0x3F80), (-2, 0xC000), (3.140625, 0x4049), (1 + 0x1p-7, 0x3F81),
        (1 + 0x1p-8, 0x3F80), (1 + 3 * 0x1p-8, 0x3F82), (1 + 0x1p-8 + 0x1p-20, 0x3F81), (0.1, 0x3DCD),
        (0x1.FEp127, 0x7F7F), (0x1p-133, 0x0001), (0x1p-134, 0x0000),
    ]

    @Test func bfloats() {
        for (value, expected) in Self.briefs { #expect(bits(value, .bfloat16) == expected, "\(value)") }
    }

    @Test(arguments: [.greatestFiniteMagnitude, -.greatestFiniteMagnitude, .infinity, .nan] as [Float])
    func whatABfloatCannotHold(_ value: Float) { #expect(bits(value, .bfloat16) == nil) }

    @Test func everyHalfComesBack() {
        for element in [Element.float16, .bfloat16] {
            for bits in UInt16.min ... .max {
                let value = value(bits, element)
                guard value.isFinite else { continue }
                #expect(self.bits(value, element) == bits)
            }
        }
    }

    @Test func widthsAndBits() {
        #expect(Element.allCases.map { $0.stride(9) } == [36, 18, 18, 9, 9, 2])
        var bytes: [UInt8] = []
        #expect(Element.bit.append([1, 0, 1, 1, 0, 0, 0, 1, 1], to: &bytes))
        #expect(bytes == [0b1011_0001, 0b1000_0000])
        #expect(bytes.withUnsafeBytes { Element.bit.floats($0, dimension: 9) } == [1, 0, 1, 1, 0, 0, 0, 1, 1])
    }

    @Test func whatDoesNotFitLeavesNothing() {
        for (element, bad) in [
            (Element.int8, Float(128)), (.int8, 0.5), (.uint8, -1), (.uint8, 256), (.bit, 2), (.float32, .nan),
            (.float16, 1e6),
        ] {
            var bytes: [UInt8] = [7]
            #expect(!element.append([1, bad], to: &bytes))
            #expect(bytes == [7], "\(element)")
        }
        var bytes: [UInt8] = []
        #expect(Element.int8.append([-128, 127], to: &bytes) && bytes == [0x80, 0x7F])
    }
}
