import Glibc
import JSON
import Model

/// A vector for people: its first elements and how many there are, `[0.12, -0.03, … ×1536]`.
struct VectorText {
    let vector: VectorField
    let signs: Signs

    /// Up to this many elements a vector is shown whole.
    private static let brief = 4
    private static let leading = 2

    func cell(_ column: Column, row: Int) -> Cell {
        switch column.mark(row) {
        case .null: return .null
        case .absent: return .absent
        case .value: break
        }
        switch column.values {
        case .dense(let bytes): return .text(dense(bytes[row * vector.stride..<(row + 1) * vector.stride]))
        case .multi(let rows): return .text(multi(rows[row]))
        case .sparse(let indices, let weights): return .text(sparse(indices[row], weights[indices.range(of: row)]))
        case .bools, .integers, .floats, .bytes: preconditionFailure("no vector is kept like this")
        }
    }

    private func dense(_ bytes: ArraySlice<UInt8>) -> String {
        let dimension = vector.dimension ?? 0
        let shown = dimension <= Self.brief ? dimension : Self.leading
        let elements = bytes.withUnsafeBytes { buffer in
            (0..<shown).map { rounded(vector.element.float(buffer, at: $0)) }
        }
        return "[\(list(elements, of: dimension))]"
    }

    private func multi(_ bytes: ArraySlice<UInt8>) -> String {
        guard vector.stride > 0, !bytes.isEmpty else { return "[]" }
        let count = bytes.count / vector.stride
        return "[\(list([dense(bytes.prefix(vector.stride))], of: count))]"
    }

    private func sparse(_ indices: ArraySlice<UInt32>, _ weights: ArraySlice<Float>) -> String {
        let shown = indices.count <= Self.brief ? indices.count : Self.leading
        let elements = zip(indices, weights).prefix(shown).map { "\($0): \(rounded($1))" }
        return "{\(list(elements, of: indices.count))}"
    }

    private func list(_ elements: [String], of count: Int) -> String {
        let isWhole = elements.count == count
        return (isWhole ? elements : elements + ["\(signs.ellipsis) \(signs.times)\(count)"]).joined(separator: ", ")
    }

    /// Three digits that count: nobody reads more of an embedding.
    private func rounded(_ value: Float) -> String {
        var writer = JSONWriter()
        writer.float(value == value.rounded() ? value : value.rounded(toDigits: 3))
        return writer.text
    }
}

extension Float {
    fileprivate func rounded(toDigits digits: Int) -> Float {
        guard isFinite, self != 0 else { return self }
        let scale = pow(10, Double(digits - 1) - log10(Double(magnitude)).rounded(.down))
        return Float((Double(self) * scale).rounded() / scale)
    }
}
