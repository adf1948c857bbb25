import JSON
import Model

/// Hashes records, so that two collections can be compared without holding them.
///
/// A record is its key and the *sum* of what its fields hash to: no matter in which order they stand, nor whether a
/// value lies in a column or in the open payload.
package struct RecordHash: Sendable {
    private let names: [UInt64]
    private let fieldNames: [UInt64]
    private let shape: Collection

    package init(_ shape: Collection) {
        self.shape = shape
        names = shape.vectors.map { Hash.of(Array("v \($0.name)".utf8)) }
        fieldNames = shape.fields.map { Hash.of(Array($0.name.utf8)) }
    }

    /// For each record the hash of its key, and that of the whole.
    package func hashes(_ batch: Batch) -> (keys: [UInt64], records: [UInt64]) {
        let keys = batch.keys.map(Hash.of)
        var sums = [UInt64](repeating: 0, count: batch.count)
        for (place, column) in batch.vectors.enumerated() {
            add(column, names[place], stride: shape.vectors[place].stride, to: &sums)
        }
        for (place, column) in batch.fields.enumerated() {
            add(column, shape.fields[place], fieldNames[place], to: &sums)
        }
        if let rest = batch.rest { addMembers(rest, to: &sums) }
        return (keys, zip(keys, sums).map { Hash.mix($0, $1) })
    }

    package func digest(_ batch: Batch) -> Digest {
        let (keys, records) = hashes(batch)
        return zip(keys, records).reduce(Digest()) { $0 + Digest(key: $1.0, record: $1.1) }
    }

    private func add(_ column: Column, _ name: UInt64, stride: Int, to sums: inout [UInt64]) {
        switch column.values {
        case .dense(let bytes):
            bytes.withUnsafeBytes { buffer in
                for row in sums.indices where column.mark(row) == .value {
                    let vector = UnsafeRawBufferPointer(rebasing: buffer[row * stride..<(row + 1) * stride])
                    sums[row] &+= Hash.mix(name, Hash.of(vector))
                }
            }
        case .multi(let rows):
            each(column, &sums) { row in Hash.mix(name, Hash.of(Array(rows[row]))) }
        case .sparse(let indices, let weights):
            each(column, &sums) { row in
                let place = Array(indices[row]).withUnsafeBytes { Hash.of($0) }
                let weight = Array(weights[indices.range(of: row)]).withUnsafeBytes { Hash.of($0) }
                return Hash.mix(name, Hash.mix(place, weight))
            }
        case .bools, .integers, .floats, .bytes: preconditionFailure("no vector is kept like this")
        }
        addNulls(column, name, to: &sums)
    }

    private func add(_ column: Column, _ field: Field, _ name: UInt64, to sums: inout [UInt64]) {
        switch column.values {
        case .bools(let values): each(column, &sums) { Hash.mix(name, Hash.of(values[$0])) }
        case .integers(let values): each(column, &sums) { Hash.mix(name, Hash.of(values[$0])) }
        case .floats(let values): each(column, &sums) { Hash.mix(name, Hash.of(values[$0])) }
        case .bytes(let rows):
            let isText = if case .text = field.type { true } else { false }
            rows.elements.withUnsafeBytes { buffer in
                each(column, &sums) { row in
                    let value = UnsafeRawBufferPointer(rebasing: buffer[rows.range(of: row)])
                    return Hash.mix(name, isText ? Hash.of(text: value) : Hash.of(json: Array(value)))
                }
            }
        case .dense, .multi, .sparse: preconditionFailure("no field is kept like this")
        }
        addNulls(column, name, to: &sums)
    }

    @inline(__always)
    private func each(_ column: Column, _ sums: inout [UInt64], _ hash: (Int) -> UInt64) {
        for row in sums.indices where column.mark(row) == .value { sums[row] &+= hash(row) }
    }

    private func addNulls(_ column: Column, _ name: UInt64, to sums: inout [UInt64]) {
        guard !column.marks.isEmpty else { return }
        for row in sums.indices where column.mark(row) == .null { sums[row] &+= Hash.mix(name, Hash.null) }
    }

    private func addMembers(_ rest: Column, to sums: inout [UInt64]) {
        guard case .bytes(let rows) = rest.values else { return }
        each(rest, &sums) { row in Hash.ofMembers(Array(rows[row])) }
    }
}

extension Digest {
    package init(key: UInt64, record: UInt64) {
        self.init(count: 1, high: Hash.mix(key, record), low: Hash.mix(record, ~key))
    }
}

/// Fast hashing of bytes and values by folded multiplication.
package enum Hash {
    static let null: UInt64 = 0x9E37_79B9_7F4A_7C15

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
    static func of(text: UnsafeRawBufferPointer) -> UInt64 { mix(of(text), 8) }

    /// A JSON value: a number or text hashes like the same value in a column, and the order of members is no matter.
    static func of(json: [UInt8]) -> UInt64 {
        (try? json.withScanner { scanner throws(JSONError) in try value(&scanner) }) ?? of(json)
    }

    /// The sum over the members of an object.
    static func ofMembers(_ json: [UInt8]) -> UInt64 {
        (try? json.withScanner { scanner throws(JSONError) in try members(&scanner) }) ?? of(json)
    }

    private static func members(_ scanner: inout JSONScanner) throws(JSONError) -> UInt64 {
        var sum: UInt64 = 0
        try scanner.object { (scanner, name) throws(JSONError) in
            let name = of(try scanner.decoded(name))
            sum &+= mix(name, try value(&scanner))
        }
        return sum
    }

    private static func value(_ scanner: inout JSONScanner) throws(JSONError) -> UInt64 {
        switch try scanner.kind() {
        case .null:
            try scanner.null()
            return null
        case .bool: return of(try scanner.bool())
        case .string: return try scanner.string().withUnsafeBytes { of(text: $0) }
        case .number: return try number(&scanner)
        case .object: return mix(try members(&scanner), 9)
        case .array:
            var total: UInt64 = 10
            try scanner.array { scanner throws(JSONError) in total = mix(total, try value(&scanner)) }
            return total
        }
    }

    private static func number(_ scanner: inout JSONScanner) throws(JSONError) -> UInt64 {
        let start = scanner.offset
        if let whole = try scanner.integer() { return of(whole) }
        scanner.offset = start
        let range = try scanner.number()
        let digits = Array(scanner.raw(range))
        // A fraction is a double; a whole number beyond 64 bits is what its digits are.
        guard digits.contains(where: { $0 == 0x2E || $0 | 0x20 == 0x65 }) else { return of(digits) }
        return Double(String(decoding: digits, as: UTF8.self)).map { of($0) } ?? of(digits)
    }
}
