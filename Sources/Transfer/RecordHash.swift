import Model

/// Hashes records, so that two collections can be compared without holding them.
///
/// A record is its key and the *sum* of what its fields hash to: no matter in which order they stand, nor whether a
/// value lies in a column or in the open payload.
package struct RecordHash: Sendable {
    private let names: [UInt64]
    private let fieldNames: [UInt64]
    private let shape: Collection
    private let rules: ValueRules
    private let fieldRules: [ValueRules.FieldRule]

    package init(_ shape: Collection) { self.init(shape, .none) }

    init(_ shape: Collection, _ rules: ValueRules) {
        self.shape = shape
        self.rules = rules
        names = shape.vectors.map { Hash.of(Array("v \($0.name)".utf8)) }
        fieldNames = shape.fields.map { Hash.of(Array($0.name.utf8)) }
        fieldRules = shape.fields.map { rules.field($0.name) }
    }

    /// For each record the hash of its key, and that of the whole.
    package func hashes(_ batch: Batch) -> (keys: [UInt64], records: [UInt64]) {
        let keys = batch.keys.map(Hash.of)
        var sums = [UInt64](repeating: 0, count: batch.count)
        for (place, column) in batch.vectors.enumerated() {
            add(column, shape.vectors[place], names[place], to: &sums)
        }
        for (place, column) in batch.fields.enumerated() where !fieldRules[place].contains(.leftOut) {
            add(column, shape.fields[place], fieldNames[place], fieldRules[place], to: &sums)
        }
        if let rest = batch.rest { addMembers(rest, to: &sums) }
        // Where keys say nothing, equal records are found by what they hold.
        if rules.isKeyless { return (sums.map { Hash.mix($0, Hash.present) }, sums) }
        return (keys, zip(keys, sums).map { Hash.mix($0, $1) })
    }

    package func digest(_ batch: Batch) -> Digest {
        let (keys, records) = hashes(batch)
        return zip(keys, records).reduce(Digest()) { $0 + Digest(key: $1.0, record: $1.1) }
    }

    private func add(_ column: Column, _ field: VectorField, _ name: UInt64, to sums: inout [UInt64]) {
        switch rules.vectors[field.name] {
        case .leftOut: return
        case .compared: each(column, &sums) { _ in Hash.mix(name, Hash.present) }
        case .element(let element) where element != field.element:
            add(column, field, as: element, name, to: &sums)
        case .element, nil: add(column, name, stride: field.stride, to: &sums)
        }
        if !rules.field(field.name).contains(.mergesNull) { addNulls(column, name, to: &sums) }
    }

    private func add(_ column: Column, _ name: UInt64, stride: Int, to sums: inout [UInt64]) {
        switch column.values {
        case .dense(let bytes):
            bytes.withUnsafeBytes { buffer in
                for row in sums.indices where column.mark(row) == .value {
                    let vector = UnsafeRawBufferPointer(rebasing: buffer[row * stride..<(row + 1) * stride])
                    sums[row] &+= Hash.mix(name, Hash.of(vector))
                }
            }
        case .multi(let rows):
            each(column, &sums) { row in Hash.mix(name, Hash.of(Array(rows[row]))) }
        case .sparse(let indices, let weights):
            each(column, &sums) { row in
                let weight = Array(weights[indices.range(of: row)]).withUnsafeBytes { Hash.of($0) }
                return sparse(name, indices[row], weight)
            }
        case .bools, .integers, .floats, .bytes: preconditionFailure("no vector is kept like this")
        }
    }

    /// Vectors that are hashed as if they were of another type.
    private func add(
        _ column: Column, _ field: VectorField, as element: Element, _ name: UInt64, to sums: inout [UInt64]
    ) {
        each(column, &sums) { row in
            let numbers = VectorNumbers(field, column, row: row).numbers
            var bytes: [UInt8] = []
            // What the type cannot hold differs from all that it can.
            if !element.append(numbers, to: &bytes) { _ = Element.float32.append(numbers, to: &bytes) }
            guard case .sparse(let indices, _) = column.values else { return Hash.mix(name, Hash.of(bytes)) }
            return sparse(name, indices[row], Hash.of(bytes))
        }
    }

    private func sparse(_ name: UInt64, _ indices: ArraySlice<UInt32>, _ weights: UInt64) -> UInt64 {
        Hash.mix(name, Hash.mix(Array(indices).withUnsafeBytes { Hash.of($0) }, weights))
    }

    private func add(
        _ column: Column, _ field: Field, _ name: UInt64, _ rule: ValueRules.FieldRule, to sums: inout [UInt64]
    ) {
        switch column.values {
        case .bools(let values): each(column, &sums) { Hash.mix(name, Hash.of(values[$0])) }
        case .integers(let values) where rule.contains(.asText):
            each(column, &sums) { row in
                Array(Timestamp.text(values[row]).utf8).withUnsafeBytes { Hash.mix(name, Hash.of(text: $0)) }
            }
        case .integers(let values): each(column, &sums) { Hash.mix(name, Hash.of(values[$0])) }
        case .floats(let values) where rule.contains(.byMeaning):
            // As JSON has it: the shortest digits that mean this number.
            let isNarrow = field.type == .float
            each(column, &sums) { row in
                Hash.mix(name, Hash.of(meaning: isNarrow ? Float(values[row]).asWritten : values[row]))
            }
        case .floats(let values): each(column, &sums) { Hash.mix(name, Hash.of(values[$0])) }
        case .bytes(let rows):
            let isText = if case .text = field.type { true } else { false }
            rows.elements.withUnsafeBytes { buffer in
                each(column, &sums) { row in
                    let value = UnsafeRawBufferPointer(rebasing: buffer[rows.range(of: row)])
                    if isText { return Hash.mix(name, Hash.of(text: value)) }
                    return Hash.mix(name, Hash.of(json: Array(value), byMeaning: rule.contains(.byMeaning)))
                }
            }
        case .dense, .multi, .sparse: preconditionFailure("no field is kept like this")
        }
        if !rule.contains(.mergesNull) { addNulls(column, name, to: &sums) }
    }

    @inline(__always)
    private func each(_ column: Column, _ sums: inout [UInt64], _ hash: (Int) -> UInt64) {
        for row in sums.indices where column.mark(row) == .value { sums[row] &+= hash(row) }
    }

    private func addNulls(_ column: Column, _ name: UInt64, to sums: inout [UInt64]) {
        guard !column.marks.isEmpty else { return }
        for row in sums.indices where column.mark(row) == .null { sums[row] &+= Hash.mix(name, Hash.null) }
    }

    private func addMembers(_ rest: Column, to sums: inout [UInt64]) {
        guard case .bytes(let rows) = rest.values else { return }
        each(rest, &sums) { row in Hash.ofMembers(Array(rows[row]), rules) }
    }
}

extension Digest {
    package init(key: UInt64, record: UInt64) {
        self.init(count: 1, high: Hash.mix(key, record), low: Hash.mix(record, ~key))
    }
}
