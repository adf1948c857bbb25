import JSON
import Model

/// Fast hashing of bytes and values by folded multiplication.
package enum Hash {
    static let null: UInt64 = 0x9E37_79B9_7F4A_7C15
    static let present: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    static let unlike: UInt64 = 0x1656_67B1_9E37_79F9

    @inline(__always)
    package static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = (a ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: b ^ 0xE703_7ED1_A0B4_28DB)
        return product.high ^ product.low
    }

    package static func of(_ key: Key) -> UInt64 {
        switch key {
        case .integer(let value): mix(UInt64(bitPattern: value), 1)
        case .natural(let value): mix(value, 2)
        case .uuid(let value): mix(value.high, value.low &+ 3)
        case .text(let text): mix(of(text.utf8), 4)
        }
    }

    static func of(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { of($0) } }

    /// Two strands, so that a multiplication need not wait for the one before.
    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var (a, b) = (UInt64(bytes.count), UInt64(0x1656_67B1))
        var at = 0
        while at + 32 <= bytes.count {
            a = mix(a ^ word(bytes, at), word(bytes, at + 8))
            b = mix(b ^ word(bytes, at + 16), word(bytes, at + 24))
            at += 32
        }
        while at < bytes.count {
            var tail: UInt64 = 0
            for place in 0..<min(8, bytes.count - at) { tail |= UInt64(bytes[at + place]) << (8 * UInt64(place)) }
            a = mix(a, tail)
            at += 8
        }
        return mix(a, b)
    }

    @inline(__always)
    private static func word(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt64 {
        bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
    }

    static func of(_ value: Bool) -> UInt64 { mix(value ? 1 : 0, 5) }
    static func of(_ value: Int64) -> UInt64 { mix(UInt64(bitPattern: value), 6) }
    static func of(_ value: Double) -> UInt64 { mix(value.bitPattern, 7) }
    /// A whole number hashes as one.
    static func of(meaning value: Double) -> UInt64 { Int64(exactly: value).map { of($0) } ?? of(value) }
    static func of(text: UnsafeRawBufferPointer) -> UInt64 { mix(of(text), 8) }

}

extension Hash {
    /// A JSON value: a number or text hashes like the same value in a column, and the order of members is no matter.
    static func of(json: [UInt8], byMeaning: Bool = false) -> UInt64 {
        (try? json.withScanner { scanner throws(JSONError) in try value(&scanner, byMeaning) }) ?? of(json)
    }

    /// The sum over the members of an object.
    static func ofMembers(_ json: [UInt8], _ rules: ValueRules = .none) -> UInt64 {
        (try? json.withScanner { scanner throws(JSONError) in
            rules.isPlain ? try members(&scanner, false) : try members(&scanner, rules)
        }) ?? of(json)
    }

    private static func members(_ scanner: inout JSONScanner, _ byMeaning: Bool) throws(JSONError) -> UInt64 {
        var sum: UInt64 = 0
        try scanner.object { (scanner, name) throws(JSONError) in
            let name = of(try scanner.decoded(name))
            sum &+= mix(name, try value(&scanner, byMeaning))
        }
        return sum
    }

    /// The members of a record, each by the rule for its name.
    private static func members(_ scanner: inout JSONScanner, _ rules: ValueRules) throws(JSONError) -> UInt64 {
        var sum: UInt64 = 0
        try scanner.object { (scanner, name) throws(JSONError) in
            let name = try scanner.decoded(name)
            let rule = rules.field(String(decoding: name, as: UTF8.self))
            guard !rule.contains(.leftOut) else { return _ = try scanner.skip() }
            let isNull = try scanner.kind() == .null
            let hash = try value(&scanner, rule.contains(.byMeaning))
            if !isNull || !rule.contains(.mergesNull) { sum &+= mix(of(name), hash) }
        }
        return sum
    }

    private static func value(_ scanner: inout JSONScanner, _ byMeaning: Bool) throws(JSONError) -> UInt64 {
        switch try scanner.kind() {
        case .null:
            try scanner.null()
            return null
        case .bool: return of(try scanner.bool())
        case .string: return try scanner.string().withUnsafeBytes { of(text: $0) }
        case .number: return try number(&scanner, byMeaning)
        case .object: return mix(try members(&scanner, byMeaning), 9)
        case .array:
            var total: UInt64 = 10
            try scanner.array { scanner throws(JSONError) in total = mix(total, try value(&scanner, byMeaning)) }
            return total
        }
    }

    private static func number(_ scanner: inout JSONScanner, _ byMeaning: Bool) throws(JSONError) -> UInt64 {
        let start = scanner.offset
        if let whole = try scanner.integer() { return of(whole) }
        scanner.offset = start
        let range = try scanner.number()
        let digits = Array(scanner.raw(range))
        // A fraction is a double; a whole number beyond 64 bits is what its digits are.
        guard digits.contains(where: { $0 == 0x2E || $0 | 0x20 == 0x65 }),
            let value = Double(String(decoding: digits, as: UTF8.self))
        else { return of(digits) }
        return byMeaning ? of(meaning: value) : of(value)
    }
}

extension Float {
    /// The number that its shortest digits mean.
    var asWritten: Double { Double(description) ?? Double(self) }
}
