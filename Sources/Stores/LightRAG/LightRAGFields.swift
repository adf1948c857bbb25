import JSON
import Model

/// The members that rows were seen to have, and of what types: a file of LightRAG's does not say.
struct LightRAGFields: Sendable {
    struct Kinds: OptionSet, Hashable, Sendable {
        let rawValue: UInt16
        static let null = Kinds(rawValue: 1)
        static let bool = Kinds(rawValue: 2)
        /// A whole number that a `double` holds exactly, and one that only 64 bits do.
        static let small = Kinds(rawValue: 4)
        static let wide = Kinds(rawValue: 8)
        static let double = Kinds(rawValue: 16)
        static let text = Kinds(rawValue: 32)
        static let list = Kinds(rawValue: 64)
        static let object = Kinds(rawValue: 128)
        /// A number that no type of ours holds.
        static let endless = Kinds(rawValue: 256)
    }

    struct Member: Sendable {
        let name: Text
        var kinds: Kinds = []
        /// How many rows have it, and the last one that does.
        var count = 0
        fileprivate var last = -1
    }

    /// In the order in which they were first seen; more than this and names are data, not fields.
    private(set) var members: [Member] = []
    private static let most = 200
    private(set) var rows = 0
    private var places: [Text: Int] = [:]
    /// Rows are mostly alike, so that the next member is mostly the one that came next before.
    private var expected = 0

    var isMany: Bool { members.count > Self.most }

    subscript(name: Text) -> Member? { places[name].map { members[$0] } }

    // MARK: Looking at rows

    /// Reads a row; `other` is asked first about each member, as its name stands in the text.
    mutating func look(
        at scanner: inout JSONScanner,
        other: (inout JSONScanner, Range<Int>) throws(JSONError) -> Bool
    ) throws(JSONError) {
        expected = 0
        try scanner.object { (scanner, name) throws(JSONError) in
            guard try !other(&scanner, name) else { return }
            guard !isMany else { return _ = try scanner.skip() }
            let place = try place(of: name, scanner)
            guard members[place].last != rows else {
                throw JSONError("a second member \"\(members[place].name)\"", at: name.lowerBound)
            }
            members[place].kinds.insert(try Self.kind(&scanner))
            members[place].count += 1
            members[place].last = rows
            expected = place + 1
        }
        rows += 1
    }

    private mutating func place(of name: Range<Int>, _ scanner: JSONScanner) throws(JSONError) -> Int {
        if expected < members.count, members[expected].name.utf8.elementsEqual(scanner.raw(name)) { return expected }
        let text = Text(utf8: try scanner.decoded(name))
        if let place = places[text] { return place }
        places[text] = members.count
        members.append(Member(name: text))
        return members.count - 1
    }

    private static func kind(_ scanner: inout JSONScanner) throws(JSONError) -> Kinds {
        let kind = try scanner.kind()
        guard kind != .number else { return try number(&scanner) }
        try scanner.skip()
        return switch kind {
        case .null: .null
        case .bool: .bool
        case .string: .text
        case .array: .list
        case .object, .number: .object
        }
    }

    private static func number(_ scanner: inout JSONScanner) throws(JSONError) -> Kinds {
        let start = scanner.offset
        let digits = scanner.raw(try scanner.number())
        let isWhole =
            digits.allSatisfy { $0 >= UInt8(ascii: "0") || $0 == UInt8(ascii: "-") }
            && !digits.contains { $0 | 0x20 == UInt8(ascii: "e") }
        if isWhole, digits.count <= 15 { return digits.elementsEqual("-0".utf8) ? .double : .small }
        let end = scanner.offset
        defer { scanner.offset = end }
        scanner.offset = start
        if isWhole { return try scanner.integer() == nil ? .endless : .wide }
        return (try? scanner.double()) == nil ? .endless : .double
    }
}

extension LightRAGFields.Member {
    func field(of rows: Int) -> Field {
        Field(name: name.description, type: type, isNullable: count < rows || kinds.contains(.null))
    }

    private var type: FieldType {
        let values = kinds.subtracting(.null)
        if values.isEmpty { return .json }
        if values == .bool { return .bool }
        if values == .text { return .text(maxLength: nil) }
        if values.isSubset(of: [.small, .wide]) { return .int64 }
        if values.isSubset(of: [.small, .double]) { return .double }
        return .json
    }

    /// Whether all that was seen can be read as such a field.
    func fits(_ field: Field, of rows: Int) -> Bool {
        guard field.isNullable || (count == rows && !kinds.contains(.null)) else { return false }
        let values = kinds.subtracting(.null)
        return switch field.type {
        case .bool: values.isSubset(of: .bool)
        case .int8, .int16, .int32, .int64: values.isSubset(of: [.small, .wide])
        case .float, .double: values.isSubset(of: [.small, .wide, .double])
        case .text, .timestamp: values.isSubset(of: .text)
        case .array: values.isSubset(of: .list)
        case .json: true
        }
    }
}
