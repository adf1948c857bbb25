extension Batch {
    /// The records of several batches of one shape, in order; nil for none.
    package init?(joining batches: some Sequence<Batch>) {
        var iterator = batches.makeIterator()
        guard var joined = iterator.next() else { return nil }
        while let next = iterator.next() { joined.append(next) }
        self = joined
    }

    package mutating func append(_ other: Batch) {
        for place in vectors.indices { vectors[place].append(other.vectors[place], counts: (count, other.count)) }
        for place in fields.indices { fields[place].append(other.fields[place], counts: (count, other.count)) }
        let counts = (count, other.count)
        if let added = other.rest { rest?.append(added, counts: counts) }
        keys += other.keys
    }
}

extension Column {
    fileprivate mutating func append(_ other: Column, counts: (Int, Int)) {
        if !marks.isEmpty || !other.marks.isEmpty {
            marks += repeatElement(.value, count: counts.0 - marks.count)
            marks += other.marks.isEmpty ? Array(repeating: .value, count: counts.1) : other.marks
        }
        values = values.appending(other.values)
    }
}

extension Column.Values {
    fileprivate consuming func appending(_ other: Column.Values) -> Column.Values {
        switch (consume self, other) {
        case (.bools(let a), .bools(let b)): .bools(a + b)
        case (.integers(let a), .integers(let b)): .integers(a + b)
        case (.floats(let a), .floats(let b)): .floats(a + b)
        case (.bytes(let a), .bytes(let b)): .bytes(a.appending(b))
        case (.multi(let a), .multi(let b)): .multi(a.appending(b))
        case (.dense(let a), .dense(let b)): .dense(a + b)
        case (.sparse(let a, let x), .sparse(let b, let y)): .sparse(a.appending(b), x + y)
        default: preconditionFailure("columns of one field are kept alike")
        }
    }
}

extension Ragged {
    fileprivate func appending(_ other: Ragged) -> Ragged {
        let offset = elements.count
        return Ragged(ends: ends + other.ends.map { $0 + offset }, elements: elements + other.elements)
    }
}
