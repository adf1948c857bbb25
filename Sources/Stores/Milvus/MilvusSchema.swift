import JSON
import Model
import Wire

/// A collection in Milvus' own words: what `DescribeCollection` answers, and `CreateCollection` takes.
struct MilvusSchema: Hashable, Sendable {
    var name: String
    var note = ""
    var fields: [MilvusField] = []
    var isOpen = false
    var functions: [MilvusFunction] = []

    var key: MilvusField? { fields.first { $0.isKey } }
    /// What records have, and who writes them gives.
    var given: [MilvusField] { fields.filter { !$0.isOutput } }
    var hasPartitionKey: Bool { fields.contains { $0.isPartitionKey } }
}

/// The types that fields have, by their numbers on the wire.
enum MilvusType: Int, Sendable, CaseIterable {
    case bool = 1
    case int8, int16, int32, int64
    case float = 10
    case double
    case varChar = 21
    case array, json, geometry, text, timestamp
    case binaryVector = 100
    case floatVector, float16Vector, bfloat16Vector, sparseVector, int8Vector
}

typealias MilvusPair = (name: String, value: String)

struct MilvusField: Hashable, Sendable {
    var name: String
    var type: MilvusType
    var note = ""
    var isKey = false
    var isAutomatic = false
    /// For arrays.
    var element: MilvusType?
    /// `dim`, `max_length`, `max_capacity` and others.
    var params: [String: String] = [:]
    var fallback: JSONValue?
    var isPartitionKey = false
    var isClusteringKey = false
    var isNullable = false
    /// Whether the server makes its values, by a function.
    var isOutput = false

    func number(_ param: String) -> Int? { params[param].flatMap { Int($0) } }
}

struct MilvusFunction: Hashable, Sendable {
    var name = ""
    var note = ""
    var type = 0
    var inputs: [String] = []
    var outputs: [String] = []
    var params: [String: String] = [:]
}

// MARK: Reading

extension MilvusSchema {
    init(_ message: ArraySlice<UInt8>) throws {
        self.init(name: "")
        var keysAreAutomatic = false
        try ProtoReader.forEach(message) { field in
            switch field.number {
            case 1: name = try field.text()
            case 2: note = try field.text()
            case 3: keysAreAutomatic = try field.bool()
            case 4: fields.append(try MilvusField(field.bytes()))
            case 5: isOpen = try field.bool()
            case 7: functions.append(try MilvusFunction(field.bytes()))
            case 9:
                throw StoreError(
                    .unsupported, "a field of \"\(name)\" holds records of its own, which nothing here does")
            default: break
            }
        }
        // Servers say it of the field, of the collection, or of both; the hidden field is not always left out.
        fields.removeAll { $0.name == MilvusSchema.hidden }
        for place in fields.indices where fields[place].isKey && keysAreAutomatic { fields[place].isAutomatic = true }
    }

    /// What holds the payload that no field is declared for.
    static let hidden = "$meta"
}

extension MilvusField {
    init(_ message: ArraySlice<UInt8>) throws {
        self.init(name: "", type: .bool)
        var number = 0
        try ProtoReader.forEach(message) { field in
            switch field.number {
            case 2: name = try field.text()
            case 3: isKey = try field.bool()
            case 4: note = try field.text()
            case 5: number = Int(try field.integer())
            case 6: try field.forEachPair { params[$0] = $1 }
            case 8: isAutomatic = try field.bool()
            case 10: element = MilvusType(rawValue: Int(try field.integer()))
            case 11: fallback = try MilvusField.value(field)
            case 13: isPartitionKey = try field.bool()
            case 14: isClusteringKey = try field.bool()
            case 15: isNullable = try field.bool()
            case 16: isOutput = try field.bool()
            default: break
            }
        }
        guard let type = MilvusType(rawValue: number) else {
            throw StoreError(
                .unsupported, "the field \"\(name)\" is of Milvus' type \(number), which this program does not know",
                help: "a newer vecsh may")
        }
        self.type = type
    }

    private static func value(_ holder: ProtoField) throws -> JSONValue? {
        var value: JSONValue?
        try holder.forEach { field in
            switch field.number {
            case 1: value = .bool(try field.bool())
            case 2, 3, 8: value = .integer(try field.integer())
            case 4: value = .double(Double(try field.float()))
            case 5: value = .double(try field.double())
            case 6: value = .string(try field.text())
            default: break
            }
        }
        return value
    }
}

extension MilvusFunction {
    fileprivate init(_ message: ArraySlice<UInt8>) throws {
        try ProtoReader.forEach(message) { field in
            switch field.number {
            case 1: name = try field.text()
            case 3: note = try field.text()
            case 4: type = Int(try field.integer())
            case 5: inputs.append(try field.text())
            case 7: outputs.append(try field.text())
            case 9: try field.forEachPair { params[$0] = $1 }
            default: break
            }
        }
    }
}

extension ProtoField {
    /// One pair of a repeated field of pairs.
    func forEachPair(_ use: (String, String) throws -> Void) throws {
        var (name, value) = ("", "")
        try forEach { field in
            switch field.number {
            case 1: name = try field.text()
            case 2: value = try field.text()
            default: break
            }
        }
        try use(name, value)
    }
}

// MARK: Writing

extension ProtoWriter {
    mutating func pairs(_ field: Int, _ pairs: [String: String]) {
        for (name, value) in pairs.sorted(by: { $0.key < $1.key }) { pair(field, name, value) }
    }

    mutating func pair(_ field: Int, _ name: String, _ value: String) {
        message(field) { writer in
            writer.text(1, name)
            writer.text(2, value)
        }
    }
}

extension MilvusSchema {
    var message: ArraySlice<UInt8> {
        ProtoWriter { writer in
            writer.text(1, name)
            writer.text(2, note)
            for field in fields { writer.message(4) { field.write(to: &$0) } }
            writer.bool(5, isOpen)
            for function in functions { writer.message(7) { function.write(to: &$0) } }
        }.message
    }
}

extension MilvusField {
    fileprivate func write(to writer: inout ProtoWriter) {
        writer.text(2, name)
        writer.bool(3, isKey)
        writer.text(4, note)
        writer.integer(5, type.rawValue)
        writer.pairs(6, params)
        writer.bool(8, isAutomatic)
        writer.integer(10, element?.rawValue ?? 0)
        if let fallback { writer.message(11) { write(fallback, to: &$0) } }
        writer.bool(13, isPartitionKey)
        writer.bool(14, isClusteringKey)
        writer.bool(15, isNullable)
        writer.bool(16, isOutput)
    }

    private func write(_ value: JSONValue, to writer: inout ProtoWriter) {
        switch type {
        case .bool: writer.always(1, integer: value.bool == true ? 1 : 0)
        case .int8, .int16, .int32: writer.always(2, integer: value.integer ?? 0)
        case .int64: writer.always(3, integer: value.integer ?? 0)
        case .float: writer.float(4, Float(value.double ?? 0))
        case .double: writer.double(5, value.double ?? 0)
        case .timestamp: writer.always(8, integer: value.integer ?? 0)
        default: writer.bytes(6, (value.string ?? "").utf8)
        }
    }
}

extension MilvusFunction {
    fileprivate func write(to writer: inout ProtoWriter) {
        writer.text(1, name)
        writer.text(3, note)
        writer.integer(4, type)
        for input in inputs { writer.text(5, input) }
        for output in outputs { writer.text(7, output) }
        writer.pairs(9, params)
    }
}
