import JSON
import Model

/// Records as text that grows one record at a time.
protocol RecordText: Sendable {
    mutating func begin(to writer: inout JSONWriter)
    mutating func write(_ batch: Batch, row: Int, score: Float?, to writer: inout JSONWriter)
    mutating func finish(to writer: inout JSONWriter)
}

extension Format {
    /// `shape` is that of the batches, as a projection leaves it.
    func records(of shape: Model.Collection, hasScores: Bool, look: Look) -> any RecordText {
        let cells = RecordCells(shape: shape, hasScores: hasScores, signs: look.signs)
        return switch self {
        case .json: JSONRecords(shape, gap: look.isTerminal ? .line : .none)
        case .jsonl: JSONRecords(shape, gap: .linesOnly)
        case .csv: CSVRecords(shape, header: cells)
        case .table: TableRecords(cells, look)
        case .vertical: VerticalRecords(cells, look)
        }
    }
}

/// Records as JSON, whole: an array, or lines.
struct JSONRecords: RecordText {
    /// What stands between two records: a comma, a comma and a new line, or a new line alone.
    enum Gap { case none, line, linesOnly }

    private let records: RecordWriter
    private let gap: Gap
    private var isFirst = true

    init(_ shape: Model.Collection, gap: Gap) {
        records = RecordWriter(shape)
        self.gap = gap
    }

    func begin(to writer: inout JSONWriter) {
        if gap != .linesOnly { writer.raw("[") }
    }

    mutating func write(_ batch: Batch, row: Int, score: Float?, to writer: inout JSONWriter) {
        let leading = score.map { [JSONValue.Member.score($0)] } ?? []
        switch gap {
        case .none: writer.raw(isFirst ? "" : ",")
        case .line: writer.raw(isFirst ? "\n" : ",\n")
        case .linesOnly: return records.writeLine(batch, row: row, leading: leading, to: &writer)
        }
        isFirst = false
        records.write(batch, row: row, leading: leading, to: &writer)
    }

    func finish(to writer: inout JSONWriter) {
        switch gap {
        case .none: writer.raw("]\n")
        case .line: writer.raw(isFirst ? "]\n" : "\n]\n")
        case .linesOnly: break
        }
    }
}

extension JSONValue.Member {
    /// The score as it is: widened to `Double` it would be printed with digits that it does not have.
    fileprivate static func score(_ score: Float) -> JSONValue.Member {
        JSONValue.Member("score", score.isFinite ? .raw(Array(score.text.utf8)) : .null)
    }
}

/// Records as lines of CSV, whole: vectors, lists and what an open collection's records carry are JSON.
struct CSVRecords: RecordText {
    private let shape: Model.Collection
    private let records: RecordWriter
    private let titles: [String]
    private let hasScores: Bool
    private var scratch = JSONWriter()

    init(_ shape: Model.Collection, header: RecordCells) {
        self.shape = shape
        records = RecordWriter(shape)
        titles = header.titles(rest: shape.isOpen ? ["fields"] : [])
        hasScores = header.hasScores
    }

    func begin(to writer: inout JSONWriter) { CSV.line(titles, to: &writer) }

    mutating func write(_ batch: Batch, row: Int, score: Float?, to writer: inout JSONWriter) {
        write(batch.keys[row], to: &writer)
        if hasScores { writer.raw(",\(score.map(\.text) ?? "")".utf8) }
        for (vector, column) in zip(shape.vectors, batch.vectors) {
            writer.raw(",")
            guard column.mark(row) == .value else { continue }
            scratch.bytes.removeAll(keepingCapacity: true)
            records.write(vector, valueOf: column, row: row, to: &scratch)
            CSV.write(scratch.bytes, to: &writer)
        }
        for (field, column) in zip(shape.fields, batch.fields) { write(field, column, row, to: &writer) }
        if shape.isOpen {
            writer.raw(",")
            if let rest = batch.rest { writeBytes(rest, row, to: &writer) }
        }
        writer.raw(CSV.lineEnd)
    }

    func finish(to writer: inout JSONWriter) {}

    private func write(_ key: Key, to writer: inout JSONWriter) {
        if case .text(let text) = key { CSV.write(text.utf8, to: &writer) } else { writer.raw(key.description.utf8) }
    }

    private func write(_ field: Field, _ column: Column, _ row: Int, to writer: inout JSONWriter) {
        writer.raw(",")
        guard column.mark(row) == .value else { return }
        switch column.values {
        case .bytes: writeBytes(column, row, to: &writer)
        case .integers(let values) where field.type == .timestamp: writer.raw(Timestamp.text(values[row]).utf8)
        default: records.write(field, valueOf: column, row: row, to: &writer)
        }
    }

    private func writeBytes(_ column: Column, _ row: Int, to writer: inout JSONWriter) {
        guard column.mark(row) == .value, case .bytes(let rows) = column.values else { return }
        CSV.write(rows[row], to: &writer)
    }
}
