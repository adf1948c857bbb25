/// Reads a Protocol Buffers message field by field; what is asked for by the wrong type is refused.
package struct ProtoReader {
    private let bytes: ArraySlice<UInt8>
    private var place: Int

    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        place = bytes.startIndex
    }

    package static func forEach(
        _ bytes: ArraySlice<UInt8>, _ use: (ProtoField) throws -> Void
    ) throws {
        var reader = ProtoReader(bytes)
        while let field = try reader.next() { try use(field) }
    }

    package mutating func next() throws(WireError) -> ProtoField? {
        guard place < bytes.endIndex else { return nil }
        let tag = try varint()
        guard tag >> 3 != 0, let number = Int(exactly: tag >> 3) else { throw .malformedMessage }
        return ProtoField(number: number, value: try value(type: tag & 7))
    }

    private mutating func value(type: UInt64) throws(WireError) -> ProtoField.Value {
        switch type {
        case 0: return .varint(try varint())
        case 1: return .fixed64(try fixed(UInt64.self))
        case 2:
            guard let count = Int(exactly: try varint()), count <= bytes.endIndex - place else {
                throw .malformedMessage
            }
            defer { place += count }
            return .bytes(bytes[place..<place + count])
        case 5: return .fixed32(try fixed(UInt32.self))
        default: throw .malformedMessage
        }
    }

    mutating func varint() throws(WireError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard place < bytes.endIndex else { break }
            let byte = bytes[place]
            place += 1
            // The tenth byte has room for one bit.
            if shift == 63, byte > 1 { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw .malformedMessage
    }

    mutating func fixed<Number: FixedWidthInteger>(_: Number.Type) throws(WireError) -> Number {
        let size = MemoryLayout<Number>.size
        guard size <= bytes.endIndex - place else { throw .malformedMessage }
        defer { place += size }
        let part = bytes[place..<place + size]
        return Number(littleEndian: part.withUnsafeBytes { $0.loadUnaligned(as: Number.self) })
    }

    var isAtEnd: Bool { place == bytes.endIndex }
}

extension WireError {
    static var malformedMessage: WireError { WireError(.malformed, "the server sent a message that is cut or damaged") }
}
