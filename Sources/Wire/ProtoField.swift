/// One field of a message, as it stands on the wire.
package struct ProtoField {
    package enum Value { case varint(UInt64), fixed64(UInt64), fixed32(UInt32), bytes(ArraySlice<UInt8>) }

    package let number: Int
    package let value: Value

    package func bytes() throws(WireError) -> ArraySlice<UInt8> {
        guard case .bytes(let bytes) = value else { throw .malformedMessage }
        return bytes
    }

    package func unsigned() throws(WireError) -> UInt64 {
        guard case .varint(let number) = value else { throw .malformedMessage }
        return number
    }

    package func integer() throws(WireError) -> Int64 { Int64(bitPattern: try unsigned()) }
    package func bool() throws(WireError) -> Bool { try unsigned() != 0 }
    package func text() throws(WireError) -> String { String(decoding: try bytes(), as: UTF8.self) }

    package func double() throws(WireError) -> Double {
        guard case .fixed64(let bits) = value else { throw .malformedMessage }
        return Double(bitPattern: bits)
    }

    package func float() throws(WireError) -> Float {
        guard case .fixed32(let bits) = value else { throw .malformedMessage }
        return Float(bitPattern: bits)
    }

    /// Calls for every field of the message that this one holds.
    package func forEach(_ use: (ProtoField) throws -> Void) throws { try ProtoReader.forEach(try bytes(), use) }

    // MARK: Repeated numbers, packed or one by one

    package func append(to integers: inout [Int64]) throws(WireError) {
        guard case .bytes(let packed) = value else { return integers.append(try integer()) }
        var reader = ProtoReader(packed)
        while !reader.isAtEnd { integers.append(Int64(bitPattern: try reader.varint())) }
    }

    package func append(to bools: inout [Bool]) throws(WireError) {
        var integers: [Int64] = []
        try append(to: &integers)
        bools += integers.map { $0 != 0 }
    }

    package func append(to doubles: inout [Double]) throws(WireError) {
        guard case .bytes(let packed) = value else { return doubles.append(try double()) }
        var reader = ProtoReader(packed)
        while !reader.isAtEnd { doubles.append(Double(bitPattern: try reader.fixed(UInt64.self))) }
    }

    /// The numbers' bytes, little-endian, as vectors are kept.
    package func appendFloats(to bytes: inout [UInt8]) throws(WireError) {
        switch value {
        case .bytes(let packed) where packed.count.isMultiple(of: 4): bytes += packed
        case .fixed32(let bits): withUnsafeBytes(of: bits.littleEndian) { bytes.append(contentsOf: $0) }
        default: throw .malformedMessage
        }
    }
}
