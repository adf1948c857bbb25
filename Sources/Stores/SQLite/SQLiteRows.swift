import CSQLite
import JSON
import Model

/// Records on their way out of a table, as a statement hands out its rows.
struct SQLiteRows {
    /// The columns that the statement must select, in this order.
    let selection: String
    /// The number of the row taken last.
    private(set) var last: Int64?

    private let table: SQLiteTable
    private let keyColumn: Int32
    private let fields: [SQLitePart]
    private let vectors: [SQLitePart]
    private let rest: SQLitePart?
    private var absence: SQLiteAbsence
    private var builder: BatchBuilder

    init(_ table: SQLiteTable, _ wanted: Projection) {
        self.table = table
        let columns = table.columns
        var selected = [columns.row]
        func select(_ name: String) -> Int32 {
            selected.append(name)
            return Int32(selected.count - 1)
        }
        keyColumn = columns.key == columns.row ? 0 : select(columns.key)
        absence = SQLiteAbsence(column: columns.absent.map(select))
        fields = zip(table.collection.fields, columns.fields)
            .filter { field, _ in wanted.fields?.contains(field.name) ?? true }
            .map { field, name in SQLitePart(.init(field.type), name, select(name)) }
        rest = wanted.rest ? columns.rest.map { SQLitePart(.text, $0, select($0)) } : nil
        vectors = zip(table.collection.vectors, columns.vectors)
            .filter { vector, _ in wanted.vectors?.contains(vector.name) ?? true }
            .map { vector, name in SQLitePart(.init(vector), name, select(name)) }
        selection = selected.map(\.quoted).joined(separator: ", ")
        builder = BatchBuilder(wanted.shape(of: table.collection))
    }

    var batch: Batch { builder.batch() }

    /// Takes rows until there are no more, or the next would exceed so many bytes; the first is taken whatever it has.
    mutating func take(_ statement: SQLiteStatement, atMost bytes: Int) throws(StoreError) {
        var left = bytes
        while try statement.step() {
            left -= size(statement)
            if left < 0, last != nil { return }
            try append(statement)
        }
    }

    /// What ``Batch/byteCount`` will count.
    private func size(_ statement: SQLiteStatement) -> Int {
        var size = 16
        for part in fields { size += part.size(statement) }
        for part in vectors { size += part.size(statement) }
        return size + (rest?.size(statement) ?? 0)
    }

    private mutating func append(_ statement: SQLiteStatement) throws(StoreError) {
        last = statement.integer(0)
        builder.keys.append(try table.key(statement, keyColumn))
        for (place, part) in fields.enumerated() where !part.append(statement, to: &builder.fields[place], &absence) {
            throw malformed(part, statement)
        }
        for (place, part) in vectors.enumerated() where !part.append(statement, to: &builder.vectors[place], &absence) {
            throw malformed(part, statement)
        }
        guard let rest, builder.rest != nil else { return }
        if statement.type(rest.column) == SQLITE_NULL {
            builder.rest?.append(missing: .absent)
        } else {
            builder.rest?.append(bytes: statement.bytes(rest.column))
        }
    }

    private func malformed(_ part: SQLitePart, _ statement: SQLiteStatement) -> StoreError {
        StoreError(
            .malformed,
            "column \"\(part.name)\" of table \"\(table.name)\" holds no \(part.kind.words) in row \(statement.integer(0))",
            help: "mend or delete that row; something else than vecsh wrote it")
    }
}

/// A column of a statement, and what is read from it.
struct SQLitePart: Sendable {
    enum Kind: Equatable {
        case truth, integer, real, text, sparse
        case multi(stride: Int)
        case dense(stride: Int)
    }

    let kind: Kind
    let name: String
    let column: Int32
    private let label: Text

    init(_ kind: Kind, _ name: String, _ column: Int32) {
        self.kind = kind
        self.name = name
        self.column = column
        label = Text(name)
    }

    fileprivate func size(_ statement: SQLiteStatement) -> Int {
        switch kind {
        case .truth: 1
        case .integer, .real: 8
        case .text, .sparse, .multi: statement.size(column) + 8
        case .dense(let stride): stride
        }
    }

    /// False if the value is none that a collection of ours can hold here.
    fileprivate func append(
        _ statement: SQLiteStatement, to values: inout ColumnBuilder, _ absence: inout SQLiteAbsence
    ) -> Bool {
        switch (statement.type(column), kind) {
        case (SQLITE_NULL, _): values.append(missing: absence.holds(label, statement) ? .absent : .null)
        case (SQLITE_INTEGER, .truth):
            let value = statement.integer(column)
            guard 0...1 ~= value else { return false }
            values.append(value == 1)
        case (SQLITE_INTEGER, .integer): values.append(statement.integer(column))
        case (SQLITE_FLOAT, .real), (SQLITE_INTEGER, .real): values.append(statement.double(column))
        case (SQLITE_TEXT, .text): values.append(bytes: statement.bytes(column))
        case (SQLITE_BLOB, .dense), (SQLITE_BLOB, .multi), (SQLITE_BLOB, .sparse):
            return append(statement.bytes(column), to: &values)
        default: return false
        }
        return true
    }

    private func append(_ bytes: UnsafeBufferPointer<UInt8>, to values: inout ColumnBuilder) -> Bool {
        switch kind {
        case .dense(let stride):
            guard bytes.count == stride else { return false }
            values.append(dense: bytes)
        case .multi(let stride):
            guard bytes.count.isMultiple(of: stride) else { return false }
            values.append(bytes: bytes)
        default:
            guard bytes.count.isMultiple(of: 8) else { return false }
            let words = UnsafeRawBufferPointer(bytes)
            let half = bytes.count / 2
            func word(_ at: Int) -> UInt32 { words.loadUnaligned(fromByteOffset: at, as: UInt32.self).littleEndian }
            values.append(
                indices: stride(from: 0, to: half, by: 4).lazy.map(word),
                weights: stride(from: half, to: 2 * half, by: 4).lazy.map { Float(bitPattern: word($0)) })
        }
        return true
    }
}

extension SQLitePart.Kind {
    fileprivate init(_ type: FieldType) {
        switch type {
        case .bool: self = .truth
        case .int8, .int16, .int32, .int64, .timestamp: self = .integer
        case .float, .double: self = .real
        case .text, .json, .array: self = .text
        }
    }

    fileprivate init(_ vector: VectorField) {
        switch vector.layout {
        case .dense: self = .dense(stride: vector.stride)
        case .multi: self = .multi(stride: max(1, vector.stride))
        case .sparse: self = .sparse
        }
    }

    fileprivate var words: String {
        switch self {
        case .truth: "0 or 1"
        case .integer: "integer"
        case .real: "number"
        case .text: "text"
        case .sparse: "sparse vector"
        case .multi(let stride): "vectors of \(stride) bytes each"
        case .dense(let stride): "vector of \(stride) bytes"
        }
    }
}

/// The columns that are absent in the row that stands ready; neighbours often lack the same.
private struct SQLiteAbsence {
    let column: Int32?
    private var list: [UInt8] = []
    private var names: Set<Text> = []

    init(column: Int32?) { self.column = column }

    mutating func holds(_ name: Text, _ statement: SQLiteStatement) -> Bool {
        guard let column, statement.type(column) == SQLITE_TEXT else { return false }
        let bytes = statement.bytes(column)
        if !list.elementsEqual(bytes) {
            list = Array(bytes)
            let elements = (try? JSONValue(list))?.array ?? []
            names = Set(elements.compactMap { $0.string.map { Text($0) } })
        }
        return names.contains(name)
    }
}
