import JSON
import Model
import Wire

/// Records as Milvus takes them: a message with a list of values for each field.
struct MilvusRecords {
    private let table: MilvusTable
    private let shape: Collection
    private let batch: Batch

    /// The batch has the columns of the collection as it is described.
    init(_ batch: Batch, _ table: MilvusTable, _ shape: Collection) {
        (self.batch, self.table, self.shape) = (batch, table, shape)
    }

    /// Adds the fields, and how many rows they have, to a request.
    func write(to writer: inout ProtoWriter, withKeys: Bool) throws(StoreError) {
        for field in table.schema.given where !field.isKey || withKeys {
            var failure: StoreError?
            writer.message(5) { writer in
                do throws(StoreError) { try write(field, to: &writer) } catch { failure = error }
            }
            if let failure { throw failure }
        }
        if table.schema.isOpen { writeRest(to: &writer) }
        writer.integer(7, batch.count)
    }

    private func write(_ field: MilvusField, to writer: inout ProtoWriter) throws(StoreError) {
        writer.integer(1, field.type.rawValue)
        writer.text(2, field.name)
        if field.isKey { return writeKeys(field, to: &writer) }
        if let place = shape.vectors.firstIndex(where: { $0.name == field.name }) {
            try write(batch.vectors[place], field, to: &writer)
        } else if let place = shape.fields.firstIndex(where: { $0.name == field.name }) {
            try write(batch.fields[place], field, to: &writer)
        }
    }

    private func writeKeys(_ field: MilvusField, to writer: inout ProtoWriter) {
        writer.message(3) { scalars in
            scalars.message(field.type.listNumber) { list in
                if field.type == .int64 {
                    list.integers(1, batch.keys.map(\.number))
                } else {
                    for key in batch.keys { list.bytes(1, key.milvusText) }
                }
            }
        }
    }

    // MARK: Columns

    private func write(_ column: Column, _ field: MilvusField, to writer: inout ProtoWriter) throws(StoreError) {
        // Of values that may be missing only those that are there are sent.
        let rows = (0..<batch.count).filter { column.mark($0) == .value }
        let column = rows.count == batch.count ? column : column.rows(rows, of: batch.count)
        var failure: StoreError?
        writer.message(field.type.vector == nil ? 3 : 4) { writer in
            do throws(StoreError) {
                if field.type.vector == nil {
                    try writeScalars(column, field, rows, to: &writer)
                } else {
                    try writeVectors(column, field, rows, to: &writer)
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
        if field.isNullable { writeValid(rows, to: &writer) }
    }

    private func writeValid(_ rows: [Int], to writer: inout ProtoWriter) {
        var valid = [Int](repeating: 0, count: batch.count)
        for row in rows { valid[row] = 1 }
        writer.integers(7, valid)
    }

    private func writeScalars(
        _ column: Column, _ field: MilvusField, _ rows: [Int], to writer: inout ProtoWriter
    ) throws(StoreError) {
        var failure: StoreError?
        writer.message(field.type.listNumber) { list in
            switch column.values {
            case .bools(let values): list.integers(1, values.map { $0 ? 1 : 0 })
            case .integers(let values): list.integers(1, values)
            case .floats(let values): list.bytes(1, MilvusRecords.packed(values, asFloats: field.type == .float))
            case .bytes(let values) where field.type == .array:
                do throws(StoreError) { try writeArrays(values, field, rows, to: &list) } catch { failure = error }
            case .bytes(let values): for row in 0..<values.count { list.bytes(1, values[row]) }
            case .dense, .multi, .sparse: break
            }
        }
        if let failure { throw failure }
    }

    private static func packed(_ values: [Double], asFloats: Bool) -> [UInt8] {
        var packed: [UInt8] = []
        packed.reserveCapacity(values.count * (asFloats ? 4 : 8))
        for value in values {
            if asFloats {
                packed.append(littleEndian: Float(value).bitPattern)
            } else {
                packed.append(littleEndian: value.bitPattern)
            }
        }
        return packed
    }

    private func writeArrays(
        _ values: Ragged<UInt8>, _ field: MilvusField, _ rows: [Int], to list: inout ProtoWriter
    ) throws(StoreError) {
        let element = field.element ?? .varChar
        var failure: (Int, JSONError)?
        for row in 0..<values.count where failure == nil {
            list.message(1) { scalars in
                do throws(JSONError) { try MilvusArray.write(values[row], element, to: &scalars) } catch {
                    failure = (row, error)
                }
            }
        }
        list.integer(2, element.rawValue)
        if let (row, error) = failure {
            throw batch.refusal(rows[row], "its field \"\(field.name)\" is no list of such values: \(error)")
        }
    }

    private func writeVectors(
        _ column: Column, _ field: MilvusField, _ rows: [Int], to writer: inout ProtoWriter
    ) throws(StoreError) {
        switch column.values {
        case .dense(let bytes):
            writer.integer(1, field.number("dim") ?? 0)
            if field.type == .floatVector {
                writer.message(2) { floats in bytes.withUnsafeBytes { floats.bytes(1, raw: $0) } }
            } else {
                bytes.withUnsafeBytes { writer.bytes(field.type.vectorNumber, raw: $0) }
            }
        case .sparse(let indices, let weights): try write(indices, weights, field, rows, to: &writer)
        case .bools, .integers, .floats, .bytes, .multi: break
        }
    }

    private func write(
        _ indices: Ragged<UInt32>, _ weights: [Float], _ field: MilvusField, _ rows: [Int],
        to writer: inout ProtoWriter
    ) throws(StoreError) {
        if let bad = (0..<indices.count).first(where: { indices[$0].last == .max }) {
            throw batch.refusal(rows[bad], "the index 4294967295 in \"\(field.name)\" is one more than Milvus has")
        }
        let dimension = (0..<indices.count).compactMap { indices[$0].last }.max().map { Int($0) + 1 } ?? 0
        writer.integer(1, dimension)
        writer.message(6) { list in
            for row in 0..<indices.count {
                list.bytes(1, MilvusSparse.packed(indices[row], weights[indices.range(of: row)]))
            }
            list.integer(2, dimension)
        }
    }

    // MARK: What no field is declared for

    private func writeRest(to writer: inout ProtoWriter) {
        writer.message(5) { writer in
            writer.integer(1, MilvusType.json.rawValue)
            writer.text(2, MilvusSchema.hidden)
            writer.message(3) { scalars in
                scalars.message(MilvusType.json.listNumber) { list in
                    for row in 0..<batch.count { list.bytes(1, rest(row)) }
                }
            }
            writer.bool(6, true)
        }
    }

    private func rest(_ row: Int) -> ArraySlice<UInt8> {
        guard let rest = batch.rest, rest.mark(row) == .value, case .bytes(let rows) = rest.values else {
            return [UInt8(ascii: "{"), UInt8(ascii: "}")]
        }
        return rows[row]
    }
}

extension MilvusType {
    /// Which member of a message of vectors holds such vectors.
    fileprivate var vectorNumber: Int {
        switch self {
        case .binaryVector: 3
        case .float16Vector: 4
        case .bfloat16Vector: 5
        case .int8Vector: 7
        default: 2
        }
    }
}

extension Key {
    /// For keys that are integers.
    var number: Int64 { if case .integer(let value) = self { value } else { 0 } }

    /// For keys that are kept as text.
    var milvusText: [UInt8] { if case .text(let text) = self { text.utf8 } else { Array(description.utf8) } }
}
