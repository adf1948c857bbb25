import JSON
import Model

/// The parts of records as cells of a table.
struct RecordCells {
    let shape: Model.Collection
    let hasScores: Bool
    let signs: Signs

    /// `key`, `score`, then vectors and fields under their names, and what else the records carry.
    ///
    /// Where two would have one name, `vectors.` and `fields.` tell them apart; `rest` holds what is no field.
    func titles(extra: [String] = [], rest: [String] = []) -> [String] {
        let leading = hasScores ? ["key", "score"] : ["key"]
        let vectors = shape.vectors.map(\.name)
        let fields = shape.fields.map(\.name) + extra
        let uses = Dictionary((leading + vectors + fields + rest).map { ($0, 1) }, uniquingKeysWith: +)
        func distinct(_ name: String, _ prefix: String) -> String { uses[name, default: 1] > 1 ? prefix + name : name }
        return leading + vectors.map { distinct($0, "vectors.") } + fields.map { distinct($0, "fields.") } + rest
    }

    /// The declared parts of one record, in the order of the titles.
    func cells(_ batch: Batch, row: Int, score: Float?) -> [Cell] {
        var cells = [batch.keys[row].cell]
        if hasScores { cells.append(score.map { .number($0.text) } ?? .absent) }
        for (vector, column) in zip(shape.vectors, batch.vectors) {
            cells.append(VectorText(vector: vector, signs: signs).cell(column, row: row))
        }
        for (field, column) in zip(shape.fields, batch.fields) { cells.append(column.cell(row, field.type)) }
        return cells
    }

    /// What an open collection's record carries beyond its fields.
    func extras(_ batch: Batch, row: Int) -> [(name: String, cell: Cell)] {
        guard let rest = batch.rest, rest.mark(row) == .value, case .bytes(let rows) = rest.values else { return [] }
        let text = Array(rows[row])
        do {
            return try text.withScanner { scanner throws(JSONError) in
                var extras: [(name: String, cell: Cell)] = []
                try scanner.object { (scanner, name) throws(JSONError) in
                    let name = String(decoding: try scanner.decoded(name), as: UTF8.self)
                    extras.append((name, try Cell(reading: &scanner)))
                }
                return extras
            }
        } catch {
            return [("fields", .text(String(decoding: text, as: UTF8.self)))]
        }
    }
}

extension Cell {
    fileprivate init(reading scanner: inout JSONScanner) throws(JSONError) {
        switch try scanner.kind() {
        case .string: self = .text(try scanner.text())
        case .null:
            try scanner.null()
            self = .null
        case .number: self = .number(String(decoding: scanner.raw(try scanner.skip()), as: UTF8.self))
        case .object, .array, .bool: self = .text(String(decoding: scanner.raw(try scanner.skip()), as: UTF8.self))
        }
    }
}

extension Key {
    fileprivate var cell: Cell {
        switch self {
        case .integer, .natural: .number(description)
        case .uuid, .text: .text(description)
        }
    }
}

extension Column {
    fileprivate func cell(_ row: Int, _ type: FieldType) -> Cell {
        switch mark(row) {
        case .null: return .null
        case .absent: return .absent
        case .value: break
        }
        switch values {
        case .bools(let values): return .text(values[row] ? "true" : "false")
        case .integers(let values) where type == .timestamp: return .text(Timestamp.text(values[row]))
        case .integers(let values): return .number(String(values[row]))
        case .floats(let values): return .number(type == .float ? Float(values[row]).text : values[row].text)
        case .bytes(let rows): return .text(String(decoding: rows[row], as: UTF8.self))
        case .dense, .multi, .sparse: preconditionFailure("no field is kept like this")
        }
    }
}

extension Float {
    var text: String {
        var writer = JSONWriter()
        writer.float(self)
        return writer.text
    }
}

extension Double {
    fileprivate var text: String { JSONValue.double(self).text }
}
