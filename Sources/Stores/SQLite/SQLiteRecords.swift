import CSQLite
import JSON
import Model

/// Records on their way into a table.
extension SQLiteConnection {
    /// Inserts or replaces by key; the values are bound where they lie, without a copy.
    func insert(_ batch: Batch, into table: SQLiteTable) throws(StoreError) {
        let statement = try prepared(table.upsert)
        defer { statement.reset() }
        let absent = SQLiteAbsentNames(batch, table.columns)
        let fields = zip(table.collection.fields, batch.fields).map { SQLiteStored($1, isText: $0.type.isText) }
        let rest = SQLiteStored(batch.rest ?? .absent(batch.count), isText: true)
        let vectors = zip(table.collection.vectors, batch.vectors).map { SQLiteStored($1, stride: $0.stride) }
        let stored = fields + (table.columns.rest == nil ? [] : [rest])
        try stored.withSources { before throws(StoreError) in
            try vectors.withSources { behind throws(StoreError) in
                for row in 0..<batch.count {
                    try statement.bindRow(batch.keys[row], before, absent.value(row), behind, row)
                    if sqlite3_step(statement.handle) != SQLITE_DONE { throw refusal(of: batch, row) }
                    sqlite3_reset(statement.handle)
                }
            }
        }
    }

    private func refusal(of batch: Batch, _ row: Int) -> StoreError {
        let error = failure(sqlite3_extended_errcode(handle))
        return error.code == .rejected ? batch.refusal(row, error.message) : error
    }
}

extension SQLiteStatement {
    fileprivate func bindRow(
        _ key: Key, _ before: [SQLiteSource], _ absent: SQLiteValue?, _ behind: [SQLiteSource], _ row: Int
    ) throws(StoreError) {
        var at: Int32 = 1
        try check(bind(SQLiteValue(key), at: at))
        for source in before {
            at += 1
            try check(source.bind(row, to: handle, at: at))
        }
        if let absent {
            at += 1
            try check(bind(absent, at: at))
        }
        for source in behind {
            at += 1
            try check(source.bind(row, to: handle, at: at))
        }
    }
}

/// Which columns of a row are absent, as the catalog's readers find it: a JSON array of their names.
private struct SQLiteAbsentNames {
    private let hasColumn: Bool
    private let candidates: [(Column, [UInt8])]

    init(_ batch: Batch, _ columns: SQLiteColumns) {
        hasColumn = columns.absent != nil
        candidates = zip(batch.fields + batch.vectors, columns.fields + columns.vectors).compactMap { column, name in
            guard column.marks.contains(.absent) else { return nil }
            var json = JSONWriter()
            json.string(name)
            return (column, json.bytes)
        }
    }

    /// Nil if the table has no place for it.
    func value(_ row: Int) -> SQLiteValue? {
        guard hasColumn else { return nil }
        guard candidates.contains(where: { $0.0.mark(row) == .absent }) else { return .null }
        var json = JSONWriter()
        json.list(candidates.lazy.filter { $0.0.mark(row) == .absent }) { $0.raw($1.1) }
        return .text(json.bytes)
    }
}

/// A column of a batch in the form in which SQLite stores it.
private struct SQLiteStored {
    private let column: Column
    private let isText: Bool
    private let stride: Int

    init(_ column: Column, isText: Bool) {
        self.column = column
        self.isText = isText
        stride = 0
    }

    /// Sparse vectors become their indices, then their values.
    init(_ column: Column, stride: Int) {
        self.stride = stride
        isText = false
        guard case .sparse(let indices, let weights) = column.values else {
            self.column = column
            return
        }
        var bytes = Ragged<UInt8>()
        bytes.elements.reserveCapacity(weights.count * 8)
        for row in 0..<indices.count {
            for index in indices[row] { bytes.elements.append(littleEndian: index) }
            for weight in weights[indices.range(of: row)] { bytes.elements.append(littleEndian: weight.bitPattern) }
            bytes.ends.append(bytes.elements.count)
        }
        self.column = Column(.bytes(bytes), marks: column.marks)
    }

