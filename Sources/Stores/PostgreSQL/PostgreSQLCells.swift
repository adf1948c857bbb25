import JSON
import Model

/// The values of one column on their way out: each with its length before it.
struct PostgreSQLCells {
    private enum Source {
        case keys
        case column(Column)
    }

    private let source: Source
    private let wire: PostgreSQLWire
    private let name: String
    private let isNullable: Bool
    private let vector: VectorField?

    /// One for each column of a COPY, in its order.
    static func all(of batch: Batch, _ table: PostgreSQLTable) -> [PostgreSQLCells] {
        let keys = PostgreSQLCells(.keys, table.writtenKey)
        let fields = zip(table.fields, batch.fields).filter { !$0.0.isGenerated }
            .map { PostgreSQLCells(.column($0.1), $0.0) }
        let payload = table.payload.map { PostgreSQLCells(.column(batch.rest ?? .absent(batch.count)), $0) }
        let vectors = zip(table.vectors.indices, batch.vectors).filter { !table.vectors[$0.0].isGenerated }
            .map { PostgreSQLCells(.column($0.1), table.vectors[$0.0], table.collection.vectors[$0.0]) }
        return [keys] + fields + [payload].compactMap(\.self) + vectors
    }

    private init(_ source: Source, _ column: PostgreSQLColumn, _ vector: VectorField? = nil) {
        self.source = source
        wire = column.isCast ? .text : column.wire
        name = column.note.name ?? column.name
        isNullable = column.isNullable
        self.vector = vector
    }

    func append(_ row: Int, to bytes: inout PostgreSQLBytes, _ batch: Batch) throws(StoreError) {
        let why: String?
        switch source {
        case .keys: why = append(batch.keys[row], to: &bytes)
        case .column(let column): why = append(column, row, to: &bytes)
        }
        if let why { throw batch.refusal(row, "its \(vector == nil ? "field" : "vector") \"\(name)\" \(why)") }
    }

    // MARK: Keys

    private func append(_ key: Key, to bytes: inout PostgreSQLBytes) -> String? {
        switch (wire, key) {
        case (.uuid, .uuid(let id)):
            bytes.append(Int32(16))
            bytes.append(id.high)
            bytes.append(id.low)
        case (.natural, .integer(let value)): bytes.append(natural: UInt64(value))
        case (.natural, .natural(let value)): bytes.append(natural: value)
        case (_, .integer(let value)) where wire != .text: return append(value, to: &bytes)
        case (_, .text(let text)): bytes.append(sized: text.utf8[...])
        default: bytes.append(sized: Array(key.description.utf8)[...])
        }
        return nil
    }

    // MARK: Columns

    /// Answers what is wrong with a value, nil if nothing is.
    private func append(_ column: Column, _ row: Int, to bytes: inout PostgreSQLBytes) -> String? {
        guard column.mark(row) == .value else {
            // A payload that must be there may hold nothing.
            if !isNullable, wire == .jsonb, vector == nil {
                bytes.append(jsonb: Array("{}".utf8)[...])
            } else {
                bytes.append(Int32(-1))
            }
            return nil
        }
        switch column.values {
        case .bools(let values):
            bytes.append(Int32(1))
            bytes.append(UInt8(values[row] ? 1 : 0))
        case .integers(let values): return append(values[row], to: &bytes)
        case .floats(let values): append(values[row], to: &bytes)
        case .bytes(let rows): return append(text: rows[row], to: &bytes)
        case .dense(let vectors):
            let stride = vector?.stride ?? 0
            vectors.withUnsafeBytes { append(dense: $0.part(row * stride, stride), to: &bytes) }
        case .multi(let rows): append(several: rows[row], to: &bytes)
        case .sparse(let indices, let weights):
            return append(indices[row], weights[indices.range(of: row)], to: &bytes)
        }
        return nil
    }

    private func append(_ value: Int64, to bytes: inout PostgreSQLBytes) -> String? {
        switch wire {
        case .int2:
            guard let value = Int16(exactly: value) else { return "is no smallint: \(value)" }
            bytes.append(Int32(2))
            bytes.append(value)
        case .int4:
            guard let value = Int32(exactly: value) else { return "is no integer: \(value)" }
            bytes.append(Int32(4))
            bytes.append(value)
        case .timestamp:
            guard let moment = PostgreSQLMoment.kept(value) else { return "is a time that PostgreSQL does not have" }
            bytes.append(Int32(8))
            bytes.append(moment)
        default:
            bytes.append(Int32(8))
            bytes.append(value)
        }
        return nil
    }

    private func append(_ value: Double, to bytes: inout PostgreSQLBytes) {
        if wire == .float4 {
            bytes.append(Int32(4))
            bytes.append(Float(value).bitPattern)
        } else {
            bytes.append(Int32(8))
            bytes.append(value.bitPattern)
        }
    }

