/// A small document held as values: settings, descriptions, answers; never records.
///
/// Members keep their order, so what is printed is stable.
package indirect enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])
    /// JSON text that is passed through as it is.
    case raw([UInt8])

    package struct Member: Hashable, Sendable {
        package var name: String
        package var value: JSONValue
        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .double(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral members: (String, JSONValue)...) {
        self = .object(members.map { Member($0.0, $0.1) })
    }
    package init(nilLiteral: ()) { self = .null }
}

// MARK: Reading

extension JSONValue {
    package init(_ text: String) throws(JSONError) { try self.init(Array(text.utf8)) }

    package init(_ bytes: [UInt8]) throws(JSONError) {
        self = try bytes.withScanner { scanner throws(JSONError) in
            let value = try JSONValue(reading: &scanner)
            try scanner.finish()
            return value
        }
    }

    package init(reading scanner: inout JSONScanner) throws(JSONError) {
        switch try scanner.kind() {
        case .null:
            try scanner.null()
            self = .null
        case .bool: self = .bool(try scanner.bool())
        case .string: self = .string(try scanner.text())
        case .number: self = try JSONValue.number(&scanner)
        case .array:
            var elements: [JSONValue] = []
            try scanner.array { scanner throws(JSONError) in elements.append(try JSONValue(reading: &scanner)) }
            self = .array(elements)
        case .object: self = try JSONValue.members(&scanner)
        }
    }

    private static func number(_ scanner: inout JSONScanner) throws(JSONError) -> JSONValue {
        let start = scanner.offset
        // Zero has a sign that integers have not.
        if let whole = try scanner.integer(), whole != 0 || scanner.raw(start..<scanner.offset).count == 1 {
            return .integer(whole)
        }
        scanner.offset = start
        return .double(try scanner.double())
    }

    private static func members(_ scanner: inout JSONScanner) throws(JSONError) -> JSONValue {
        var members: [Member] = []
        try scanner.object { (scanner, name) throws(JSONError) in
            let name = String(decoding: try scanner.decoded(name), as: UTF8.self)
            members.append(Member(name, try JSONValue(reading: &scanner)))
        }
        return .object(members)
    }

    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    package var members: [Member]? { if case .object(let value) = self { value } else { nil } }
    package var double: Double? {
        switch self {
        case .double(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }
}

// MARK: Writing

extension JSONValue {
    /// The text in one line.
    package var text: String {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.text
    }

    package func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.raw("null")
        case .bool(let value): writer.bool(value)
        case .integer(let value): writer.integer(value)
        case .double(let value): writer.double(value)
        case .string(let value): writer.string(value)
        case .raw(let bytes): writer.raw(bytes)
        case .array(let elements): JSONValue.write(elements, to: &writer)
        case .object(let members):
            writer.raw("{")
            for member in members {
                writer.name(member.name.utf8)
                member.value.write(to: &writer)
            }
            writer.raw("}")
        }
    }

    private static func write(_ elements: [JSONValue], to writer: inout JSONWriter) {
        writer.raw("[")
        for (index, element) in elements.enumerated() {
            if index > 0 { writer.raw(",") }
            element.write(to: &writer)
        }
        writer.raw("]")
    }

    /// The text over several lines, for files that people read; lists of plain values stay on one line.
    package func indented(_ depth: Int = 0) -> String {
        let inner = String(repeating: "  ", count: depth + 1)
        let outer = String(repeating: "  ", count: depth)
        switch self {
        case .object(let members) where !members.isEmpty:
            let lines = members.map { "\(inner)\(JSONValue.string($0.name).text): \($0.value.indented(depth + 1))" }
            return "{\n\(lines.joined(separator: ",\n"))\n\(outer)}"
        case .array(let elements) where elements.contains(where: \.isNested):
            let lines = elements.map { inner + $0.indented(depth + 1) }
            return "[\n\(lines.joined(separator: ",\n"))\n\(outer)]"
        default: return text
        }
    }

    private var isNested: Bool { array != nil || members != nil }
}

extension [UInt8] {
    /// Runs `body` with a scanner over these bytes.
    package func withScanner<Result>(
        _ body: (inout JSONScanner) throws(JSONError) -> Result
    ) throws(JSONError) -> Result {
        try withUnsafeBufferPointer { buffer throws(JSONError) in
            var scanner = JSONScanner(buffer)
            return try body(&scanner)
        }
    }
}
