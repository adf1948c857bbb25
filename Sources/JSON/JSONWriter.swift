import CNumbers

/// JSON text as it grows: the caller places the brackets and commas, this escapes and formats.
package struct JSONWriter {
    package var bytes: [UInt8] = []

    package init() {}

    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package mutating func raw(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package mutating func raw(_ text: some Sequence<UInt8>) { bytes.append(contentsOf: text) }

    package mutating func string(_ text: String) { string(text.utf8) }

    package mutating func string(_ utf8: some Sequence<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        // A generic walk byte by byte is many times as slow, and texts are most of what is written.
        if utf8.withContiguousStorageIfAvailable({ append(escaping: $0) }) == nil {
            for byte in utf8 { append(escaping: byte) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// What needs no escape is copied in runs.
    private mutating func append(escaping text: UnsafeBufferPointer<UInt8>) {
        var start = 0
        while let place = Self.special(in: text, from: start) {
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<place]))
            append(escaping: text[place])
            start = place + 1
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start...]))
    }

    /// The next byte that needs an escape: a control character, a quote or a backslash. Eight bytes are looked at at a time.
    private static func special(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var at = start
        let ones = 0x0101_0101_0101_0101 as UInt64
        while at + 8 <= text.count, let base = UnsafeRawPointer(text.baseAddress) {
            let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            let quotes = word ^ (ones &* 0x22)
            let slashes = word ^ (ones &* 0x5C)
            // The highest bit of a byte is set where it is below 0x20, or zero; what a borrow sets besides stands behind.
            let found =
                (word &- ones &* 0x20) & ~word | (quotes &- ones) & ~quotes | (slashes &- ones) & ~slashes
            guard found & (ones &* 0x80) == 0 else { return at + (found & (ones &* 0x80)).trailingZeroBitCount / 8 }
            at += 8
        }
        return text[at...].firstIndex { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
    }

    /// A member's name and its colon, after a comma where it is not the first.
    package mutating func name(_ utf8: some Sequence<UInt8>) {
        if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
        string(utf8)
        bytes.append(UInt8(ascii: ":"))
    }

    package mutating func integer(_ value: some BinaryInteger) { bytes.append(contentsOf: String(value).utf8) }

    package mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }

    package mutating func float(_ value: Float) {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { room in
            append(room, count: numbers_write_float(value, room.baseAddress))
        }
    }

    package mutating func double(_ value: Double) {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { room in
            append(room, count: numbers_write_double(value, room.baseAddress))
        }
    }

    /// An array of float32 numbers that lie as they do in memory.
    package mutating func floats(_ values: UnsafeRawBufferPointer) {
        raw("[")
        let run = 512
        for start in stride(from: 0, to: values.count / 4, by: run) {
            if start > 0 { raw(",") }
            let part = UnsafeRawBufferPointer(rebasing: values[start * 4..<min(values.count, (start + run) * 4)])
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16 * run + 32) { room in
                append(room, count: numbers_write_floats(part.baseAddress, part.count / 4, room.baseAddress))
            }
        }
        raw("]")
    }

    private mutating func append(_ room: UnsafeMutableBufferPointer<CChar>, count: Int) {
        bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(room)[..<count]))
    }

    private mutating func append(escaping byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
        case 0x0A: raw("\\n")
        case 0x0D: raw("\\r")
        case 0x09: raw("\\t")
        case ..<0x20: bytes.append(contentsOf: "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8)
        default: bytes.append(byte)
        }
    }
}
