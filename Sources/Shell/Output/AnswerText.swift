import JSON

/// The text of answers that are known as a whole: documents, and rows of them.
struct AnswerText {
    let format: Format
    let look: Look

    /// One document; a list of them is printed one after the other.
    func document(_ value: JSONValue) -> [UInt8] {
        switch format {
        case .json: bytes(look.isTerminal ? value.indented() : value.text)
        case .jsonl: lines(value.array ?? [value])
        case .csv: csv(value)
        case .table: bytes((value.records ?? [value]).map(table).joined(separator: "\n"), end: "")
        case .vertical: bytes((value.records ?? [value]).map(vertical).joined(separator: "\n"), end: "")
        }
    }

    /// Objects with these members; other members are in JSON only.
    func rows(_ rows: [JSONValue], columns: [String]) -> [UInt8] {
        switch format {
        case .json: document(.array(rows))
        case .jsonl: lines(rows)
        case .csv: csv(rows, columns)
        case .table: bytes(table(rows, columns), end: "")
        case .vertical: bytes(vertical(rows, columns), end: "")
        }
    }

    private func bytes(_ text: String, end: String = "\n") -> [UInt8] { Array((text + end).utf8) }

    private func lines(_ values: [JSONValue]) -> [UInt8] {
        var writer = JSONWriter()
        for value in values {
            value.write(to: &writer)
            writer.raw("\n")
        }
        return writer.bytes
    }

    // MARK: CSV

    private func csv(_ value: JSONValue) -> [UInt8] {
        if let records = value.records { return csv(records, records.memberNames) }
        if value.members != nil { return csv([value], [value].memberNames) }
        let rows = (value.array ?? [value]).map { JSONValue.object([JSONValue.Member("value", $0)]) }
        return csv(rows, ["value"])
    }

    private func csv(_ rows: [JSONValue], _ columns: [String]) -> [UInt8] {
        var writer = JSONWriter()
        CSV.line(columns, to: &writer)
        for row in rows { CSV.line(columns.map { row[$0] }, to: &writer) }
        return writer.bytes
    }

    // MARK: Tables

    private func table(_ value: JSONValue) -> String {
        guard let members = value.members else { return vertical(value) }
        return DocumentTable(members: members, look: look).lines().text
    }

    private func table(_ rows: [JSONValue], _ columns: [String]) -> String {
        Table(records: rows, columns: columns).lines(look).text + RowCount(rows.count).text
    }

    private func vertical(_ value: JSONValue) -> String {
        guard let members = value.members else {
            return (value.array ?? [value]).map { Cell($0).shown(look.signs) + "\n" }.joined()
        }
        return VerticalText(look: look).block(members.flatMap(\.verticalPairs))
    }

    private func vertical(_ rows: [JSONValue], _ columns: [String]) -> String {
        guard !rows.isEmpty else { return RowCount(0).text }
        let text = VerticalText(look: look)
        return rows.enumerated().map { place, row in
            text.block(place + 1, columns.map { (name: $0, cell: Cell(row[$0])) })
        }.joined()
    }
}

/// The line under a table: `(3 rows)`.
struct RowCount {
    let text: String
    init(_ count: Int) { text = count == 1 ? "(1 row)\n" : "(\(count) rows)\n" }
}

extension [Line] {
    var text: String { map { $0.text + "\n" }.joined() }
}

extension JSONValue.Member {
    /// One line, or one for each object of a list: `fields 1`, `fields 2`.
    fileprivate var verticalPairs: [(name: String, cell: Cell)] {
        guard let records = value.records else { return [(name, Cell(value))] }
        return records.enumerated().map { ("\(name) \($0.offset + 1)", Cell($0.element)) }
    }
}
