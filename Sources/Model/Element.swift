/// What the elements of a vector are, as they lie in memory, little-endian.
package enum Element: String, Hashable, Sendable, CaseIterable {
    case float32, float16, bfloat16, int8, uint8
    /// One bit an element, the first in the highest bit of the first byte.
    case bit = "binary"

    /// The bytes that one vector takes.
    package func stride(_ dimension: Int) -> Int {
        switch self {
        case .float32: dimension * 4
        case .float16, .bfloat16: dimension * 2
        case .int8, .uint8: dimension
        case .bit: (dimension + 7) / 8
        }
    }

    /// The elements of one vector as numbers; each type's values are exact in `Float`.
    package func floats(_ bytes: UnsafeRawBufferPointer, dimension: Int) -> [Float] {
        (0..<dimension).map { float(bytes, at: $0) }
    }

    package func float(_ bytes: UnsafeRawBufferPointer, at index: Int) -> Float {
        switch self {
        case .float32:
            Float(bitPattern: bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self).littleEndian)
        case .float16: widened(bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self).littleEndian)
        case .bfloat16:
            Float(
                bitPattern: UInt32(bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self).littleEndian) << 16)
        case .int8: Float(Int8(bitPattern: bytes[index]))
        case .uint8: Float(bytes[index])
        case .bit: Float(bytes[index >> 3] >> (7 - index & 7) & 1)
        }
    }

    /// Appends the vector's bytes; nil if a number is not one of this type's, and then nothing is appended.
    ///
    /// Rounding to `float16` and `bfloat16` is theirs to have; a number too large for them, or for an integer, is not.
    package func append(_ values: [Float], to bytes: inout [UInt8]) -> Bool {
        let start = bytes.count
        if self == .bit { return appendBits(values, to: &bytes) }
        if self == .float32 { return appendWhole(values, to: &bytes) }
        for value in values where !append(value, to: &bytes) {
            bytes.removeSubrange(start...)
            return false
        }
        return true
    }

    private func append(_ value: Float, to bytes: inout [UInt8]) -> Bool {
        guard value.isFinite else { return false }
        switch self {
        case .float32: bytes.append(littleEndian: value.bitPattern)
        case .float16:
            guard let half = nearestHalf(value) else { return false }
            bytes.append(littleEndian: half)
        case .bfloat16:
            guard let brief = nearestBrief(value) else { return false }
            bytes.append(littleEndian: brief)
        case .int8:
            guard let whole = Int8(exactly: value) else { return false }
            bytes.append(UInt8(bitPattern: whole))
        case .uint8, .bit:
            guard let whole = UInt8(exactly: value) else { return false }
            bytes.append(whole)
        }
        return true
    }

    private func appendWhole(_ values: [Float], to bytes: inout [UInt8]) -> Bool {
        guard values.allSatisfy(\.isFinite) else { return false }
        values.withUnsafeBytes { bytes.append(contentsOf: $0) }
        return true
    }

    private func appendBits(_ values: [Float], to bytes: inout [UInt8]) -> Bool {
        guard values.allSatisfy({ $0 == 0 || $0 == 1 }) else { return false }
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: stride(values.count)))
        for (index, value) in values.enumerated() where value == 1 {
            bytes[start + index >> 3] |= 0x80 >> UInt8(index & 7)
        }
        return true
    }
}

extension [UInt8] {
    package mutating func append(littleEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}

// IEEE 754 halves by hand: `Float16` does not exist in Swift on every platform that we build for.

private func widened(_ bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10 & 0x1F)
    let fraction = UInt32(bits & 0x3FF)
    switch exponent {
    case 0: return Float(bitPattern: sign | Float(fraction).bitPattern) * 0x1p-24
    case 0x1F: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
}

/// The nearest half, ties to even; nil beyond its range.
private func nearestHalf(_ value: Float) -> UInt16? {
    let sign = UInt16(value.bitPattern >> 16 & 0x8000)
    let magnitude = value.magnitude
    guard magnitude < 65520 else { return nil }
    if magnitude < 0x1p-14 { return sign | UInt16((magnitude * 0x1p24).rounded(.toNearestOrEven)) }
    let bits = magnitude.bitPattern - 112 << 23
    return sign | UInt16((bits + 0xFFF + (bits >> 13 & 1)) >> 13)
}

/// The nearest bfloat16, ties to even; nil beyond its range.
private func nearestBrief(_ value: Float) -> UInt16? {
    let bits = value.bitPattern
    let rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
    return rounded & 0x7F80 == 0x7F80 ? nil : UInt16(rounded)
}
