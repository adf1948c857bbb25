/// A place in a store's own order of scanning; only the store that issued it can read it.
package struct Cursor: Hashable, Sendable {
    package var token: String
    package init(_ token: String) { self.token = token }
}

/// A part of a collection: what lies behind `after`, up to and with `through`.
package struct Slice: Hashable, Sendable {
    package var index: Int
    package var after: Cursor?
    package var through: Cursor?

    package init(index: Int = 0, after: Cursor? = nil, through: Cursor? = nil) {
        self.index = index
        self.after = after
        self.through = through
    }

    package static let whole = Slice()
}

/// The state of a collection that is read: a timestamp, an exported snapshot, a fingerprint of files.
package struct Moment: Hashable, Sendable {
    package var token: String
    package var life: Life

    package init(token: String, life: Life) {
        self.token = token
        self.life = life
    }
}

/// How long a moment can be read: after our process has ended, while its reading is open, or not at all.
package enum Life: String, Sendable { case durable, session, none }

/// Which columns to read; nil is all, empty is none. Columns left out are missing from the batch's arrays.
package struct Projection: Hashable, Sendable {
    package var vectors: Set<String>?
    package var fields: Set<String>?
    /// Whether to read what lies beyond the declared fields.
    package var rest: Bool

    package init(vectors: Set<String>? = nil, fields: Set<String>? = nil, rest: Bool = true) {
        self.vectors = vectors
        self.fields = fields
        self.rest = rest
    }

    package static let all = Projection()
    package static let keys = Projection(vectors: [], fields: [], rest: false)

    /// The shape of the batches that this projection yields.
    package func shape(of collection: Collection) -> Collection {
        var shape = collection
        if let vectors { shape.vectors.removeAll { !vectors.contains($0.name) } }
        if let fields { shape.fields.removeAll { !fields.contains($0.name) } }
        shape.isOpen = collection.isOpen && rest
        return shape
    }
}

package struct Scan: Hashable, Sendable {
    /// Resumed by moving `slice.after`.
    package var slice: Slice
    /// Only conjuncts that the reading answers.
    package var filter: Filter?
    package var wanted: Projection
    package var budget: Budget

    package init(
        slice: Slice = .whole, filter: Filter? = nil, wanted: Projection = .all, budget: Budget = Budget()
    ) {
        self.slice = slice
        self.filter = filter
        self.wanted = wanted
        self.budget = budget
    }
}

/// A run of records and the place just behind it; an empty page is not the end, nil is.
package struct Page: Hashable, Sendable {
    package var batch: Batch
    package var end: Cursor

    package init(batch: Batch, end: Cursor) {
        self.batch = batch
        self.end = end
    }
}

/// Records that a store counts and cannot hand out: counted and named, and never skipped in silence.
package struct Unread: Hashable, Sendable {
    package var count: Int
    /// Of some of them.
    package var keys: [Key]

    package static let mostKeys = 10

    package init(count: Int = 0, keys: [Key] = []) {
        self.count = count
        self.keys = keys
    }

    package static func + (a: Unread, b: Unread) -> Unread {
        Unread(count: a.count + b.count, keys: Array((a.keys + b.keys).prefix(mostKeys)))
    }

    /// What is said of them behind their number.
    package var words: String {
        guard !keys.isEmpty else { return "cannot be read" }
        let rest = count > keys.count ? " …" : ""
        return "cannot be read, with the keys " + keys.map(\.description).joined(separator: ", ") + rest
    }
}
