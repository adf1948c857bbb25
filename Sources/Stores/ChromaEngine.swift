import Model

/// Which Chroma answers, and what it can do.
struct ChromaEngine: Hashable, Sendable {
    /// Of the two ways to speak to a Chroma, 2 where it knows both.
    let api: Int
    /// As the server says it; from 1.0 on all of them say the same.
    let version: String
    let hasTenants: Bool
    /// How many records one call may carry.
    let mostRecords: Int
    /// Whether vectors may be sent as base64 of their bytes.
    let takesBase64: Bool
    /// Whether a metadata value may be a list: from 1.5 on.
    let hasLists: Bool

    var root: String { "/api/v\(api)" }
    /// From 1.0 on the server is another program, in Rust.
    var isRust: Bool { api == 2 && !version.hasPrefix("0.") }
    var longestName: Int { isRust ? 512 : 63 }
    /// 1.5 refuses the empty text.
    var takesEmptyKeys: Bool { !hasLists }
    /// Whether a record may have no vector.
    var hasVectorless: Bool { !isRust }
    /// How long a request may be.
    var longestRequest: Int { isRust ? 40 << 20 : 64 << 20 }
}

extension ChromaEngine {
    /// The newest, as far as its files go.
    static let ofFiles = ChromaEngine(
        api: 2, version: "1.5.9", hasTenants: true, mostRecords: 5_000, takesBase64: true, hasLists: true)
}

extension Batch {
    /// Throws unless every record has a vector that Chroma keeps.
    func checkVectors(_ vector: VectorField) throws(StoreError) {
        guard let column = vectors.first else { return }
        if let row = column.marks.firstIndex(where: { $0 != .value }) {
            throw refusal(row, "its vector \"\(vector.name)\" has no value, and Chroma holds no record without one")
        }
        guard vector.metric == .cosine, case .dense(let bytes) = column.values else { return }
        guard let bad = firstWithoutLength(bytes, vector.dimension ?? 0) else { return }
        throw refusal(
            bad,
            "Chroma would lose its vector \"\(vector.name)\", which is too long or too short to be compared by cosine")
    }

    /// Chroma keeps a vector that is compared by cosine at length one, and beside it its length: what is no length for
    /// float32 would be lost.
    private func firstWithoutLength(_ bytes: [UInt8], _ dimension: Int) -> Int? {
        bytes.withUnsafeBytes { buffer in
            (0..<count).first { row in
                var (sum, isZero): (Float, Bool) = (0, true)
                for place in row * dimension..<(row + 1) * dimension {
                    let value = buffer.loadUnaligned(fromByteOffset: place * 4, as: Float.self)
                    sum += value * value
                    isZero = isZero && value == 0
                }
                return !isZero && !(sum >= .leastNormalMagnitude && sum.isFinite)
            }
        }
    }
}
