import JSON
import Model
import Wire

/// The values of one field for every row, as they come over the wire; what they are is read when it is known.
struct MilvusFieldData {
    private(set) var name = ""
    private var number = 0
    private var scalars: ArraySlice<UInt8>?
    private var vectors: ArraySlice<UInt8>?
    private var valid: [Bool] = []
    private var isHidden = false

    init(_ message: ArraySlice<UInt8>) throws {
        try ProtoReader.forEach(message) { field in
            switch field.number {
            case 1: number = Int(try field.integer())
            case 2: name = try field.text()
            case 3: scalars = try field.bytes()
            case 4: vectors = try field.bytes()
            case 6: isHidden = try field.bool()
            case 7: try field.append(to: &valid)
            default: break
            }
        }
        if isHidden { name = MilvusSchema.hidden }
    }

    /// The marks of so many rows: empty if all have a value.
    private func marks(_ count: Int) throws(StoreError) -> [Column.Mark] {
        guard valid.contains(false) else { return [] }
        guard valid.count == count else { throw wrong }
        return valid.map { $0 ? .value : .null }
    }

    private var wrong: StoreError {
        StoreError(.malformed, "Milvus sends another number of values of \"\(name)\" than of keys")
    }

    /// Servers leave the place of a missing value empty, or leave it out.
    private func spread<Value>(
        _ values: [Value], _ count: Int, missing: Value
    ) throws(StoreError) -> [Value] {
        if values.count == count { return values }
        guard valid.count == count, values.count == valid.count(where: { $0 }) else { throw wrong }
        var rest = values[...]
        return valid.map { $0 ? rest.removeFirst() : missing }
    }

    // MARK: Keys

    func integers() throws -> [Int64] { try numbers(in: scalars) }

    func texts() throws -> Ragged<UInt8> {
        var texts = Ragged<UInt8>()
        try forEachArray { _, array in
            try array.forEach { if $0.number == 1 { texts.append(try $0.bytes()) } }
        }
        return texts
    }

    // MARK: Columns

    func column(_ field: MilvusField, count: Int) throws -> Column {
        let marks = try marks(count)
        switch field.type {
        case .bool: return Column(.bools(try spread(bools(), count, missing: false)), marks: marks)
        case .int8, .int16, .int32, .int64:
            return Column(.integers(try spread(integers(), count, missing: 0)), marks: marks)
        case .float: return Column(.floats(try spread(floats(), count, missing: 0)), marks: marks)
        case .double: return Column(.floats(try spread(doubles(), count, missing: 0)), marks: marks)
        case .timestamp: return Column(.integers(try spread(timestamps(), count, missing: 0)), marks: marks)
        case .array: return Column(.bytes(try spread(arrays(field), count)), marks: marks)
        case .json, .varChar, .text, .geometry: return Column(.bytes(try spread(texts(), count)), marks: marks)
        case .floatVector, .float16Vector, .bfloat16Vector, .int8Vector, .binaryVector, .sparseVector:
            return try vectors(field, count, marks)
        }
    }

    private func spread(_ rows: Ragged<UInt8>, _ count: Int) throws(StoreError) -> Ragged<UInt8> {
        if rows.count == count, valid.allSatisfy({ $0 }) { return rows }
        guard valid.count == count else { throw wrong }
        let isFull = rows.count == count
        var (result, place) = (Ragged<UInt8>(), 0)
        for (row, isThere) in valid.enumerated() {
            if isThere {
                guard isFull || place < rows.count else { throw wrong }
                result.append(rows[isFull ? row : place])
                place += 1
            } else {
                result.append(EmptyCollection())
            }
        }
        return result
    }

    // MARK: Scalars

    /// The array of values, whatever its kind, with the number of the kind.
    private func forEachArray(_ use: (Int, ProtoField) throws -> Void) throws {
        guard let scalars else { return }
        try ProtoReader.forEach(scalars) { try use($0.number, $0) }
    }

    private func numbers(in scalars: ArraySlice<UInt8>?) throws -> [Int64] {
        var numbers: [Int64] = []
        guard let scalars else { return [] }
        try ProtoReader.forEach(scalars) { array in
            try array.forEach { if $0.number == 1 { try $0.append(to: &numbers) } }
        }
        return numbers
    }

    private func bools() throws -> [Bool] { try integers().map { $0 != 0 } }

    private func floats() throws -> [Double] {
        var bytes: [UInt8] = []
        try forEachArray { _, array in
            try array.forEach { if $0.number == 1 { try $0.appendFloats(to: &bytes) } }
        }
        return MilvusFieldData.doubles(ofFloats: bytes)
    }

    private static func doubles(ofFloats bytes: [UInt8]) -> [Double] {
        bytes.withUnsafeBytes { buffer in
            stride(from: 0, to: buffer.count, by: 4).map {
                Double(
                    Float(bitPattern: UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: $0, as: UInt32.self))))
            }
        }
    }

    private func doubles() throws -> [Double] {
        var doubles: [Double] = []
        try forEachArray { _, array in
            try array.forEach { if $0.number == 1 { try $0.append(to: &doubles) } }
        }
        return doubles
    }

    /// Microseconds, or text where the server has made them into that.
    private func timestamps() throws -> [Int64] {
        var values: [Int64] = []
        try forEachArray { kind, array in
            try array.forEach { value in
                guard value.number == 1 else { return }
                guard kind == 6 else { return try value.append(to: &values) }
                let text = try value.text()
                guard let moment = text.isEmpty ? 0 : Timestamp.microseconds(text) else {
                    throw StoreError(.malformed, "Milvus sends \"\(text)\" as a time in \"\(name)\"")
                }
                values.append(moment)
            }
        }
        return values
    }

    /// Each row's elements as JSON.
    private func arrays(_ field: MilvusField) throws -> Ragged<UInt8> {
        var rows = Ragged<UInt8>()
        try forEachArray { _, array in
            try array.forEach { row in
                guard row.number == 1 else { return }
                rows.append(try MilvusArray.json(row.bytes(), field.element ?? .varChar))
            }
        }
        return rows
    }

    // MARK: Vectors

    private func vectors(_ field: MilvusField, _ count: Int, _ marks: [Column.Mark]) throws -> Column {
        var (bytes, sparse) = ([UInt8](), MilvusSparse())
        try vectors.map { message in
            try ProtoReader.forEach(message) { part in
                switch part.number {
                case 2: try part.forEach { if $0.number == 1 { try $0.appendFloats(to: &bytes) } }
                case 3, 4, 5, 7: bytes += try part.bytes()
                case 6: try part.forEach { if $0.number == 1 { try sparse.take($0.bytes()) } }
                default: break
                }
            }
        }
        guard field.type != .sparseVector else {
            guard sparse.indices.count == count else { throw wrong }
            return Column(.sparse(sparse.indices, sparse.weights), marks: marks)
        }
        return Column(.dense(try spread(dense: bytes, field, count)), marks: marks)
    }

    private func spread(dense bytes: [UInt8], _ field: MilvusField, _ count: Int) throws(StoreError) -> [UInt8] {
        let size = field.type.vector?.1.stride(field.number("dim") ?? 0) ?? 0
        if bytes.count == size * count { return bytes }
        guard valid.count == count, bytes.count == size * valid.count(where: { $0 }) else { throw wrong }
        var (result, place) = ([UInt8](), 0)
        for isThere in valid {
            result += isThere ? bytes[place..<place + size] : [UInt8](repeating: 0, count: size)[...]
            if isThere { place += size }
        }
        return result
    }
}
