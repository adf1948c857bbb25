import JSON
import Model

/// The lengths of a record's vectors, which a target that brings them to length one would lose.
struct VectorLengths: Sendable {
    private let vectors: [(place: Int, field: VectorField)]

    /// Of the vectors that have a direction and a length: floats, dense or several of them.
    init(_ vectors: [VectorField]) {
        self.vectors = vectors.enumerated().map { (place: $0.offset, field: $0.element) }
            .filter { $0.field.layout != .sparse && $0.field.element.isFloat }
    }

    /// A number where there is one vector; else an object with the length of each by its name.
    func field(_ name: String) -> Field? {
        guard let first = vectors.first else { return nil }
        let isNumber = vectors.count == 1 && first.field.layout == .dense
        return Field(name: name, type: isNumber ? .double : .json)
    }

    /// The values of ``field(_:)`` for records with these vectors.
    func column(_ columns: [Column], count: Int) -> Column {
        guard vectors.count > 1 || vectors.first?.field.layout != .dense else { return numbers(columns, count) }
        var objects = ColumnBuilder(.bytes)
        for row in 0..<count {
            let members = vectors.compactMap { place, field in
                Self.lengths(field, columns[place], row).map { JSONValue.Member(field.name, Self.json($0, field)) }
            }
            objects.append(bytes: JSONValue.object(members).text.utf8)
        }
        return objects.column()
    }

    private func numbers(_ columns: [Column], _ count: Int) -> Column {
        var numbers = ColumnBuilder(.floats)
        for row in 0..<count {
            let length = vectors.first.flatMap { Self.lengths($0.field, columns[$0.place], row)?.first }
            if let length, length.isFinite { numbers.append(length) } else { numbers.append(missing: .null) }
        }
        return numbers.column()
    }

    private static func json(_ lengths: [Double], _ field: VectorField) -> JSONValue {
        let values = lengths.map { $0.isFinite ? JSONValue.double($0) : .null }
        return field.layout == .dense ? values.first ?? .null : .array(values)
    }

    /// The shortest and the longest of a page, by name.
    func ranges(_ batch: Batch) -> [String: ClosedRange<Double>] {
        var ranges: [String: ClosedRange<Double>] = [:]
        for (place, field) in vectors {
            let lengths = (0..<batch.count).flatMap { Self.lengths(field, batch.vectors[place], $0) ?? [] }
            guard let least = lengths.min(), let most = lengths.max() else { continue }
            ranges[field.name] = least...most
        }
        return ranges
    }

    /// One for each of the row's vectors; nil where it has none.
    private static func lengths(_ field: VectorField, _ column: Column, _ row: Int) -> [Double]? {
        guard column.mark(row) == .value else { return nil }
        let numbers = VectorNumbers(field, column, row: row).numbers
        let size = max(1, field.layout == .dense ? numbers.count : field.dimension ?? numbers.count)
        return stride(from: 0, to: numbers.count, by: size).map { start in
            numbers[start..<min(start + size, numbers.count)].reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        }
    }
}

extension Element {
    fileprivate var isFloat: Bool {
        switch self {
        case .float32, .float16, .bfloat16: true
        case .int8, .uint8, .bit: false
        }
    }
}

extension Plan {
    /// Says what bringing vectors to length one does to those of a sample.
    mutating func describeLengths(_ lengths: [String: ClosedRange<Double>]) {
        for case .normalised(let name) in context.changes {
            let source = context.mapping.rename.first { $0.value == name }?.key ?? name
            guard let range = lengths[source],
                let place = verdicts.firstIndex(where: { $0.subject == "vector \(name)" })
            else { continue }
            verdicts[place].detail += "; " + words(range)
        }
    }

    private func words(_ range: ClosedRange<Double>) -> String {
        if range.lowerBound > 0.9999, range.upperBound < 1.0001 { return "those of the sample are" }
        let lengths = "lengths from \(Float(range.lowerBound)) to \(Float(range.upperBound))"
        return lengths
            + (context.mapping.norms.map { " are kept in \($0)" } ?? " are lost, `with norms=FIELD` keeps them")
    }
}
