import CSQLite
import Model

/// A value of a parameter.
enum SQLiteValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text([UInt8])
    case blob([UInt8])

    static func text(_ string: String) -> SQLiteValue { .text(Array(string.utf8)) }
}

/// A prepared statement; columns count from 0, parameters from 1.
final class SQLiteStatement {
    let handle: OpaquePointer
    private unowned let connection: SQLiteConnection

    init(_ sql: String, _ connection: SQLiteConnection) throws(StoreError) {
        var handle: OpaquePointer?
        let code = sqlite3_prepare_v3(
            connection.handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard let handle else { throw connection.failure(code) }
        self.handle = handle
        self.connection = connection
    }

    deinit { sqlite3_finalize(handle) }

    /// Whether a row stands ready.
    func step() throws(StoreError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw connection.failure(code)
        }
    }

    func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    func check(_ code: Int32) throws(StoreError) {
        guard code == SQLITE_OK else { throw connection.failure(code) }
    }

    func bind(_ values: [SQLiteValue], from first: Int = 1) throws(StoreError) {
        for (index, value) in values.enumerated() { try check(bind(value, at: Int32(index + first))) }
    }

    func bind(_ value: SQLiteValue, at index: Int32) -> Int32 {
        switch value {
        case .null: sqlite3_bind_null(handle, index)
        case .integer(let value): sqlite3_bind_int64(handle, index, value)
        case .real(let value): sqlite3_bind_double(handle, index, value)
        case .text(let bytes):
            bytes.withPointer {
                sqlite3_bind_text64(handle, index, $0, UInt64(bytes.count), copied, UInt8(SQLITE_UTF8))
            }
        case .blob(let bytes):
            bytes.withPointer { sqlite3_bind_blob64(handle, index, $0, UInt64(bytes.count), copied) }
        }
    }

    // MARK: The row that stands ready

    @inline(__always) func type(_ column: Int32) -> Int32 { sqlite3_column_type(handle, column) }
    @inline(__always) func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
    @inline(__always) func double(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }
    @inline(__always) func size(_ column: Int32) -> Int { Int(sqlite3_column_bytes(handle, column)) }

    /// The bytes of a text or a blob, until the next step.
    @inline(__always) func bytes(_ column: Int32) -> UnsafeBufferPointer<UInt8> {
        let start = sqlite3_column_blob(handle, column)
        return UnsafeBufferPointer(
            start: start?.assumingMemoryBound(to: UInt8.self), count: start == nil ? 0 : size(column))
    }

    func string(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }
}

/// Tells SQLite to take a copy of a value that is bound.
private let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

extension [UInt8] {
    /// Never nil, as SQLite takes a null pointer for NULL.
    fileprivate func withPointer(_ body: (UnsafePointer<CChar>?) -> Int32) -> Int32 {
        withUnsafeBytes {
            body(($0.baseAddress ?? UnsafeRawPointer(nowhere.utf8Start)).assumingMemoryBound(to: CChar.self))
        }
    }
}

/// Where nothing is read, as no bytes are asked for.
let nowhere: StaticString = ""
