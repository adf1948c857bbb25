import Glibc

extension JSONScanner {
    /// The string that comes next, without its escapes; compared and kept as bytes.
    package mutating func string() throws(JSONError) -> [UInt8] {
        skipSpace()
        return try decoded(rawString())
    }

    package mutating func text() throws(JSONError) -> String { String(decoding: try string(), as: UTF8.self) }

    /// Passes over a string and says where its characters stand, escapes and all.
    package mutating func rawString() throws(JSONError) -> Range<Int> {
        guard peek == UInt8(ascii: "\"") else { throw JSONError("expected a string", at: offset) }
        offset += 1
        let start = offset
        while true {
            passPlainText()
            guard let byte = peek else { throw JSONError("the text ends inside a string", at: start - 1) }
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                return start..<offset - 1
            case UInt8(ascii: "\\"): try passEscape()
            case 0x80...: try passCharacter()
            case 0x20...: offset += 1
            default: throw JSONError("a control character inside a string", at: offset)
            }
        }
    }

    /// The bytes of a raw string, escapes replaced.
    package func decoded(_ raw: Range<Int>) throws(JSONError) -> [UInt8] {
        guard var slash = slash(in: raw) else { return Array(bytes[raw]) }
        var result: [UInt8] = []
        result.reserveCapacity(raw.count)
        var at = raw.lowerBound
        while true {
            result.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[at..<slash]))
            at = slash
            try appendEscape(&at, to: &result)
            guard let next = self.slash(in: at..<raw.upperBound) else { break }
            slash = next
        }
        result.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[at..<raw.upperBound]))
        return result
    }

    private func slash(in range: Range<Int>) -> Int? {
        guard let start = bytes.baseAddress, !range.isEmpty,
            let found = memchr(start + range.lowerBound, Int32(UInt8(ascii: "\\")), range.count)
        else { return nil }
        return UnsafeRawPointer(found) - UnsafeRawPointer(start)
    }

    /// Eight bytes at a time, as long as all of them are plain ASCII that stands for itself.
    @inline(__always)
    private mutating func passPlainText() {
        guard let text = UnsafeRawPointer(bytes.baseAddress) else { return }
        let (ones, highs) = (0x0101_0101_0101_0101 as UInt64, 0x8080_8080_8080_8080 as UInt64)
        while offset + 8 <= bytes.count {
            let word = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let quotes = word ^ (ones &* 0x22)
            let slashes = word ^ (ones &* 0x5C)
            // The highest bit of a byte is set where it is 0x80 or more, below 0x20, a quote or a backslash; what a
            // borrow sets besides stands behind one of those.
            let special = word | (word &- ones &* 0x20) | (quotes &- ones) | (slashes &- ones)
            guard special & highs == 0 else {
                offset += (special & highs).trailingZeroBitCount / 8
                return
            }
            offset += 8
        }
    }

    private mutating func passEscape() throws(JSONError) {
        let start = offset
        offset += 1
        switch peek {
        case UInt8(ascii: "u"):
            offset += 1
            guard hexadecimal(at: offset) != nil else { throw JSONError("expected four hexadecimal digits", at: start) }
            offset += 4
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            offset += 1
        default: throw JSONError("no escape begins like this", at: start)
        }
    }

    /// Passes over one character of more than one byte, refusing what is not UTF-8.
    private mutating func passCharacter() throws(JSONError) {
        let first = bytes[offset]
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard first >= 0xC2, first <= 0xF4, offset + length <= bytes.count, isSecond(bytes[offset + 1], behind: first),
            (offset + 2..<max(offset + 2, offset + length)).allSatisfy({ bytes[$0] & 0xC0 == 0x80 })
        else { throw JSONError("the text is not UTF-8", at: offset) }
        offset += length
    }

    /// Overlong forms, surrogates and what lies beyond Unicode show in the second byte.
    @inline(__always)
    private func isSecond(_ byte: UInt8, behind first: UInt8) -> Bool {
        switch first {
        case 0xE0: 0xA0...0xBF ~= byte
        case 0xED: 0x80...0x9F ~= byte
        case 0xF0: 0x90...0xBF ~= byte
        case 0xF4: 0x80...0x8F ~= byte
        default: byte & 0xC0 == 0x80
        }
    }

    private func appendEscape(_ at: inout Int, to result: inout [UInt8]) throws(JSONError) {
        let start = at
        at += 2
        switch bytes[start + 1] {
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"): result += try codePoint(&at, escapedAt: start).utf8
        default: result.append(bytes[start + 1])
        }
    }

    private func codePoint(_ at: inout Int, escapedAt start: Int) throws(JSONError) -> Unicode.Scalar {
        guard let unit = hexadecimal(at: at) else { throw JSONError("expected four hexadecimal digits", at: start) }
        at += 4
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard unit < 0xDC00, at + 6 <= bytes.count, bytes[at] == UInt8(ascii: "\\"),
            bytes[at + 1] == UInt8(ascii: "u"), let low = hexadecimal(at: at + 2), (0xDC00..<0xE000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
        else { throw JSONError("half of a surrogate pair", at: start) }
        at += 6
        return scalar
    }

    private func hexadecimal(at start: Int) -> UInt32? {
        guard start + 4 <= bytes.count else { return nil }
        var value: UInt32 = 0
        for byte in bytes[start..<start + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }
}
