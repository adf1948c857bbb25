/// Writes a Protocol Buffers message; a number that is 0, a text that is empty and `false` are left out, as proto3 has it.
package struct ProtoWriter: Sendable {
    private var bytes: [UInt8]

    package init(capacity: Int = 64) {
        bytes = []
        bytes.reserveCapacity(capacity + 5)
        bytes.append(contentsOf: [0, 0, 0, 0, 0])
    }

    package init(capacity: Int = 64, _ fill: (inout ProtoWriter) -> Void) {
        self.init(capacity: capacity)
        fill(&self)
    }

    package var count: Int { bytes.count - 5 }

    /// With gRPC's five bytes before it, which stand ready from the beginning: no second copy.
    consuming func framed() -> [UInt8] {
        withUnsafeBytes(of: UInt32(count).bigEndian) { length in
            for place in 0..<4 { bytes[1 + place] = length[place] }
        }
        return bytes
    }

    /// Without what gRPC puts before it.
    package var message: ArraySlice<UInt8> { bytes[5...] }

    // MARK: Single values

    package mutating func integer(_ field: Int, _ value: some BinaryInteger) {
        if value != 0 { always(field, integer: value) }
    }

    /// Written even if it is 0: a member of a `oneof`, or an optional one.
    package mutating func always(_ field: Int, integer value: some BinaryInteger) {
        tag(field, 0)
        varint(UInt64(truncatingIfNeeded: value))
    }

    package mutating func bool(_ field: Int, _ value: Bool) { integer(field, value ? 1 : 0) }

    package mutating func text(_ field: Int, _ value: String) {
        if !value.isEmpty { bytes(field, value.utf8) }
    }

    package mutating func bytes(_ field: Int, _ value: some Collection<UInt8>) {
        tag(field, 2)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// For what lies within a larger array: generic code would take it byte by byte.
    package mutating func bytes(_ field: Int, _ value: ArraySlice<UInt8>) {
        value.withUnsafeBytes { bytes(field, raw: $0) }
    }

    package mutating func bytes(_ field: Int, raw value: UnsafeRawBufferPointer) {
        tag(field, 2)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    package mutating func double(_ field: Int, _ value: Double) {
        tag(field, 1)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func float(_ field: Int, _ value: Float) {
        tag(field, 5)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    // MARK: What holds others

    /// A message within this one. Its length is written in five bytes, so that it needs no buffer of its own.
    package mutating func message(_ field: Int, _ fill: (inout ProtoWriter) -> Void) {
        tag(field, 2)
        let start = bytes.count
        bytes.append(contentsOf: [0x80, 0x80, 0x80, 0x80, 0])
        fill(&self)
        var length = bytes.count - start - 5
        for place in 0..<5 {
            bytes[start + place] |= UInt8(truncatingIfNeeded: length & 0x7F)
            length >>= 7
        }
    }

    package mutating func integers(_ field: Int, _ values: some Sequence<some BinaryInteger>) {
        message(field) { writer in
            for value in values { writer.varint(UInt64(truncatingIfNeeded: value)) }
        }
    }

    package mutating func integers(_ field: Int, _ values: [Int64]) {
        message(field) { writer in
            for value in values { writer.varint(UInt64(bitPattern: value)) }
        }
    }

    private mutating func tag(_ field: Int, _ type: UInt64) { varint(UInt64(field) << 3 | type) }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
