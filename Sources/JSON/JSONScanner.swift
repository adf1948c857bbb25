import CNumbers

/// Pulls values out of JSON text, strictly: whatever it passes over has been checked too (RFC 8259).
///
/// It reads from memory that its creator keeps alive, of any size, and builds nothing it was not asked for.
package struct JSONScanner {
    package enum Kind: Sendable { case object, array, string, number, bool, null }

    let bytes: UnsafeBufferPointer<UInt8>
    package var offset: Int
    private var depth = 0

    /// Deeper documents are refused, so that no text can exhaust the stack.
    package static let deepest = 512

    package init(_ bytes: UnsafeBufferPointer<UInt8>, from offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    /// The kind of the value that comes next.
    package mutating func kind() throws(JSONError) -> Kind {
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return .number
        case nil: throw JSONError("the text ends where a value is expected", at: offset)
        case UInt8(ascii: "N"), UInt8(ascii: "I"): throw JSONError("NaN and Infinity are no JSON", at: offset)
        default: throw JSONError("no value begins like this", at: offset)
        }
    }

    /// Calls `member` for each name of the object that comes next; it must read or skip the value.
    package mutating func object(
        _ member: (inout JSONScanner, Range<Int>) throws(JSONError) -> Void
    ) throws(JSONError) {
        try enter(UInt8(ascii: "{"), "an object")
        if take(UInt8(ascii: "}")) { return leave() }
        repeat {
            skipSpace()
            let name = try rawString()
            try expect(UInt8(ascii: ":"))
            try member(&self, name)
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"))
        leave()
    }

    /// Calls `element` before each element of the array that comes next; it must read or skip it.
    package mutating func array(_ element: (inout JSONScanner) throws(JSONError) -> Void) throws(JSONError) {
        try enter(UInt8(ascii: "["), "an array")
        if take(UInt8(ascii: "]")) { return leave() }
        repeat { try element(&self) } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"))
        leave()
    }

    /// Passes over one value and says where it stands.
    @discardableResult
    package mutating func skip() throws(JSONError) -> Range<Int> {
        skipSpace()
        let start = offset
        switch try kind() {
        case .object: try object { (scanner, _) throws(JSONError) in try scanner.skip() }
        case .array: try array { scanner throws(JSONError) in try scanner.skip() }
        case .string: _ = try rawString()
        case .number: _ = try number()
        case .bool: _ = try bool()
        case .null: try null()
        }
        return start..<offset
    }

    package mutating func null() throws(JSONError) { try literal("null") }

    package mutating func bool() throws(JSONError) -> Bool {
        skipSpace()
        let value = peek == UInt8(ascii: "t")
        try literal(value ? "true" : "false")
        return value
    }

    /// Fails unless nothing but white space is left.
    package mutating func finish() throws(JSONError) {
        skipSpace()
        guard offset == bytes.count else { throw JSONError("text after the end of the value", at: offset) }
    }

    // MARK: Steps

    @inline(__always) var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    @inline(__always) package mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    /// Consumes `byte` if it comes next, after white space.
    @inline(__always) mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard peek == byte else { return false }
        offset += 1
        return true
    }

    private mutating func expect(_ byte: UInt8) throws(JSONError) {
        guard take(byte) else { throw JSONError("expected '\(Character(Unicode.Scalar(byte)))'", at: offset) }
    }

    mutating func enter(_ byte: UInt8, _ what: String) throws(JSONError) {
        guard take(byte) else { throw JSONError("expected \(what)", at: offset) }
        depth += 1
        guard depth <= Self.deepest else { throw JSONError("nested too deeply", at: offset) }
    }

    mutating func leave() { depth -= 1 }

    private mutating func literal(_ word: StaticString) throws(JSONError) {
        skipSpace()
        let length = word.utf8CodeUnitCount
        guard offset + length <= bytes.count, (0..<length).allSatisfy({ bytes[offset + $0] == word.utf8Start[$0] })
        else { throw JSONError("expected \(word)", at: offset) }
        offset += length
    }
}

extension JSONScanner {
    /// The bytes of the text in a range that this scanner has reported.
    package func raw(_ range: Range<Int>) -> Slice<UnsafeBufferPointer<UInt8>> { bytes[range] }

    /// Whether a name that this scanner has reported is `word`, written without escapes.
    package func isName(_ range: Range<Int>, _ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard range.count == length else { return false }
        return (0..<length).allSatisfy { bytes[range.lowerBound + $0] == word.utf8Start[$0] }
    }
}
