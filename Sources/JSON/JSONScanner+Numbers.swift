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

    /// Appends the numbers of the array that comes next as they lie in memory, and answers how many they were.
    package mutating func floats(appendingTo result: inout [UInt8]) throws(JSONError) -> Int {
        try enter(UInt8(ascii: "["), "an array")
        defer { leave() }
        if take(UInt8(ascii: "]")) { return 0 }
        var count = 0
        while true {
            let run = readRun(appendingTo: &result)
            count += run.count
            if run.hasEnded { return count }
            guard run.count == 0 else { continue }
            // Whatever stands here is an error, or a number too small to be one.
            let value = try float()
            withUnsafeBytes(of: value) { result.append(contentsOf: $0) }
            count += 1
            if take(UInt8(ascii: "]")) { return count }
            guard take(UInt8(ascii: ",")) else { throw JSONError("expected ',' or ']'", at: offset) }
        }
    }

    private mutating func readRun(appendingTo result: inout [UInt8]) -> (count: Int, hasEnded: Bool) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 1024) { room in
            var (used, ended) = (0, Int32(0))
            let count = numbers_read_floats(
                text(at: offset..<bytes.count), bytes.count - offset, room.baseAddress, room.count, &used, &ended)
            offset += used
            result.append(contentsOf: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(room)[..<(count * 4)]))
            return (count, ended != 0)
        }
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
