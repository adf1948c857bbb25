import JSON

/// Records as JSON text, in the shape that ``RecordReader`` takes.
package struct RecordWriter: Sendable {
    private let shape: Collection

    /// `shape` is that of the batches, as a projection leaves it.
    package init(_ shape: Collection) { self.shape = shape }

    /// Appends one record as an object; `leading` are members that come first.
    package func write(
        _ batch: Batch, row: Int, leading: [JSONValue.Member] = [], to writer: inout JSONWriter
    ) {
        writer.raw("{")
        for member in leading {
            writer.name(member.name.utf8)
            member.value.write(to: &writer)
        }
        writer.name("key".utf8)
        write(batch.keys[row], to: &writer)
        writer.raw(#","vectors":{"#)
        for (place, vector) in shape.vectors.enumerated() {
            write(vector, batch.vectors[place], row: row, to: &writer)
        }
        writer.raw(#"},"fields":{"#)
        writeFields(batch, row: row, to: &writer)
        writer.raw("}}")
    }

    /// Appends one record as a line of its own, whatever blanks stand in the JSON that it carries.
    package func writeLine(
        _ batch: Batch, row: Int, leading: [JSONValue.Member] = [], to writer: inout JSONWriter
    ) {
        let start = writer.bytes.count
        write(batch, row: row, leading: leading, to: &writer)
        // In a text they are escaped.
        for at in start..<writer.bytes.count where writer.bytes[at] == 0x0A || writer.bytes[at] == 0x0D {
            writer.bytes[at] = 0x20
        }
        writer.raw("\n")
    }

    /// Appends the fields of one record as members of the object that has been begun.
    package func writeFields(_ batch: Batch, row: Int, to writer: inout JSONWriter) {
        for (place, field) in shape.fields.enumerated() { write(field, batch.fields[place], row: row, to: &writer) }
        if let rest = batch.rest { write(rest: rest, row: row, to: &writer) }
    }

    package func write(_ key: Key, to writer: inout JSONWriter) {
        switch key {
        case .integer(let value): writer.integer(value)
        case .natural(let value): writer.integer(value)
        case .uuid: writer.string(key.description)
        case .text(let text): writer.string(text.utf8)
        }
    }

    private func write(_ vector: VectorField, _ column: Column, row: Int, to writer: inout JSONWriter) {
        guard column.mark(row) != .absent else { return }
        writer.name(vector.name.utf8)
        write(vector, valueOf: column, row: row, to: &writer)
    }

    /// Appends the value of one vector, `null` if it has none.
    package func write(_ vector: VectorField, valueOf column: Column, row: Int, to writer: inout JSONWriter) {
        guard column.mark(row) == .value else { return writer.raw("null") }
        switch column.values {
        case .dense(let bytes):
            bytes.withUnsafeBytes {
                write(
                    vector, UnsafeRawBufferPointer(rebasing: $0[row * vector.stride..<(row + 1) * vector.stride]),
                    to: &writer)
            }
        case .multi(let rows): writeMulti(vector, Array(rows[row]), to: &writer)
        case .sparse(let indices, let weights):
            writer.raw(#"{"indices":"#)
            writer.list(indices[row]) { $0.integer($1) }
            writer.raw(#","values":"#)
            writer.list(weights[indices.range(of: row)]) { $0.float($1) }
            writer.raw("}")
        case .bools, .integers, .floats, .bytes: preconditionFailure("no vector is kept like this")
        }
    }

    private func writeMulti(_ vector: VectorField, _ bytes: [UInt8], to writer: inout JSONWriter) {
        bytes.withUnsafeBytes { buffer in
            writer.list(stride(from: 0, to: buffer.count, by: max(1, vector.stride))) { writer, start in
                write(vector, UnsafeRawBufferPointer(rebasing: buffer[start..<start + vector.stride]), to: &writer)
            }
        }
    }

    private func write(_ vector: VectorField, _ bytes: UnsafeRawBufferPointer, to writer: inout JSONWriter) {
        writer.list(0..<(vector.dimension ?? 0)) { $0.float(vector.element.float(bytes, at: $1)) }
    }

    private func write(_ field: Field, _ column: Column, row: Int, to writer: inout JSONWriter) {
        guard column.mark(row) != .absent else { return }
        writer.name(field.name.utf8)
        write(field, valueOf: column, row: row, to: &writer)
    }

    /// Appends the value of one field, `null` if it has none.
    package func write(_ field: Field, valueOf column: Column, row: Int, to writer: inout JSONWriter) {
        guard column.mark(row) == .value else { return writer.raw("null") }
        switch column.values {
        case .bools(let values): writer.bool(values[row])
        case .integers(let values) where field.type == .timestamp: writer.string(Timestamp.text(values[row]))
        case .integers(let values): writer.integer(values[row])
        case .floats(let values) where field.type == .float: writer.float(Float(values[row]))
        case .floats(let values): writer.double(values[row])
        case .bytes(let rows):
            if case .text = field.type { writer.string(rows[row]) } else { writer.raw(rows[row]) }
        case .dense, .multi, .sparse: preconditionFailure("no field is kept like this")
        }
    }

    /// Splices the members of the row's object in behind those that are there.
    private func write(rest: Column, row: Int, to writer: inout JSONWriter) {
        guard rest.mark(row) == .value, case .bytes(let rows) = rest.values else { return }
        let members = rows[row].dropFirst().dropLast()
        guard members.contains(where: { $0 > 0x20 }) else { return }
        if writer.bytes.last != UInt8(ascii: "{") { writer.raw(",") }
        writer.raw(members)
    }
}

extension JSONWriter {
    /// An array of what `write` appends for each item.
    package mutating func list<Item>(_ items: some Sequence<Item>, _ write: (inout JSONWriter, Item) -> Void) {
        raw("[")
        var isFirst = true
        for item in items {
            if !isFirst { raw(",") }
            isFirst = false
            write(&self, item)
        }
        raw("]")
    }
}
