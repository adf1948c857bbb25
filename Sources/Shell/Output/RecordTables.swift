import JSON
import Model

/// Records as tables of at most a thousand: widths, and the columns of an open collection, follow from their values.
struct TableRecords: RecordText {
    private static let most = 1_000
    private static let mostBytes = 8 << 20

    private let parts: RecordCells
    private let look: Look
    private var declared: [[Cell]]
    private var extras = ExtraColumns()
    private var held = 0
    private var heldBytes = 0
    private var printed = 0

    init(_ parts: RecordCells, _ look: Look) {
        self.parts = parts
        self.look = look
        declared = parts.titles().map { _ in [] }
    }

    func begin(to writer: inout JSONWriter) {}

    mutating func write(_ batch: Batch, row: Int, score: Float?, to writer: inout JSONWriter) {
        for (place, cell) in parts.cells(batch, row: row, score: score).enumerated() { append(cell, place) }
        for extra in parts.extras(batch, row: row) {
            extras.append(extra.cell, named: extra.name, row: held)
            heldBytes += extra.cell.byteCount
        }
        held += 1
        if held == Self.most || heldBytes > Self.mostBytes { flush(to: &writer) }
    }

    mutating func finish(to writer: inout JSONWriter) {
        if held > 0 || printed == 0 { flush(to: &writer) }
        writer.raw(RowCount(printed).text.utf8)
    }

    private mutating func append(_ cell: Cell, _ place: Int) {
        declared[place].append(cell)
        heldBytes += cell.byteCount
    }

    private mutating func flush(to writer: inout JSONWriter) {
        let others = extras.take(rows: held)
        let titles = parts.titles(extra: others.map(\.name))
        let cells = declared + others.map(\.cells)
        let columns = zip(titles, cells).enumerated().map { place, column in
            Table.Column(title: column.0, cells: column.1, isKey: place == 0)
        }
        if printed > 0 { writer.raw("\n") }
        writer.raw(Table(columns: columns).lines(look).text.utf8)
        declared = declared.map { _ in [] }
        printed += held
        (held, heldBytes) = (0, 0)
    }
}

/// The columns that records of an open collection bring along, in the order in which they first appear.
private struct ExtraColumns {
    private var places: [String: Int] = [:]
    private var columns: [ExtraColumn] = []

    mutating func append(_ cell: Cell, named name: String, row: Int) {
        let place = places[name] ?? columns.count
        if place == columns.count {
            places[name] = place
            columns.append(ExtraColumn(name: name))
        }
        columns[place].fill(row)
        // A name that stands twice in one record counts once, with the later value.
        if columns[place].cells.count > row { columns[place].cells.removeLast() }
        columns[place].cells.append(cell)
    }

    mutating func take(rows: Int) -> [ExtraColumn] {
        for place in columns.indices { columns[place].fill(rows) }
        defer { self = ExtraColumns() }
        return columns
    }
}

private struct ExtraColumn {
    let name: String
    var cells: [Cell] = []

    /// Rows up to this one that have no such member.
    mutating func fill(_ row: Int) {
        if cells.count < row { cells.append(contentsOf: repeatElement(.absent, count: row - cells.count)) }
    }
}

/// Records as blocks, one value a line.
struct VerticalRecords: RecordText {
    private let parts: RecordCells
    private let titles: [String]
    private let text: VerticalText
    private var printed = 0

    init(_ parts: RecordCells, _ look: Look) {
        self.parts = parts
        titles = parts.titles()
        text = VerticalText(look: look)
    }

    func begin(to writer: inout JSONWriter) {}

    mutating func write(_ batch: Batch, row: Int, score: Float?, to writer: inout JSONWriter) {
        printed += 1
        let extras = parts.extras(batch, row: row)
        let titles = extras.isEmpty ? titles : parts.titles(extra: extras.map(\.name))
        let cells = parts.cells(batch, row: row, score: score) + extras.map(\.cell)
        writer.raw(text.block(printed, zip(titles, cells).map { (name: $0, cell: $1) }).utf8)
    }

    func finish(to writer: inout JSONWriter) {
        if printed == 0 { writer.raw(RowCount(0).text.utf8) }
    }
}

extension Cell {
    fileprivate var byteCount: Int {
        switch self {
        case .text(let text), .number(let text): text.utf8.count
        case .null, .absent: 0
        }
    }
}
