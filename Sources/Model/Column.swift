/// Rows of unequal length end to end: row `i` is `elements[ends[i - 1]..<ends[i]]`.
package struct Ragged<Item: Hashable & Sendable>: Hashable, Sendable {
    package var ends: [Int]
    package var elements: [Item]

    package init(ends: [Int] = [], elements: [Item] = []) {
        self.ends = ends
        self.elements = elements
    }

    package var count: Int { ends.count }

    package subscript(row: Int) -> ArraySlice<Item> { elements[range(of: row)] }

    package func range(of row: Int) -> Range<Int> { (row == 0 ? 0 : ends[row - 1])..<ends[row] }

    package mutating func append(_ row: some Sequence<Item>) {
        elements.append(contentsOf: row)
        ends.append(elements.count)
    }
}

/// The values of one field for every row of a batch.
package struct Column: Hashable, Sendable {
    package enum Mark: UInt8, Sendable { case value, null, absent }

    package enum Values: Hashable, Sendable {
        case bools([Bool])
        /// Integers of every width, and timestamps.
        case integers([Int64])
        case floats([Double])
        /// Text, JSON and arrays (as JSON): the field's type says which.
        case bytes(Ragged<UInt8>)
        /// Vectors of one length, end to end; a missing row is zeros.
        case dense([UInt8])
        /// Any number of vectors a row, end to end.
        case multi(Ragged<UInt8>)
        /// Indices ascending within a row; `Float` stands at the position of its index.
        case sparse(Ragged<UInt32>, [Float])
    }

    package var values: Values
    /// Empty when every row has a value.
    package var marks: [Mark]

    package init(_ values: Values, marks: [Mark] = []) {
        self.values = values
        self.marks = marks
    }

    @inline(__always) package func mark(_ row: Int) -> Mark { marks.isEmpty ? .value : marks[row] }

    /// What a budget counts.
    package var byteCount: Int {
        switch values {
        case .bools(let values): values.count
        case .integers(let values): values.count * 8
        case .floats(let values): values.count * 8
        case .bytes(let rows), .multi(let rows): rows.elements.count + rows.count * 8
        case .dense(let bytes): bytes.count
        case .sparse(let indices, _): indices.elements.count * 8 + indices.count * 8
        }
    }
}

extension Column {
    /// What a budget counts of one row; `count` is how many rows the column has.
    func size(_ row: Int, of count: Int) -> Int {
        switch values {
        case .bools: 1
        case .integers, .floats: 8
        case .bytes(let rows), .multi(let rows): rows.range(of: row).count + 8
        case .dense(let bytes): bytes.count / max(1, count)
        case .sparse(let indices, _): indices.range(of: row).count * 8 + 8
        }
    }

    /// The rows at these positions, in this order; `count` is how many rows the column has.
    package func rows(_ rows: [Int], of count: Int) -> Column {
        Column(values.rows(rows, of: count), marks: marks.isEmpty ? [] : rows.map { marks[$0] })
    }
}

extension Column.Values {
    fileprivate func rows(_ rows: [Int], of count: Int) -> Column.Values {
        switch self {
        case .bools(let values): .bools(rows.map { values[$0] })
        case .integers(let values): .integers(rows.map { values[$0] })
        case .floats(let values): .floats(rows.map { values[$0] })
        case .bytes(let values): .bytes(values.rows(rows))
        case .multi(let values): .multi(values.rows(rows))
        case .dense(let bytes): .dense(picked(rows, from: bytes, stride: count == 0 ? 0 : bytes.count / count))
        case .sparse(let indices, let values):
            .sparse(indices.rows(rows), rows.flatMap { values[indices.range(of: $0)] })
        }
    }

    private func picked(_ rows: [Int], from bytes: [UInt8], stride: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(rows.count * stride)
        for row in rows { result.append(contentsOf: bytes[row * stride..<(row + 1) * stride]) }
        return result
    }
}

extension Ragged {
    fileprivate func rows(_ rows: [Int]) -> Ragged {
        var result = Ragged()
        for row in rows { result.append(self[row]) }
        return result
    }
}