    func withSource(_ body: (SQLiteSource) throws(StoreError) -> Void) throws(StoreError) {
        try column.marks.withUnsafeBufferPointer { marks throws(StoreError) in
            switch column.values {
            case .bools(let values):
                try values.withUnsafeBufferPointer { values throws(StoreError) in
                    try body(SQLiteSource(.bools(values), marks))
                }
            case .integers(let values):
                try values.withUnsafeBufferPointer { values throws(StoreError) in
                    try body(SQLiteSource(.integers(values), marks))
                }
            case .floats(let values):
                try values.withUnsafeBufferPointer { values throws(StoreError) in
                    try body(SQLiteSource(.doubles(values), marks))
                }
            case .bytes(let rows), .multi(let rows):
                try rows.elements.withUnsafeBufferPointer { bytes throws(StoreError) in
                    try body(SQLiteSource(isText ? .texts(rows.ends, bytes) : .blobs(rows.ends, bytes), marks))
                }
            case .dense(let bytes):
                try bytes.withUnsafeBufferPointer { bytes throws(StoreError) in
                    try body(SQLiteSource(.dense(bytes, stride: stride), marks))
                }
            case .sparse: preconditionFailure("stored as bytes")
            }
        }
    }
}

extension [SQLiteStored] {
    /// Runs `body` while the memory of every column stays where it is.
    fileprivate func withSources(
        _ body: ([SQLiteSource]) throws(StoreError) -> Void
    ) throws(StoreError) {
        try Self.descend(self[...], [], body)
    }

    private static func descend(
        _ columns: ArraySlice<SQLiteStored>, _ found: [SQLiteSource],
        _ body: ([SQLiteSource]) throws(StoreError) -> Void
    ) throws(StoreError) {
        guard let column = columns.first else { return try body(found) }
        try column.withSource { source throws(StoreError) in
            try descend(columns.dropFirst(), found + [source], body)
        }
    }
}

/// The memory of a column's values, for as long as it stays where it is.
private struct SQLiteSource {
    enum Values {
        case bools(UnsafeBufferPointer<Bool>)
        case integers(UnsafeBufferPointer<Int64>)
        case doubles(UnsafeBufferPointer<Double>)
        case texts([Int], UnsafeBufferPointer<UInt8>)
        case blobs([Int], UnsafeBufferPointer<UInt8>)
        case dense(UnsafeBufferPointer<UInt8>, stride: Int)
    }

    private let values: Values
    private let marks: UnsafeBufferPointer<Column.Mark>

    init(_ values: Values, _ marks: UnsafeBufferPointer<Column.Mark>) {
        self.values = values
        self.marks = marks
    }

    func bind(_ row: Int, to statement: OpaquePointer, at index: Int32) -> Int32 {
        guard marks.isEmpty || marks[row] == .value else { return sqlite3_bind_null(statement, index) }
        switch values {
        case .bools(let values): return sqlite3_bind_int(statement, index, values[row] ? 1 : 0)
        case .integers(let values): return sqlite3_bind_int64(statement, index, values[row])
        case .doubles(let values): return sqlite3_bind_double(statement, index, values[row])
        case .texts(let ends, let bytes):
            let (start, count) = Self.place(row, ends, bytes)
            let text = start.assumingMemoryBound(to: CChar.self)
            return sqlite3_bind_text64(statement, index, text, UInt64(count), nil, UInt8(SQLITE_UTF8))
        case .blobs(let ends, let bytes):
            let (start, count) = Self.place(row, ends, bytes)
            return sqlite3_bind_blob64(statement, index, start, UInt64(count), nil)
        case .dense(let bytes, let stride):
            let start = UnsafeRawPointer(bytes.baseAddress)?.advanced(by: row * stride)
            return sqlite3_bind_blob64(statement, index, start, UInt64(stride), nil)
        }
    }

    private static func place(
        _ row: Int, _ ends: [Int], _ bytes: UnsafeBufferPointer<UInt8>
    ) -> (UnsafeRawPointer, Int) {
        let start = row == 0 ? 0 : ends[row - 1]
        guard let base = bytes.baseAddress else { return (UnsafeRawPointer(nowhere.utf8Start), 0) }
        return (UnsafeRawPointer(base) + start, ends[row] - start)
    }
}

extension Column {
    fileprivate static func absent(_ count: Int) -> Column {
        var builder = ColumnBuilder(.bytes)
        for _ in 0..<count { builder.append(missing: .absent) }
        return builder.column()
    }
}

extension FieldType {
    fileprivate var isText: Bool {
        switch self {
        case .text, .json, .array: true
        case .bool, .int8, .int16, .int32, .int64, .float, .double, .timestamp: false
        }
    }
}
