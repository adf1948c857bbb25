import JSON
import Model
import Wire

/// Sparse vectors as Milvus packs them: an index and a weight, four bytes each, one pair after the other.
struct MilvusSparse {
    private(set) var indices = Ragged<UInt32>()
    private(set) var weights: [Float] = []

    mutating func take(_ packed: ArraySlice<UInt8>) throws(StoreError) {
        guard packed.count.isMultiple(of: 8) else {
            throw StoreError(.malformed, "Milvus sends a sparse vector that is cut")
        }
        packed.withUnsafeBytes { buffer in
            let starts = stride(from: 0, to: buffer.count, by: 8)
            indices.append(
                starts.map { UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: $0, as: UInt32.self)) })
            weights += starts.map {
                Float(
                    bitPattern: UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: $0 + 4, as: UInt32.self)))
            }
        }
    }

    static func packed(_ indices: ArraySlice<UInt32>, _ weights: ArraySlice<Float>) -> [UInt8] {
        var packed: [UInt8] = []
        packed.reserveCapacity(indices.count * 8)
        for (index, weight) in zip(indices, weights) {
            packed.append(littleEndian: index)
            packed.append(littleEndian: weight.bitPattern)
        }
        return packed
    }
}

/// One value of an array field: a list of its own on the wire, JSON in a batch.
enum MilvusArray {
    static func json(_ row: ArraySlice<UInt8>, _ element: MilvusType) throws -> [UInt8] {
        var (integers, floats, doubles): ([Int64], [UInt8], [Double]) = ([], [], [])
        var texts: [ArraySlice<UInt8>] = []
        try ProtoReader.forEach(row) { list in
            try list.forEach { value in
                guard value.number == 1 else { return }
                switch list.number {
                case 1, 2, 3: try value.append(to: &integers)
                case 4: try value.appendFloats(to: &floats)
                case 5: try value.append(to: &doubles)
                default: texts.append(try value.bytes())
                }
            }
        }
        var writer = JSONWriter()
        switch element {
        case .bool: writer.list(integers) { $0.bool($1 != 0) }
        case .float: writer.list(numbers(floats)) { $0.float($1) }
        case .double: writer.list(doubles) { $0.double($1) }
        case .varChar, .text: writer.list(texts) { $0.string($1) }
        default: writer.list(integers) { $0.integer($1) }
        }
        return writer.bytes
    }

    private static func numbers(_ bytes: [UInt8]) -> [Float] {
        bytes.withUnsafeBytes { buffer in
            stride(from: 0, to: buffer.count, by: 4).map {
                Float(bitPattern: UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
            }
        }
    }

    /// A row's message; throws for JSON that is no list of such elements.
    static func write(
        _ json: ArraySlice<UInt8>, _ element: MilvusType, to writer: inout ProtoWriter
    ) throws(JSONError) {
        var values = Values()
        try Array(json).withScanner { scanner throws(JSONError) in
            try scanner.array { scanner throws(JSONError) in try values.take(&scanner, element) }
        }
        writer.message(element.listNumber) { list in
            switch element {
            case .bool, .int8, .int16, .int32, .int64: list.integers(1, values.integers)
            case .float, .double: list.bytes(1, values.packed)
            default: for text in values.texts { list.bytes(1, text) }
            }
        }
    }

    private struct Values {
        var integers: [Int64] = []
        var packed: [UInt8] = []
        var texts: [[UInt8]] = []

        mutating func take(_ scanner: inout JSONScanner, _ element: MilvusType) throws(JSONError) {
            switch element {
            case .bool: integers.append(try scanner.bool() ? 1 : 0)
            case .float: packed.append(littleEndian: try scanner.float().bitPattern)
            case .double: packed.append(littleEndian: try scanner.double().bitPattern)
            case .int8, .int16, .int32, .int64:
                let start = scanner.offset
                guard let value = try scanner.integer() else { throw JSONError("a whole number is wanted", at: start) }
                integers.append(value)
            default: texts.append(try scanner.string())
            }
        }
    }
}

extension MilvusType {
    /// Which of the lists in a message of scalars holds such values.
    var listNumber: Int {
        switch self {
        case .bool: 1
        case .int8, .int16, .int32: 2
        case .int64: 3
        case .float: 4
        case .double: 5
        case .array: 8
        case .json: 9
        case .timestamp: 11
        case .geometry: 12
        default: 6
        }
    }
}
