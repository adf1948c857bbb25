import JSON
import Model

/// Records on their way out of a table, as a COPY hands out its rows.
struct PostgreSQLRows {
    /// What the query must select, in this order.
    let selection: String

    private let table: PostgreSQLTable
    private let parts: [PostgreSQLPart]
    private let shape: Collection
    private var builder: BatchBuilder
    private(set) var bytes = 0

    init(_ table: PostgreSQLTable, _ wanted: Projection) {
        self.table = table
        shape = wanted.shape(of: table.collection)
        builder = BatchBuilder(shape)
        var selected = ["ctid", table.key.selection]
        var parts: [PostgreSQLPart] = []
        for (field, column) in zip(table.collection.fields, table.fields)
        where wanted.fields?.contains(field.name) ?? true {
            parts.append(PostgreSQLPart(.field(parts.count), column, nil))
            selected.append(column.selection)
        }
        if let payload = table.payload, wanted.rest {
            parts.append(PostgreSQLPart(.rest, payload, nil))
            selected.append(payload.selection)
        }
        var place = 0
        for (vector, column) in zip(table.collection.vectors, table.vectors)
        where wanted.vectors?.contains(vector.name) ?? true {
            parts.append(PostgreSQLPart(.vector(place), column, vector))
            selected.append(column.selection)
            place += 1
        }
        self.parts = parts
        selection = selected.joined(separator: ", ")
    }

    var count: Int { builder.keys.count }

    mutating func take() -> Batch {
        let batch = builder.batch()
        builder = BatchBuilder(shape, like: batch)
        bytes = 0
        return batch
    }

    /// Takes a row: the number of its columns, and for each its length and its bytes. Answers where it lies.
    mutating func append(_ row: UnsafeRawBufferPointer) throws(StoreError) -> PostgreSQLPlace {
        var place = 2
        let position = try next(row, &place)
        guard let position, position.count == 6, let key = try next(row, &place) else { throw broken }
        builder.keys.append(try self.key(key))
        for part in parts {
            let value = try next(row, &place)
            guard part.append(value, to: &builder) else { throw malformed(part) }
        }
        bytes += row.count
        return PostgreSQLPlace(block: position.number(0), item: position.number(4))
    }

    private func next(
        _ row: UnsafeRawBufferPointer, _ place: inout Int
    ) throws(StoreError) -> UnsafeRawBufferPointer? {
        guard place + 4 <= row.count else { throw broken }
        let length = Int(row.number(place, as: Int32.self))
        guard place + 4 + max(0, length) <= row.count else { throw broken }
        defer { place += 4 + max(0, length) }
        return length < 0 ? nil : row.part(place + 4, length)
    }

    private func key(_ value: UnsafeRawBufferPointer) throws(StoreError) -> Key {
        let text = { Text(utf8: Array(value)) }
        switch table.key.wire {
        case .int2: return .integer(Int64(value.number(0, as: Int16.self)))
        case .int4: return .integer(Int64(value.number(0, as: Int32.self)))
        case .int8: return .integer(value.number(0))
        case .uuid: return .uuid(UUID(high: value.number(0), low: value.number(8)))
        case .natural: if let number = value.natural { return Key(natural: number) }
        default:
            if table.collection.key.type != .id { return .text(text()) }
            if let key = KeyType.id.key(spelled: text().description) { return key }
        }
        throw StoreError(
            .malformed, "a row of \(table.collection.name) has a key that is no \(table.collection.key.type)",
            help: "mend or delete the row; something else than vecsh wrote it")
    }

    private var broken: StoreError {
        StoreError(.malformed, "a row of \(table.collection.name) has come in pieces", help: "run it again")
    }

    private func malformed(_ part: PostgreSQLPart) -> StoreError {
        let key = builder.keys.last.map(\.description) ?? ""
        return StoreError(
            .malformed, "column \"\(part.name)\" of \(table.collection.name) holds \(part.words) in record \(key)",
            help: "mend that row, or read without the column: fields (…)")
    }
}

/// A column that is read, and where its values go.
struct PostgreSQLPart {
    enum Target { case field(Int), vector(Int), rest }

    let target: Target
    let name: String
    private let wire: PostgreSQLWire
    private let vector: VectorField?

    init(_ target: Target, _ column: PostgreSQLColumn, _ vector: VectorField?) {
        self.target = target
        name = column.name
        wire = column.isCast ? .text : column.wire
        self.vector = vector
    }

    /// What is wrong if a value cannot be read.
    var words: String {
        switch (target, wire) {
        case (.rest, _): "JSON that is no object"
        case (_, .timestamp): "a time beyond all bounds"
        case (_, .array): "an array of several dimensions, or one that does not count from 1"
        case (_, .vector), (_, .vectors):
            "vectors of another dimension than \(vector?.dimension ?? 0), or no \(vector?.element.rawValue ?? "") numbers"
        default: "what cannot be read"
        }
    }

    /// False if the value is none that a collection can hold here.
    func append(_ value: UnsafeRawBufferPointer?, to builder: inout BatchBuilder) -> Bool {
        switch target {
        case .field(let place):
            guard let value else { return missing(.null, &builder.fields[place]) }
            return append(value, to: &builder.fields[place])
        case .vector(let place):
            guard let value else { return missing(.null, &builder.vectors[place]) }
            return append(vector: value, to: &builder.vectors[place])
        case .rest:
            guard let value else {
                builder.rest?.append(missing: .absent)
                return true
            }
            return append(rest: value, to: &builder)
        }
    }

    private func missing(_ mark: Column.Mark, _ column: inout ColumnBuilder) -> Bool {
        column.append(missing: mark)
        return true
    }

