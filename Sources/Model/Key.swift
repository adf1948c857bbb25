/// Identifies one record of a collection; every key has one legal spelling.
package enum Key: Hashable, Sendable {
    case integer(Int64)
    /// Only above `Int64.max`.
    case natural(UInt64)
    /// Only where the key field holds UUIDs.
    case uuid(UUID)
    case text(Text)

    package init(natural: UInt64) { self = Int64(exactly: natural).map(Key.integer) ?? .natural(natural) }
}

extension Key: Comparable {
    package static func < (a: Key, b: Key) -> Bool {
        switch (a, b) {
        case (.integer(let a), .integer(let b)): a < b
        case (.natural(let a), .natural(let b)): a < b
        case (.uuid(let a), .uuid(let b)): a < b
        case (.text(let a), .text(let b)): a < b
        default: a.rank < b.rank
        }
    }

    private var rank: Int {
        switch self {
        case .integer: 0
        case .natural: 1
        case .uuid: 2
        case .text: 3
        }
    }
}

extension Key: CustomStringConvertible {
    package var description: String {
        switch self {
        case .integer(let value): String(value)
        case .natural(let value): String(value)
        case .uuid(let value): value.description
        case .text(let value): value.description
        }
    }
}

/// What may stand in a key field.
package enum KeyType: Hashable, Sendable {
    case int64, uint64, uuid
    /// Qdrant's: an unsigned integer or a UUID.
    case id
    /// At most this many bytes of UTF-8; nil is no limit.
    case text(maxLength: Int?)

    package func accepts(_ key: Key) -> Bool {
        switch (self, key) {
        case (.int64, .integer), (.uuid, .uuid), (.id, .uuid): true
        case (.uint64, .integer(let value)), (.id, .integer(let value)): value >= 0
        case (.uint64, .natural), (.id, .natural): true
        case (.text(let limit), .text(let value)): value.utf8.count <= limit ?? .max
        default: false
        }
    }

    /// The key that this text spells, or nil if it spells none of this type.
    package func key(spelled text: String) -> Key? {
        let key: Key? =
            switch self {
            case .int64: Int64(text).map(Key.integer)
            case .uint64: UInt64(text).map(Key.init(natural:))
            case .uuid: UUID(text.utf8).map(Key.uuid)
            case .id: UInt64(text).map(Key.init(natural:)) ?? UUID(text.utf8).map(Key.uuid)
            case .text: .text(Text(text))
            }
        return key.flatMap { accepts($0) ? $0 : nil }
    }
}

extension KeyType: CustomStringConvertible {
    package var description: String {
        switch self {
        case .int64: "int64"
        case .uint64: "uint64"
        case .uuid: "uuid"
        case .id: "id"
        case .text(let limit): limit.map { "text(\($0))" } ?? "text"
        }
    }

    package init?(_ spelling: String) {
        switch spelling {
        case "int64": self = .int64
        case "uint64": self = .uint64
        case "uuid": self = .uuid
        case "id": self = .id
        default:
            guard case .text(let limit)? = FieldType(spelling) else { return nil }
            self = .text(maxLength: limit)
        }
    }
}

/// A spelling that tells the kinds of keys apart: for cursors and files.
extension Key {
    package var token: String {
        switch self {
        case .integer, .natural: "n\(self)"
        case .uuid: "u\(self)"
        case .text: "t\(self)"
        }
    }

    package init?(token: String) {
        // By scalars: a key may begin with a mark that would join the letter before it.
        let spelling = String(token.unicodeScalars.dropFirst())
        let type: KeyType
        switch token.unicodeScalars.first {
        case "n": type = spelling.hasPrefix("-") ? .int64 : .uint64
        case "u": type = .uuid
        case "t": type = .text(maxLength: nil)
        default: return nil
        }
        guard let key = type.key(spelled: spelling) else { return nil }
        self = key
    }
}
