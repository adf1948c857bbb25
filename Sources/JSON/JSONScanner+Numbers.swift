import CNumbers

extension JSONScanner {
    /// Passes over a number and says where it stands.
    package mutating func number() throws(JSONError) -> Range<Int> {
        skipSpace()
        let start = offset
        if peek == UInt8(ascii: "-") { offset += 1 }
        if peek == UInt8(ascii: "0") { offset += 1 } else { try digits() }
        if peek == UInt8(ascii: ".") {
            offset += 1
            try digits()
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            offset += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { offset += 1 }
            try digits()
        }
        return start..<offset
    }

    /// A whole number, or nil where a number stands that is none or does not fit; either way it is passed.
    package mutating func integer() throws(JSONError) -> Int64? {
        let range = try number()
        return Int64(String(decoding: bytes[range], as: UTF8.self))
    }

    package mutating func double() throws(JSONError) -> Double {
        let range = try number()
        var value = 0.0
        guard numbers_read_double(text(at: range), range.count, &value) != 0 else {
            throw JSONError("the number is out of range", at: range.lowerBound)
        }
        return value
    }

    package mutating func float() throws(JSONError) -> Float {
        let range = try number()
        var value: Float = 0
        guard numbers_read_float(text(at: range), range.count, &value) != 0 else {
            throw JSONError("the number is out of range for float32", at: range.lowerBound)
        }
        return value
    }

    /// Appends the numbers of the array that comes next.
    package mutating func floats(into values: inout [Float]) throws(JSONError) {
        try array { scanner throws(JSONError) in values.append(try scanner.float()) }
    }

    private mutating func digits() throws(JSONError) {
        let start = offset
        while let byte = peek, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { offset += 1 }
        guard offset > start else { throw JSONError("expected a digit", at: offset) }
    }

    private func text(at range: Range<Int>) -> UnsafePointer<CChar>? {
        UnsafeRawPointer(bytes.baseAddress)?.advanced(by: range.lowerBound).assumingMemoryBound(to: CChar.self)
    }
}