    private func append(rest value: UnsafeRawBufferPointer, to builder: inout BatchBuilder) -> Bool {
        let object = value.dropFirst().compactJSON
        guard object.first == UInt8(ascii: "{") else { return false }
        if object.count == 2 { builder.rest?.append(missing: .absent) } else { builder.rest?.append(bytes: object) }
        return true
    }

    private func append(_ value: UnsafeRawBufferPointer, to column: inout ColumnBuilder) -> Bool {
        switch wire {
        case .bool: column.append(value[0] != 0)
        case .int2: column.append(Int64(value.number(0, as: Int16.self)))
        case .int4: column.append(Int64(value.number(0, as: Int32.self)))
        case .int8: column.append(value.number(0, as: Int64.self))
        case .float4: column.append(Double(Float(bitPattern: value.number(0))))
        case .float8: column.append(Double(bitPattern: value.number(0)))
        case .timestamp:
            guard let moment = PostgreSQLMoment.unix(value.number(0)) else { return false }
            column.append(moment)
        case .uuid: column.append(bytes: UUID(high: value.number(0), low: value.number(8)).utf8)
        case .natural:
            guard let number = value.natural else { return false }
            column.append(bytes: String(number).utf8)
        case .jsonb: column.append(bytes: value.dropFirst().compactJSON)
        case .array(let element):
            guard let json = PostgreSQLArray.json(value, of: element) else { return false }
            column.append(bytes: json)
        default: column.append(bytes: value.asBytes)
        }
        return true
    }

    // MARK: Vectors

    private func append(vector value: UnsafeRawBufferPointer, to column: inout ColumnBuilder) -> Bool {
        guard let vector else { return false }
        switch wire {
        case .vector(let kept, _): return append(dense: value, vector, kept, to: &column)
        case .sparse: return append(sparse: value, to: &column)
        case .vectors(let kept, _):
            guard let elements = PostgreSQLArray.elements(value) else { return false }
            var several: [UInt8] = []
            for element in elements {
                guard let element, let bytes = dense(element, vector, kept) else { return false }
                several += bytes
            }
            column.append(bytes: several)
            return true
        default: return false
        }
    }

    private func append(
        dense value: UnsafeRawBufferPointer, _ vector: VectorField, _ kept: PostgreSQLElement,
        to column: inout ColumnBuilder
    ) -> Bool {
        guard kept == .vector, vector.element == .float32 else {
            guard let bytes = dense(value, vector, kept) else { return false }
            column.append(dense: bytes)
            return true
        }
        guard value.count == 4 + vector.stride else { return false }
        column.append(denseWords: value.part(4, vector.stride))
        return true
    }

    /// The vector as it lies in memory; nil if it is none of this field's.
    private func dense(_ value: UnsafeRawBufferPointer, _ vector: VectorField, _ kept: PostgreSQLElement) -> [UInt8]? {
        let dimension = vector.dimension ?? 0
        if kept == .bit {
            guard value.count == 4 + vector.stride, value.number(0, as: Int32.self) == dimension else { return nil }
            return Array(value.dropFirst(4))
        }
        let width = kept == .vector ? 4 : 2
        guard value.count == 4 + width * dimension else { return nil }
        var bytes = [UInt8](repeating: 0, count: width * dimension)
        bytes.withUnsafeMutableBytes { room in
            guard let base = room.baseAddress else { return }
            let elements = value.part(4, width * dimension)
            if width == 4 {
                elements.reverseWords(into: base, as: UInt32.self)
            } else {
                elements.reverseWords(into: base, as: UInt16.self)
            }
        }
        guard kept.natural != vector.element else { return bytes }
        var converted: [UInt8] = []
        let floats = bytes.withUnsafeBytes { kept.natural.floats($0, dimension: dimension) }
        return vector.element.append(floats, to: &converted) ? converted : nil
    }

    private func append(sparse value: UnsafeRawBufferPointer, to column: inout ColumnBuilder) -> Bool {
        guard value.count >= 12 else { return false }
        let count = Int(value.number(4, as: Int32.self))
        guard count >= 0, value.count == 12 + 8 * count else { return false }
        column.append(
            indices: (0..<count).lazy.map { value.number(12 + 4 * $0, as: UInt32.self) },
            weights: (0..<count).lazy.map { Float(bitPattern: value.number(12 + 4 * (count + $0))) })
        return true
    }
}

extension Swift.Slice<UnsafeRawBufferPointer> {
    /// JSON without the spaces that jsonb puts in.
    fileprivate var compactJSON: [UInt8] {
        var compact: [UInt8] = []
        compact.reserveCapacity(count)
        var (isInside, isEscaped) = (false, false)
        for byte in self where isInside || byte != 0x20 {
            compact.append(byte)
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = isInside
            } else if byte == UInt8(ascii: "\"") {
                isInside.toggle()
            }
        }
        return compact
    }
}

extension UnsafeRawBufferPointer {
    /// A numeric that is a whole number, and not below zero.
    fileprivate var natural: UInt64? {
        guard count >= 8, number(4, as: Int16.self) == 0 else { return nil }
        let digits = Int(number(0, as: Int16.self))
        let weight = Int(number(2, as: Int16.self))
        guard count == 8 + 2 * digits, digits <= weight + 1 || digits == 0 else { return nil }
        var value: UInt64 = 0
        for place in 0..<(digits == 0 ? 0 : weight + 1) {
            let digit = place < digits ? UInt64(number(8 + 2 * place, as: UInt16.self)) : 0
            let (scaled, overflows) = value.multipliedReportingOverflow(by: 10_000)
            let (sum, overflowsToo) = scaled.addingReportingOverflow(digit)
            guard !overflows, !overflowsToo else { return nil }
            value = sum
        }
        return value
    }
}
