/// How near two vectors are, by any metric, over the bytes as they are kept.
package struct Distance: Sendable {
    package let metric: Metric
    private let field: VectorField
    private let query: [Float]
    private let queryBits: [UInt8]
    private let queryNorm: Float

    /// Throws unless the metric means something for such vectors and the query is one.
    package init(_ metric: Metric, _ field: VectorField, to query: [UInt8]) throws(StoreError) {
        let isBinary = field.element == .bit
        let isForBits = metric == .hamming || metric == .jaccard
        guard isBinary == isForBits, metric != .bm25 else {
            throw StoreError(.unsupported, "\(metric.rawValue) has no meaning for \(field.element.rawValue) vectors")
        }
        guard query.count == field.stride else {
            throw StoreError(.rejected, "the query is no vector of dimension \(field.dimension ?? 0)")
        }
        self.metric = metric
        self.field = field
        self.query = query.withUnsafeBytes { field.element.floats($0, dimension: field.dimension ?? 0) }
        queryBits = query
        queryNorm = self.query.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }

    /// Nil where the metric is not defined: the direction of a zero vector.
    package func score(_ bytes: UnsafeRawBufferPointer) -> Float? {
        switch metric {
        case .hamming: return Float(bits(bytes, ^))
        case .jaccard:
            let union = bits(bytes, |)
            return union == 0 ? 0 : 1 - Float(bits(bytes, &)) / Float(union)
        case .l2, .ip, .cosine, .l1, .bm25: break
        }
        guard field.element == .float32 else {
            return field.element.floats(bytes, dimension: query.count).withUnsafeBytes { score(floats: $0) }
        }
        return score(floats: bytes)
    }

    private func score(floats other: UnsafeRawBufferPointer) -> Float? {
        query.withUnsafeBytes { query in
            switch metric {
            case .l1: return sum(query, other) { ($0 - $1).magnitude }
            case .l2: return sum(query, other) { ($0 - $1) * ($0 - $1) }.squareRoot()
            case .ip: return sum(query, other) { $0 * $1 }
            case .cosine:
                let norm = sum(other, other) { $0 * $1 }.squareRoot() * queryNorm
                return norm == 0 ? nil : sum(query, other) { $0 * $1 } / norm
            case .hamming, .jaccard, .bm25: return nil
            }
        }
    }

    private func bits(_ bytes: UnsafeRawBufferPointer, _ combine: (UInt8, UInt8) -> UInt8) -> Int {
        zip(bytes, queryBits).reduce(0) { $0 + combine($1.0, $1.1).nonzeroBitCount }
    }
}

private typealias Lanes = SIMD8<Float>

extension SIMD8<Float> {
    fileprivate var magnitude: SIMD8<Float> { replacing(with: -self, where: self .< 0) }
}

/// The sum of `term` over both vectors' elements, eight at a time in two strands.
@inline(__always)
private func sum(
    _ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer, _ term: (Lanes, Lanes) -> Lanes
) -> Float {
    let width = MemoryLayout<Lanes>.size
    var (even, odd) = (Lanes.zero, Lanes.zero)
    var at = 0
    while at + 2 * width <= a.count {
        even += term(a.lanes(at), b.lanes(at))
        odd += term(a.lanes(at + width), b.lanes(at + width))
        at += 2 * width
    }
    while at < a.count {
        let count = min(8, (a.count - at) / 4)
        even += term(a.lanes(at, count), b.lanes(at, count))
        at += 4 * count
    }
    return (even + odd).sum()
}

extension UnsafeRawBufferPointer {
    @inline(__always) fileprivate func lanes(_ at: Int) -> Lanes { loadUnaligned(fromByteOffset: at, as: Lanes.self) }

    @inline(__always) fileprivate func lanes(_ at: Int, _ count: Int) -> Lanes {
        var lanes = Lanes.zero
        for lane in 0..<count { lanes[lane] = loadUnaligned(fromByteOffset: at + 4 * lane, as: Float.self) }
        return lanes
    }
}
