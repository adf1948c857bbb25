import JSON
import Model

/// Records as the lines of `rows.jsonl`.
struct ArchiveLineWriter {
    private let collection: Collection
    private let writer: RecordWriter

    init(_ collection: Collection) {
        self.collection = collection
        writer = RecordWriter(collection.withoutDense)
    }

    /// The lines of these rows, each with its end; throws if one could not be read again as what it is.
    func lines(_ batch: Batch, _ rows: [Int]) throws(StoreError) -> Ragged<UInt8> {
        let vectors = zip(collection.vectors, batch.vectors)
        var plain = batch
        plain.vectors = vectors.filter { $0.0.layout != .dense }.map(\.1)
        try checkJSON(batch, rows)
        let dense = vectors.filter { $0.0.layout == .dense && !$0.1.marks.isEmpty }
        var json = JSONWriter()
        var ends: [Int] = []
        for row in rows {
            let leading = Self.leading(batch.partition, dense.map { ($0.0.name, $0.1.mark(row)) })
            writer.writeLine(plain, row: row, leading: leading, to: &json)
            ends.append(json.bytes.count)
        }
        let lines = Ragged(ends: ends, elements: json.bytes)
        try check(lines, batch, rows)
        return lines
    }

    private static func leading(
        _ partition: String?, _ marks: [(name: String, mark: Column.Mark)]
    ) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        if let partition { members.append(JSONValue.Member("partition", .string(partition))) }
        for (name, mark) in [("null", Column.Mark.null), ("absent", .absent)] {
            let names = marks.filter { $0.mark == mark }.map { JSONValue.string($0.name) }
            if !names.isEmpty { members.append(JSONValue.Member(name, .array(names))) }
        }
        return members
    }

    /// JSON that a field or the rest carries is copied as it is, and checked nowhere else.
    private func checkJSON(_ batch: Batch, _ rows: [Int]) throws(StoreError) {
        for (field, column) in zip(collection.fields, batch.fields) {
            switch field.type {
            case .json, .array: try checkJSON(column, batch, rows, "its field \"\(field.name)\" is no JSON")
            default: continue
            }
        }
        guard let rest = batch.rest else { return }
        try checkJSON(rest, batch, rows, "its other fields are no JSON object") { $0 == UInt8(ascii: "{") }
    }

    private func checkJSON(
        _ column: Column, _ batch: Batch, _ rows: [Int], _ complaint: String,
        beginsWell: (UInt8) -> Bool = { _ in true }
    ) throws(StoreError) {
        guard case .bytes(let values) = column.values else { return }
        let broken = values.elements.withUnsafeBufferPointer { elements in
            rows.first { row in
                guard column.mark(row) == .value else { return false }
                let value = UnsafeBufferPointer(rebasing: elements[values.range(of: row)])
                return !(value.first.map(beginsWell) ?? false) || !JSONScanner.isValue(value)
            }
        }
        if let broken { throw batch.refusal(broken, complaint) }
    }

    /// A line that cannot be read again is a record lost.
    private func check(_ lines: Ragged<UInt8>, _ batch: Batch, _ rows: [Int]) throws(StoreError) {
        var reader = ArchiveLineReader(collection, wanted: Projection(vectors: nil))
        var at = 0
        do {
            try lines.elements.withUnsafeBufferPointer { buffer throws(JSONError) in
                while at < lines.count {
                    try reader.append(UnsafeBufferPointer(rebasing: buffer[lines.range(of: at)]))
                    at += 1
                }
            }
        } catch {
            throw batch.refusal(rows[at], error.message)
        }
    }
}

extension JSONScanner {
    fileprivate static func isValue(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var scanner = JSONScanner(text)
        do {
            try scanner.skip()
            try scanner.finish()
            return true
        } catch {
            return false
        }
    }
}
