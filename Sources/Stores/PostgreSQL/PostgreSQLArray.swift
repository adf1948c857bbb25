import JSON
import Model

/// Arrays: JSON to us, a list of sized elements in a COPY.
enum PostgreSQLArray {
    /// The oid of `bit`; the types of an extension have none that can be known, and the server asks for none.
    static let bit: Int32 = 1560

    /// The oids of element types that a server never gives another number.
    private static func oid(_ element: PostgreSQLWire) -> Int32 {
        switch element {
        case .bool: 16
        case .int2: 21
        case .int4: 23
        case .int8: 20
        case .float4: 700
        case .float8: 701
        case .uuid: 2950
        default: 25
        }
    }

    /// An array of one dimension; `elements` appends so many, each with its length before it.
    static func append(
        _ count: Int, of oid: Int32, to bytes: inout PostgreSQLBytes, _ elements: (inout PostgreSQLBytes) -> Void
    ) {
        let place = bytes.count
        bytes.append(Int32(0))
        bytes.append(Int32(count == 0 ? 0 : 1))
        bytes.append(Int32(0))
        bytes.append(oid)
        if count > 0 {
            bytes.append(Int32(count))
            bytes.append(Int32(1))
            elements(&bytes)
        }
        bytes.set(Int32(bytes.count - place - 4), at: place)
    }

    /// Answers what is wrong with the JSON, nil if nothing is.
    static func append(_ json: ArraySlice<UInt8>, of element: PostgreSQLWire, to bytes: inout PostgreSQLBytes)
        -> String?
    {
        guard let values = (try? JSONValue(Array(json)))?.array else { return "is no array" }
        guard values.allSatisfy({ $0 == .null || element.takes($0) }) else {
            return "holds what is no \(PostgreSQLExtension.none.sqlType(element))"
        }
        append(values.count, of: oid(element), to: &bytes) { bytes in
            for value in values { append(value, element, to: &bytes) }
        }
        return nil
    }

    private static func append(_ value: JSONValue, _ element: PostgreSQLWire, to bytes: inout PostgreSQLBytes) {
        switch (element, value) {
        case (.bool, .bool(let value)):
            bytes.append(Int32(1))
            bytes.append(UInt8(value ? 1 : 0))
        case (.int2, .integer(let value)):
            bytes.append(Int32(2))
            bytes.append(Int16(truncatingIfNeeded: value))
        case (.int4, .integer(let value)):
            bytes.append(Int32(4))
            bytes.append(Int32(truncatingIfNeeded: value))
        case (.int8, .integer(let value)):
            bytes.append(Int32(8))
            bytes.append(value)
        case (.float4, let value):
            guard let number = value.double else { return bytes.append(Int32(-1)) }
            bytes.append(Int32(4))
            bytes.append(Float(number).bitPattern)
        case (.float8, let value):
            guard let number = value.double else { return bytes.append(Int32(-1)) }
            bytes.append(Int32(8))
            bytes.append(number.bitPattern)
        case (.uuid, .string(let text)):
            guard let id = UUID(text.utf8) else { return bytes.append(Int32(-1)) }
            bytes.append(Int32(16))
            bytes.append(id.high)
            bytes.append(id.low)
        case (_, .string(let text)): bytes.append(sized: Array(text.utf8)[...])
        default: bytes.append(Int32(-1))
        }
    }

    // MARK: Reading

    /// The sized elements of an array of one dimension that counts from 1; nil for any other.
    static func elements(_ value: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer?]? {
        guard value.count >= 12 else { return nil }
        let dimensions = value.number(0, as: Int32.self)
        if dimensions == 0 { return [] }
        guard dimensions == 1, value.count >= 20, value.number(16, as: Int32.self) == 1 else { return nil }
        var found: [UnsafeRawBufferPointer?] = []
        var place = 20
        for _ in 0..<Int(value.number(12, as: Int32.self)) {
            guard place + 4 <= value.count else { return nil }
            let length = Int(value.number(place, as: Int32.self))
            guard length <= value.count - place - 4 else { return nil }
            found.append(length < 0 ? nil : value.part(place + 4, length))
            place += 4 + max(0, length)
        }
        return found
    }

    /// The array as JSON; nil for one that JSON's arrays do not have the like of.
    static func json(_ value: UnsafeRawBufferPointer, of element: PostgreSQLWire) -> [UInt8]? {
        guard let elements = elements(value) else { return nil }
        var writer = JSONWriter()
        writer.list(elements) { writer, part in
            guard let part else { return writer.raw("null") }
            write(part, element, to: &writer)
        }
        return writer.bytes
    }

    private static func write(_ part: UnsafeRawBufferPointer, _ element: PostgreSQLWire, to writer: inout JSONWriter) {
        switch element {
        case .bool: writer.bool(part[0] != 0)
        case .int2: writer.integer(part.number(0, as: Int16.self))
        case .int4: writer.integer(part.number(0, as: Int32.self))
        case .int8: writer.integer(part.number(0, as: Int64.self))
        case .float4:
            writer.number(Double(Float(bitPattern: part.number(0)))) { $0.float(Float(bitPattern: part.number(0))) }
        case .float8:
            writer.number(Double(bitPattern: part.number(0))) { $0.double(Double(bitPattern: part.number(0))) }
        case .uuid: writer.string(UUID(high: part.number(0), low: part.number(8)).utf8)
        default: writer.string(part)
        }
    }
}

extension PostgreSQLWire {
    /// Whether a value of JSON is one of this type's, exactly.
    fileprivate func takes(_ value: JSONValue) -> Bool {
        switch (self, value) {
        case (.bool, .bool), (.int8, .integer), (.text, .string): true
        case (.int2, .integer(let value)): Int16(exactly: value) != nil
        case (.int4, .integer(let value)): Int32(exactly: value) != nil
        case (.float4, _): value.double.map { Float($0).isFinite } ?? false
        case (.float8, _): value.double != nil
        case (.uuid, .string(let text)): UUID(text.utf8) != nil
        default: false
        }
    }
}

extension JSONWriter {
    /// JSON has no numbers beyond all bounds; their names stand for them, as PostgreSQL spells them.
    fileprivate mutating func number(_ value: Double, _ write: (inout JSONWriter) -> Void) {
        if value.isFinite { write(&self) } else { string(value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity") }
    }
}
