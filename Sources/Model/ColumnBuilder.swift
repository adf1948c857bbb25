/// A column as it grows by rows.
package struct ColumnBuilder: Sendable {
    package enum Shape: Hashable, Sendable {
        case bools, integers, floats, bytes, multi, sparse
        case dense(stride: Int)
    }

    package let shape: Shape
    package private(set) var count = 0
    private var bools: [Bool] = []
    private var integers: [Int64] = []
    private var floats: [Double] = []
    private var bytes = Ragged<UInt8>()
    private var dense: [UInt8] = []
    private var indices = Ragged<UInt32>()
    private var weights: [Float] = []
    private var marks: [Column.Mark] = []

    package init(_ shape: Shape) { self.shape = shape }

    package init(_ vector: VectorField) {
        switch vector.layout {
        case .dense: self.init(.dense(stride: vector.stride))
        case .multi: self.init(.multi)
        case .sparse: self.init(.sparse)
        }
    }

    package init(_ type: FieldType) {
        switch type {
        case .bool: self.init(.bools)
        case .int8, .int16, .int32, .int64, .timestamp: self.init(.integers)
        case .float, .double: self.init(.floats)
        case .text, .json, .array: self.init(.bytes)
        }
    }

    /// Makes room for what a column like this one holds, and a little more: growing by and by would copy it again and again.
    package mutating func reserve(like column: Column) {
        func room(_ count: Int) -> Int { count + count / 16 }
        switch column.values {
        case .bools(let values): bools.reserveCapacity(room(values.count))
        case .integers(let values): integers.reserveCapacity(room(values.count))
        case .floats(let values): floats.reserveCapacity(room(values.count))
        case .bytes(let rows), .multi(let rows): bytes.reserve(like: rows, room)
        case .dense(let bytes): dense.reserveCapacity(room(bytes.count))
        case .sparse(let rows, let values):
            indices.reserve(like: rows, room)
            weights.reserveCapacity(room(values.count))
        }
    }

    package mutating func append(_ value: Bool) {
        bools.append(value)
        advance()
    }

    package mutating func append(_ value: Int64) {
        integers.append(value)
        advance()
    }

    package mutating func append(_ value: Double) {
        floats.append(value)
        advance()
    }

    /// Text, JSON, or the dense vectors of a `multi` row.
    package mutating func append(bytes row: some Sequence<UInt8>) {
        bytes.append(row)
        advance()
    }

    /// One dense vector; the caller has seen to its length.
    package mutating func append(dense row: some Sequence<UInt8>) {
        dense.append(contentsOf: row)
        advance()
    }

    /// One dense vector of 32-bit words that come with the high byte first.
    package mutating func append(denseWords row: UnsafeRawBufferPointer) {
        let start = dense.count
        dense.append(contentsOf: row)
        dense.withUnsafeMutableBytes { bytes in
            for place in stride(from: start, to: bytes.count - 3, by: 4) {
                let word = bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)
                bytes.storeBytes(of: word.byteSwapped, toByteOffset: place, as: UInt32.self)
            }
        }
        advance()
    }

    /// Indices ascending.
    package mutating func append(indices row: some Sequence<UInt32>, weights values: some Sequence<Float>) {
        indices.append(row)
        weights.append(contentsOf: values)
        advance()
    }

    /// A row without a value: `null` or `absent`.
    package mutating func append(missing mark: Column.Mark) {
        marks.append(contentsOf: repeatElement(.value, count: count - marks.count))
        marks.append(mark)
        switch shape {
        case .bools: bools.append(false)
        case .integers: integers.append(0)
        case .floats: floats.append(0)
        case .bytes, .multi: bytes.append(EmptyCollection())
        case .sparse: indices.append(EmptyCollection())
        case .dense(let stride): dense.append(contentsOf: repeatElement(0, count: stride))
        }
        count += 1
    }

    package func column() -> Column { Column(values, marks: marks) }

    private var values: Column.Values {
        switch shape {
        case .bools: .bools(bools)
        case .integers: .integers(integers)
        case .floats: .floats(floats)
        case .bytes: .bytes(bytes)
        case .multi: .multi(bytes)
        case .sparse: .sparse(indices, weights)
        case .dense: .dense(dense)
        }
    }

    private mutating func advance() {
        count += 1
        if !marks.isEmpty { marks.append(.value) }
    }
}

extension Ragged {
    fileprivate mutating func reserve(like other: Ragged, _ room: (Int) -> Int) {
        ends.reserveCapacity(room(other.ends.count))
        elements.reserveCapacity(room(other.elements.count))
    }
}

/// A batch as it grows by rows; the caller appends one value to every column for each key.
package struct BatchBuilder: Sendable {
    package var keys: [Key] = []
    package var vectors: [ColumnBuilder]
    package var fields: [ColumnBuilder]
    package var rest: ColumnBuilder?

    package init(_ shape: Collection) {
        vectors = shape.vectors.map { ColumnBuilder($0) }
        fields = shape.fields.map { ColumnBuilder($0.type) }
        rest = shape.isOpen ? ColumnBuilder(.bytes) : nil
    }

    /// Another batch of the same collection, which is likely to be as large as the one before.
    package init(_ shape: Collection, like last: Batch) {
        self.init(shape)
        keys.reserveCapacity(last.count)
        for (place, column) in last.vectors.enumerated() { vectors[place].reserve(like: column) }
        for (place, column) in last.fields.enumerated() { fields[place].reserve(like: column) }
        if let column = last.rest { rest?.reserve(like: column) }
    }

    package func batch() -> Batch {
        Batch(
            keys: keys, vectors: vectors.map { $0.column() }, fields: fields.map { $0.column() },
            rest: rest?.column())
    }
}
