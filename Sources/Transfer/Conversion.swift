import JSON
import Model

/// How the values of a column are made into those of another type, exactly or not at all.
struct Conversion: Sendable {
    private enum Step: Sendable { case number, json, timestampText }

    private let step: Step
    private let field: Field
    private let writer: RecordWriter

    /// Nil where the values are kept alike already; throws where they cannot be made so.
    init?(_ field: Field, to type: FieldType) throws(JobError) {
        let shapes = (ColumnBuilder(field.type).shape, ColumnBuilder(type).shape)
        switch (field.type, type) {
        case (.json, .json), (.array, .array), (.array, .json), (.json, .array), (.text, .text): return nil
        case (_, .json): step = .json
        case (.timestamp, .text): step = .timestampText
        case _ where shapes == (.integers, .floats): step = .number
        case _ where shapes.0 == shapes.1 && shapes.0 != .bytes: return nil
        default: throw JobError("field \"\(field.name)\" is \(field.type), and the target wants \(type)")
        }
        self.field = field
        writer = RecordWriter(Collection(name: "", key: KeyField(type: .int64), fields: [field]))
    }

    /// Throws for a number that the other type does not have.
    func convert(_ column: Column, _ batch: Batch) throws(StoreError) -> Column {
        var converted = ColumnBuilder(step == .number ? .floats : .bytes)
        for row in 0..<batch.count {
            guard column.mark(row) == .value else {
                converted.append(missing: column.mark(row))
                continue
            }
            switch (step, column.values) {
            case (.number, .integers(let values)):
                guard let number = Double(exactly: values[row]) else {
                    throw batch.refusal(row, "its field \"\(field.name)\" is beyond what a fraction holds exactly")
                }
                converted.append(number)
            case (.timestampText, .integers(let values)): converted.append(bytes: Timestamp.text(values[row]).utf8)
            default:
                var json = JSONWriter()
                writer.write(field, valueOf: column, row: row, to: &json)
                converted.append(bytes: json.bytes)
            }
        }
        return converted.column()
    }
}

extension VectorField {
    /// Vectors of this field with elements of another type; throws for a number too large for it.
    func converted(_ column: Column, to element: Element, _ batch: Batch) throws(StoreError) -> Column {
        var wide = self
        wide.element = element
        var converted = ColumnBuilder(wide)
        for row in 0..<batch.count {
            guard column.mark(row) == .value else {
                converted.append(missing: column.mark(row))
                continue
            }
            var bytes: [UInt8] = []
            guard element.append(VectorNumbers(self, column, row: row).numbers, to: &bytes) else {
                throw batch.refusal(row, "its vector \"\(name)\" holds a number that \(element.rawValue) has not")
            }
            if layout == .dense { converted.append(dense: bytes) } else { converted.append(bytes: bytes) }
        }
        return converted.column()
    }
}

extension Column {
    /// Objects with these fields as members, before those that they have.
    func adding(_ fields: [(field: Field, column: Column)], count: Int) -> Column {
        let writers = fields.map { RecordWriter(Collection(name: "", key: KeyField(type: .int64), fields: [$0.field])) }
        var objects = ColumnBuilder(.bytes)
        for row in 0..<count {
            var json = JSONWriter()
            json.raw("{")
            for (writer, (field, column)) in zip(writers, fields) where column.mark(row) != .absent {
                json.name(field.name.utf8)
                writer.write(field, valueOf: column, row: row, to: &json)
            }
            let isNew = json.bytes.count == 1
            if mark(row) == .value, case .bytes(let rows) = values {
                let members = rows[row].dropFirst().dropLast()
                if !isNew, members.contains(where: { $0 > 0x20 }) { json.raw(",") }
                json.raw(members)
            }
            json.raw("}")
            if isNew, mark(row) != .value {
                objects.append(missing: mark(row))
            } else {
                objects.append(bytes: json.bytes)
            }
        }
        return objects.column()
    }
}
