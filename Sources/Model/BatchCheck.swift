extension Collection {
    /// Throws ``StoreError/Code/rejected``, naming the record, unless every record is one that this shape allows.
    package func check(_ batch: Batch) throws(StoreError) {
        guard batch.vectors.count == vectors.count, batch.fields.count == fields.count else {
            throw StoreError(.rejected, "the records have other columns than \(name)")
        }
        if let row = batch.keys.firstIndex(where: { !key.type.accepts($0) }) {
            throw batch.refusal(row, "its key is not of type \(key.type)")
        }
        for (vector, column) in zip(vectors, batch.vectors) { try check(vector, column, of: batch) }
        for (field, column) in zip(fields, batch.fields) { try check(field, column, of: batch) }
        if !isOpen, let rest = batch.rest, let row = (0..<batch.count).first(where: { rest.mark($0) == .value }) {
            throw batch.refusal(row, "it has fields that \(name) does not declare")
        }
    }

    private func check(_ vector: VectorField, _ column: Column, of batch: Batch) throws(StoreError) {
        try checkMarks(column, isNullable: vector.isNullable, "vector \"\(vector.name)\"", of: batch)
        switch (vector.layout, column.values) {
        case (.dense, .dense(let bytes)):
            guard bytes.count == vector.stride * batch.count else {
                let found =
                    batch.count == 0 ? 0 : bytes.count * (vector.dimension ?? 0) / max(1, vector.stride * batch.count)
                throw StoreError(
                    .rejected,
                    "vector \"\(vector.name)\" of \(name) has dimension \(vector.dimension ?? 0), the records have \(found)"
                )
            }
            try checkFinite(vector, bytes, of: batch) { $0 / max(1, vector.stride) }
        case (.multi, .multi(let rows)):
            guard let broken = (0..<batch.count).first(where: { rows[$0].count % max(1, vector.stride) != 0 }) else {
                return try checkFinite(vector, rows.elements, of: batch) { at in rows.ends.firstIndex { $0 > at } ?? 0 }
            }
            throw batch.refusal(broken, "its vectors \"\(vector.name)\" are not of dimension \(vector.dimension ?? 0)")
        case (.sparse, .sparse(let indices, let weights)):
            guard let bad = weights.firstIndex(where: { !$0.isFinite }) else { return }
            throw batch.refusal(indices.ends.firstIndex { $0 > bad } ?? 0, vector.notFinite)
        default: throw StoreError(.rejected, "vector \"\(vector.name)\" of \(name) is \(vector.layout.rawValue)")
        }
    }

    private func checkFinite(
        _ vector: VectorField, _ bytes: [UInt8], of batch: Batch, row: (Int) -> Int
    ) throws(StoreError) {
        guard let bad = vector.element.firstNotFinite(in: bytes) else { return }
        throw batch.refusal(row(bad), vector.notFinite)
    }

    private func check(_ field: Field, _ column: Column, of batch: Batch) throws(StoreError) {
        try checkMarks(column, isNullable: field.isNullable, "field \"\(field.name)\"", of: batch)
        let bad: Int? =
            switch (column.values, field.type) {
            case (.bools, .bool), (.bytes, .json), (.bytes, .array), (.integers, .int64), (.integers, .timestamp): nil
            case (.floats(let values), .float), (.floats(let values), .double):
                values.firstIndex { !$0.isFinite }
            case (.integers(let values), let type):
                type.integerRange.map { range in values.firstIndex { !range.contains($0) } } ?? 0
            case (.bytes(let rows), .text(let limit)):
                limit.flatMap { limit in (0..<batch.count).first { rows[$0].count > limit } }
            default: 0
            }
        guard let bad, bad < batch.count else { return }
        throw batch.refusal(bad, "its field \"\(field.name)\" is no \(field.type)")
    }

    private func checkMarks(
        _ column: Column, isNullable: Bool, _ what: String, of batch: Batch
    ) throws(StoreError) {
        guard !isNullable, let row = column.marks.firstIndex(where: { $0 != .value }) else { return }
        throw batch.refusal(row, "its \(what) has no value, and must have one")
    }
}

extension Batch {
    /// One record of this batch is refused.
    package func refusal(_ row: Int, _ why: String) -> StoreError {
        StoreError(.rejected, "record \(row + 1) with key \(keys[row]) is refused: \(why)", rows: [row])
    }
}

extension VectorField {
    fileprivate var notFinite: String { "its vector \"\(name)\" holds a number that is not finite" }
}

extension Element {
    /// The byte offset of the first element that is infinite or no number.
    package func firstNotFinite(in bytes: [UInt8]) -> Int? {
        switch self {
        case .float32: bytes.firstOffset(of: UInt32.self) { $0 & 0x7F80_0000 == 0x7F80_0000 }
        case .float16: bytes.firstOffset(of: UInt16.self) { $0 & 0x7C00 == 0x7C00 }
        case .bfloat16: bytes.firstOffset(of: UInt16.self) { $0 & 0x7F80 == 0x7F80 }
        case .int8, .uint8, .bit: nil
        }
    }
}

extension [UInt8] {
    @inline(__always)
    fileprivate func firstOffset<Word: FixedWidthInteger>(of: Word.Type, where isBad: (Word) -> Bool) -> Int? {
        withUnsafeBytes { buffer in
            let width = MemoryLayout<Word>.size
            // Or-ing a run together keeps the loop free of branches, so that it is vectorised.
            for start in stride(from: 0, to: buffer.count, by: 1 << 12) {
                let run = start..<Swift.min(start + 1 << 12, buffer.count)
                var isAnyBad = false
                for at in stride(from: run.lowerBound, to: run.upperBound, by: width) {
                    isAnyBad = isBad(buffer.loadUnaligned(fromByteOffset: at, as: Word.self)) || isAnyBad
                }
                guard isAnyBad else { continue }
                return stride(from: run.lowerBound, to: run.upperBound, by: width).first {
                    isBad(buffer.loadUnaligned(fromByteOffset: $0, as: Word.self))
                }
            }
            return nil
        }
    }
}
