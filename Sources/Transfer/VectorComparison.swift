import Model

/// How vectors are compared that arrive nearly, and not exactly, as they were sent.
struct VectorComparison: Hashable, Sendable {
    private enum Rule: Hashable, Sendable {
        /// The target brings them to length one.
        case normalised
        /// Both are brought to length one.
        case direction
        /// The target brings them to length one and back; what is said of numbers holds for those of that length.
        case rescaled
        case asTheyAre
    }

    private let rule: Rule
    /// The most by which two numbers may differ.
    let tolerance: Float

    /// Nil where hashes can tell.
    init?(_ name: String, _ fields: [VectorField], _ likeness: Likeness) {
        let target = likeness.changes.compactMap { $0.element(of: name) }
        let elements = fields.map(\.element) + target
        let isNormalised = likeness.changes.contains(.normalised(vector: name))
        guard !elements.contains(.bit) else { return nil }
        switch likeness.vectors {
        case .direction: rule = .direction
        case _ where isNormalised: rule = .normalised
        case _ where likeness.changes.contains(.rescaled(vector: name)): rule = .rescaled
        case .tolerance: rule = .asTheyAre
        // How a store makes whole numbers of others is its own affair.
        case .exact where target.contains { $0 == .int8 || $0 == .uint8 }: rule = .asTheyAre
        case .exact: return nil
        }
        tolerance = likeness.tolerance ?? elements.map(\.unavoidable).max() ?? 0
    }

    /// The numbers of both that should be the same.
    private func sides(_ a: VectorNumbers, _ b: VectorNumbers) -> (VectorNumbers, VectorNumbers) {
        switch rule {
        case .asTheyAre: (a, b)
        case .normalised: (a.normalised, b)
        case .direction: (a.normalised, b.normalised)
        case .rescaled: (a.scaled(by: a), b.scaled(by: a))
        }
    }

    func isAlike(_ a: VectorNumbers, _ b: VectorNumbers) -> Bool {
        let (a, b) = sides(a, b)
        guard a.isShaped(like: b) else { return false }
        return zip(a.numbers, b.numbers).allSatisfy { ($0 - $1).magnitude <= tolerance }
    }

    /// Where they differ, in words; nil if they do not.
    func difference(_ a: VectorNumbers, _ b: VectorNumbers) -> String? {
        let (a, b) = sides(a, b)
        return a.difference(from: b) { ($0 - $1).magnitude > tolerance }
    }
}

extension Element {
    /// By how much numbers up to one may differ that were rounded to this type, or reckoned with.
    fileprivate var unavoidable: Float {
        switch self {
        case .float32, .bit: 1e-5
        case .float16: 1e-3
        case .bfloat16: 1e-2
        case .int8, .uint8: 1
        }
    }
}

/// The vectors of one record as numbers, whatever their layout.
struct VectorNumbers: Sendable {
    private(set) var numbers: [Float]
    /// Of a sparse vector.
    private var indices: [UInt32] = []
    /// How many of them make one vector.
    private let length: Int

    init(_ field: VectorField, _ column: Column, row: Int) {
        length = field.dimension ?? 0
        switch column.values {
        case .dense(let bytes): numbers = field.numbers(bytes[row * field.stride..<(row + 1) * field.stride])
        case .multi(let rows):
            numbers = stride(from: 0, to: rows[row].count, by: max(1, field.stride)).flatMap { start in
                field.numbers(rows[row].dropFirst(start).prefix(field.stride))
            }
        case .sparse(let rows, let weights):
            numbers = Array(weights[rows.range(of: row)])
            indices = Array(rows[row])
        case .bools, .integers, .floats, .bytes: numbers = []
        }
    }

    func isShaped(like other: VectorNumbers) -> Bool {
        numbers.count == other.numbers.count && indices == other.indices
    }

    /// Each of its vectors at length one; what has no direction stays as it is.
    var normalised: VectorNumbers { scaled(by: self) }

    /// Each of its vectors divided by the length of another's.
    func scaled(by other: VectorNumbers) -> VectorNumbers {
        guard isShaped(like: other) else { return self }
        var result = self
        let length = length > 0 ? length : max(1, numbers.count)
        for start in stride(from: 0, to: numbers.count, by: length) {
            let range = start..<min(start + length, numbers.count)
            let norm = other.numbers[range].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            guard norm > 0 else { continue }
            for place in range { result.numbers[place] = Float(Double(numbers[place]) / norm) }
        }
        return result
    }

    /// Where another vector differs, in words; nil if it does not.
    func difference(from other: VectorNumbers, where isUnlike: (Float, Float) -> Bool) -> String? {
        guard numbers.count == other.numbers.count else {
            return "expected \(numbers.count) numbers, found \(other.numbers.count)"
        }
        guard indices == other.indices else { return "expected other indices than were found" }
        let unlike = numbers.indices.filter { isUnlike(numbers[$0], other.numbers[$0]) }
        guard let first = unlike.first else { return nil }
        let rest = unlike.count > 1 ? " (\(unlike.count) of \(numbers.count) differ)" : ""
        let place = indices.isEmpty ? "at \(first)" : "at index \(indices[first])"
        return "expected \(numbers[first]) \(place), found \(other.numbers[first])\(rest)"
    }
}

extension VectorField {
    fileprivate func numbers(_ bytes: ArraySlice<UInt8>) -> [Float] {
        bytes.withUnsafeBytes { buffer in
            guard element == .float32 else { return element.floats(buffer, dimension: dimension ?? 0) }
            return [Float](unsafeUninitializedCapacity: buffer.count / 4) { numbers, count in
                UnsafeMutableRawBufferPointer(numbers).copyMemory(from: buffer)
                count = buffer.count / 4
            }
        }
    }
}
