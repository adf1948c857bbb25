import CSQLite
import Model

/// How keys are spelled: integers as such, larger ones as twenty digits of text, UUIDs as text in small letters.
extension SQLiteValue {
    init(_ key: Key) {
        switch key {
        case .integer(let value): self = .integer(value)
        case .natural(let value):
            let digits = String(value)
            self = .text(String(repeating: "0", count: 20 - digits.count) + digits)
        case .uuid(let value): self = .text(value.utf8)
        case .text(let text): self = .text(text.utf8)
        }
    }
}

extension SQLiteTable {
    /// The key in a column of the row that stands ready.
    func key(_ statement: SQLiteStatement, _ column: Int32) throws(StoreError) -> Key {
        let isInteger = statement.type(column) == SQLITE_INTEGER
        let key: Key? =
            switch collection.key.type {
            case .int64: .integer(statement.integer(column))
            case .text: .text(Text(utf8: Array(statement.bytes(column))))
            case .uuid: UUID(statement.bytes(column)).map(Key.uuid)
            case .uint64, .id:
                isInteger ? .integer(statement.integer(column)) : Key(spelling: statement.bytes(column))
            }
        guard let key, collection.key.type.accepts(key) else {
            throw StoreError(
                .malformed, "a row of table \"\(name)\" has the key \"\(statement.string(column))\"",
                help: "\(collection.name) has keys of type \(collection.key.type); mend or delete the row")
        }
        return key
    }
}

extension Key {
    fileprivate init?(spelling bytes: UnsafeBufferPointer<UInt8>) {
        let key =
            bytes.count == 20
            ? UInt64(String(decoding: bytes, as: UTF8.self)).map(Key.init(natural:))
            : UUID(bytes).map(Key.uuid)
        guard let key else { return nil }
        self = key
    }
}
