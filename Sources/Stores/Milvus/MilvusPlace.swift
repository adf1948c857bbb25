import Model

/// A place in the order in which a collection is read: by partitions, and by keys in each.
struct MilvusPlace: Hashable, Sendable {
    enum Spot: Hashable, Sendable { case start, key(Key), end }
    /// Empty where a collection is read as one.
    var partition: String
    var spot: Spot

    var cursor: Cursor {
        let word =
            switch spot {
            case .start: ""
            case .key(let key): key.token
            case .end: "$"
            }
        return Cursor("\(partition)/\(word)")
    }

    init(_ partition: String, _ spot: Spot) { (self.partition, self.spot) = (partition, spot) }

    init(_ cursor: Cursor, in name: String) throws(StoreError) {
        // By scalars: a key may begin with a mark that would join the stroke before it.
        let scalars = cursor.token.unicodeScalars
        guard let stroke = scalars.firstIndex(of: "/") else { throw MilvusPlace.wrong(cursor, name) }
        partition = String(scalars[..<stroke])
        let word = String(scalars[scalars.index(after: stroke)...])
        switch word {
        case "": spot = .start
        case "$": spot = .end
        default:
            guard let key = Key(token: word) else { throw MilvusPlace.wrong(cursor, name) }
            spot = .key(key)
        }
    }

    var key: Key? { if case .key(let key) = spot { key } else { nil } }

    private static func wrong(_ cursor: Cursor, _ name: String) -> StoreError {
        StoreError(.malformed, "\"\(cursor.token)\" is no place in \(name)", help: "start anew")
    }
}