    private func append(text: ArraySlice<UInt8>, to bytes: inout PostgreSQLBytes) -> String? {
        switch wire {
        case .jsonb: bytes.append(jsonb: text)
        case .uuid:
            guard let id = UUID(text) else { return "is no UUID" }
            bytes.append(Int32(16))
            bytes.append(id.high)
            bytes.append(id.low)
        case .natural:
            guard let value = UInt64(String(decoding: text, as: UTF8.self)) else { return "is no whole number" }
            bytes.append(natural: value)
        case .array(let element): return PostgreSQLArray.append(text, of: element, to: &bytes)
        default: bytes.append(sized: text)
        }
        return nil
    }

    // MARK: Vectors

    private func append(dense vector: UnsafeRawBufferPointer, to bytes: inout PostgreSQLBytes) {
        guard case .vector(let kept, _) = wire, let field = self.vector else { return }
        append(vector, field, kept, to: &bytes)
    }

    private func append(several vectors: ArraySlice<UInt8>, to bytes: inout PostgreSQLBytes) {
        guard case .vectors(let kept, _) = wire, let field = vector else { return }
        let stride = max(1, field.stride)
        let count = vectors.count / stride
        PostgreSQLArray.append(count, of: kept == .bit ? PostgreSQLArray.bit : 0, to: &bytes) { bytes in
            vectors.withUnsafeBytes { buffer in
                for place in 0..<count { append(buffer.part(place * stride, stride), field, kept, to: &bytes) }
            }
        }
    }

    private func append(
        _ vector: UnsafeRawBufferPointer, _ field: VectorField, _ kept: PostgreSQLElement,
        to bytes: inout PostgreSQLBytes
    ) {
        let dimension = field.dimension ?? 0
        if kept == .bit {
            bytes.append(Int32(4 + vector.count))
            bytes.append(Int32(dimension))
            return bytes.append(vector)
        }
        let width = kept == .vector ? 4 : 2
        bytes.append(Int32(4 + width * dimension))
        bytes.append(Int16(dimension))
        bytes.append(Int16(0))
        if kept.natural == field.element { return bytes.append(elements: vector, width) }
        var converted: [UInt8] = []
        _ = kept.natural.append(field.element.floats(vector, dimension: dimension), to: &converted)
        converted.withUnsafeBytes { bytes.append(elements: $0, width) }
    }

    private func append(
        _ indices: ArraySlice<UInt32>, _ weights: ArraySlice<Float>, to bytes: inout PostgreSQLBytes
    ) -> String? {
        guard case .sparse(let dimension) = wire else { return nil }
        if let last = indices.last, last >= dimension { return "has an index beyond \(dimension - 1): \(last)" }
        if indices.count > PostgreSQLExtension.mostNonZeros { return "has more than 16,000 values" }
        if weights.contains(0) { return "has a value of zero, which sparsevec leaves out" }
        bytes.append(Int32(12 + 8 * indices.count))
        bytes.append(Int32(dimension))
        bytes.append(Int32(indices.count))
        bytes.append(Int32(0))
        for index in indices { bytes.append(index) }
        for weight in weights { bytes.append(weight.bitPattern) }
        return nil
    }
}

extension PostgreSQLBytes {
    mutating func append(sized value: ArraySlice<UInt8>) {
        append(Int32(value.count))
        append(value)
    }

    fileprivate mutating func append(jsonb text: ArraySlice<UInt8>) {
        append(Int32(text.count + 1))
        append(UInt8(1))
        append(text)
    }

    fileprivate mutating func append(elements vector: UnsafeRawBufferPointer, _ width: Int) {
        if width == 4 { append(words: vector, as: UInt32.self) } else { append(words: vector, as: UInt16.self) }
    }

    /// A numeric: its digits to the base of 10,000, the highest first.
    fileprivate mutating func append(natural value: UInt64) {
        var digits: [Int16] = []
        var rest = value
        while rest > 0 {
            digits.insert(Int16(rest % 10_000), at: 0)
            rest /= 10_000
        }
        let weight = max(0, digits.count - 1)
        while digits.last == 0 { digits.removeLast() }
        append(Int32(8 + 2 * digits.count))
        append(Int16(digits.count))
        append(Int16(weight))
        append(Int16(0))
        append(Int16(0))
        for digit in digits { append(digit) }
    }
}

extension Column {
    fileprivate static func absent(_ count: Int) -> Column {
        var builder = ColumnBuilder(.bytes)
        for _ in 0..<count { builder.append(missing: .absent) }
        return builder.column()
    }
}

/// PostgreSQL counts from the year 2000, and has days from 4714 BC to 294276 AD.
enum PostgreSQLMoment {
    private static let offset: Int64 = 946_684_800_000_000
    private static let range: Range<Int64> = -211_813_488_000_000_000..<9_223_371_331_200_000_000

    static func kept(_ unix: Int64) -> Int64? {
        let (value, overflows) = unix.subtractingReportingOverflow(offset)
        return overflows || !range.contains(value) ? nil : value
    }

    /// Nil for infinity, and for what is too far to count from 1970.
    static func unix(_ kept: Int64) -> Int64? {
        let (value, overflows) = kept.addingReportingOverflow(offset)
        return overflows || !range.contains(kept) ? nil : value
    }
}
