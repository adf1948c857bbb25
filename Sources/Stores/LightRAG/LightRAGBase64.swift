/// Base64 as RFC 4648 has it, padded: by tables, a group of four characters at a time.
enum LightRAGBase64 {
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")

    /// What each of the four characters of a group adds to its 24 bits; the highest byte is set for what is no letter.
    private static let values: [UInt32] = (0..<4).flatMap { place in
        var table = [UInt32](repeating: 0xFF00_0000, count: 256)
        for (value, letter) in letters.enumerated() { table[Int(letter)] = UInt32(value) << (18 - 6 * UInt32(place)) }
        return table
    }

    /// Two letters for each twelve bits, the first in the lower byte.
    private static let pairs: [UInt16] = (0..<4096).map {
        UInt16(letters[$0 >> 6]) | UInt16(letters[$0 & 63]) << 8
    }

    // MARK: Decoding

    /// How many bytes a text stands for; nil if its length or padding is not right. `end` are its last characters.
    static func byteCount(_ length: Int, ending end: some BidirectionalCollection<UInt8>) -> Int? {
        let pads = padCount(end)
        return length % 4 == 0 && pads <= 2 ? length / 4 * 3 - pads : nil
    }

    private static func padCount(_ end: some BidirectionalCollection<UInt8>) -> Int {
        end.reversed().prefix { $0 == padding }.count
    }

    /// The bytes of whole groups, of which only the last may be padded; nil if one holds what is no letter.
    static func decoded(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard let count = byteCount(text.count, ending: text.suffix(3)) else { return nil }
        let whole = count / 3
        var isRight = true
        var bytes = [UInt8](unsafeUninitializedCapacity: text.count / 4 * 3) { target, filled in
            isRight = decode(text, groups: whole, to: target)
            filled = isRight ? whole * 3 : 0
        }
        guard isRight, count > whole * 3 else { return isRight ? bytes : nil }
        let last =
            text.suffix(4).dropLast(whole * 3 + 3 - count) + Array(repeating: letters[0], count: whole * 3 + 3 - count)
        guard let tail = Array(last).withUnsafeBufferPointer({ decoded($0) }) else { return nil }
        bytes += tail.prefix(count - whole * 3)
        return bytes
    }

    private static func decode(
        _ text: UnsafeBufferPointer<UInt8>, groups: Int, to target: UnsafeMutableBufferPointer<UInt8>
    ) -> Bool {
        values.withUnsafeBufferPointer { values in
            guard let table = values.baseAddress, let source = text.baseAddress, let target = target.baseAddress
            else { return groups == 0 }
            var wrong: UInt32 = 0
            for group in 0..<groups {
                let (from, to) = (source + 4 * group, target + 3 * group)
                let bits =
                    table[Int(from[0])] | table[256 + Int(from[1])] | table[512 + Int(from[2])]
                    | table[768 + Int(from[3])]
                wrong |= bits
                to[0] = UInt8(truncatingIfNeeded: bits >> 16)
                to[1] = UInt8(truncatingIfNeeded: bits >> 8)
                to[2] = UInt8(truncatingIfNeeded: bits)
            }
            return wrong < 0x100_0000
        }
    }

    // MARK: Encoding

    /// Appends the text of these bytes to `text`; only the last call may come with a number that three does not divide.
    static func append(_ bytes: UnsafeRawBufferPointer, to text: inout [UInt8]) {
        let groups = bytes.count / 3
        let start = text.count
        text.append(contentsOf: repeatElement(padding, count: (bytes.count + 2) / 3 * 4))
        text.withUnsafeMutableBytes { target in
            pairs.withUnsafeBufferPointer { pairs in
                for group in 0..<groups {
                    let (from, to) = (3 * group, start + 4 * group)
                    let bits = Int(bytes[from]) << 16 | Int(bytes[from + 1]) << 8 | Int(bytes[from + 2])
                    target.storeBytes(of: pairs[bits >> 12].littleEndian, toByteOffset: to, as: UInt16.self)
                    target.storeBytes(of: pairs[bits & 4095].littleEndian, toByteOffset: to + 2, as: UInt16.self)
                }
            }
        }
        let rest = bytes.dropFirst(3 * groups)
        guard let first = rest.first else { return }
        let second = rest.dropFirst().first
        let bits = Int(first) << 16 | Int(second ?? 0) << 8
        let at = start + 4 * groups
        (text[at], text[at + 1]) = (letters[bits >> 18], letters[bits >> 12 & 63])
        if second != nil { text[at + 2] = letters[bits >> 6 & 63] }
    }
}
