/// Finds nearest neighbours.
package protocol Searching: Sendable {
    /// For each query the nearest records, nearest first, by the field's own metric or another.
    func nearest(
        _ queries: Column, count: Int, field: String, in name: String, metric: Metric?, where filter: Filter?,
        limit: Int
    ) async throws(StoreError) -> [[Hit]]
}

package struct Hit: Hashable, Sendable {
    package var key: Key
    /// As the metric has it: a distance for `l2`, `l1`, `hamming`, `jaccard`, else a similarity. `l2` is the true
    /// distance, not its square.
    package var score: Float

    package init(key: Key, score: Float) {
        self.key = key
        self.score = score
    }
}

/// Builds and drops indexes.
package protocol Indexing: Sendable {
    /// The index types that may stand on a field of such a kind, with their parameters; for completion and checks.
    var kinds: [IndexKind] { get }

    /// Does nothing if an equal index exists; ``StoreError/Code/conflict`` if one of this name differs.
    func create(_ index: Index, on name: String) async throws(StoreError)
    func drop(index: String, on name: String) async throws(StoreError)
}

/// A type of index that an engine has.
package struct IndexKind: Sendable {
    package enum Subject: Sendable { case vector, field }
    package var type: String
    package var subject: Subject
    package var summary: String
    package var params: [String]

    package init(_ type: String, on subject: Subject, _ summary: String, params: [String] = []) {
        self.type = type
        self.subject = subject
        self.summary = summary
        self.params = params
    }
}

/// Second names for collections.
package protocol Aliasing: Sendable {
    /// Every alias and the collection that it stands for.
    func aliases() async throws(StoreError) -> [String: String]

    /// Makes `alias` stand for a collection, in one step wherever it pointed before; an alias may not have the name
    /// of a collection.
    func point(_ alias: String, to name: String) async throws(StoreError)
    func remove(alias: String) async throws(StoreError)
}

package protocol Renaming: Sendable {
    /// ``StoreError/Code/conflict`` if the new name is taken by a collection or an alias; aliases follow.
    func rename(_ name: String, to newName: String) async throws(StoreError)
}

/// Gives vectors and fields another type.
package protocol Altering: Sendable {
    /// From then on the part of this name is such a one, and no record has a value in it; it is nullable whatever it
    /// says. ``StoreError/Code/notFound`` if there is none of the name and kind.
    func alter(_ part: ShapePart, of name: String) async throws(StoreError)
}

/// A vector or a field.
package enum ShapePart: Hashable, Sendable {
    case vector(VectorField)
    case field(Field)

    package var name: String {
        switch self {
        case .vector(let vector): vector.name
        case .field(let field): field.name
        }
    }
}

/// Collections that can be held in memory, or must be before they are read.
package protocol Residency: Sendable {
    func load(_ name: String) async throws(StoreError)
    func release(_ name: String) async throws(StoreError)
}

/// What a store does around a job's load: settings for the time of it, a log that a file is made from. Doing either
/// twice is doing it once.
package protocol Loading: Sendable {
    func begin(_ name: String, for job: String) async throws(StoreError)
    func finish(_ name: String, for job: String) async throws(StoreError)
    /// The job stops for now: what others write from here on is none of its load.
    func pause(_ name: String) async
}

extension Loading {
    package func pause(_ name: String) {}
}

/// Gathers what was written, and is safe already, into its final form when it is told to.
package protocol Flushing: Sendable {
    func flush(_ name: String) async throws(StoreError)
}

/// Counts where reading would have to bring a collection into memory first.
package protocol Counting: Sendable {
    /// Exactly if that costs no more than a question, else as the store's own statistics have it.
    func tally(_ name: String) async throws(StoreError) -> Tally
}

/// How many records there are, and whether that is certain: statistics may still count what is deleted, and not yet what
/// is new.
package struct Tally: Hashable, Sendable {
    package var records: Int
    package var isExact: Bool

    package init(_ records: Int, isExact: Bool) {
        self.records = records
        self.isExact = isExact
    }
}

/// Collections that make up the keys of their records, so that to write twice is not to write once.
package protocol Inventing: Sendable {
    /// Removes every record whose key is in none of the ranges, and answers how many: what was written and never
    /// acknowledged. Only for a collection that one job alone writes, and while it writes nothing.
    func discard(from name: String, except ranges: [ClosedRange<Int64>]) async throws(StoreError) -> Int
}

/// Several collections behind one name, of which one is live: promoting and rolling back are both ``swap(_:)``.
package protocol Generations: Sendable {
    /// Whether the moves of one swap are seen all at once or not at all; a single move always is.
    var isAtomic: Bool { get }

    /// How even a single move of this name goes in several steps, in words for a plan; nil where it is one.
    func course(of name: String) async throws(StoreError) -> String?

    /// Whether the live name is an alias, and never a collection's own.
    var isByAlias: Bool { get }

    /// Whether the live name may be an alias.
    var mayBeByAlias: Bool { get }

    /// The name for a collection that is to take the place of `name`; nothing live has it.
    func staging(for name: String) async throws(StoreError) -> String

    /// What stands behind a name, the live collection first, then those that were kept, newest first.
    func list(_ name: String) async throws(StoreError) -> [Description]

    /// Makes other collections live.
    ///
    /// A move whose `to` is live already is done. ``StoreError/Code/conflict``, and nothing changes, if what is live is
    /// not `from`. Aliases stay with the name.
    func swap(_ moves: [Move]) async throws(StoreError)
}

extension Generations {
    package func course(of name: String) async throws(StoreError) -> String? { nil }
    package var isByAlias: Bool { false }
    package var mayBeByAlias: Bool { isByAlias }
}

/// One name and the collection that it is to have.
package struct Move: Hashable, Sendable {
    package var name: String
    /// What must be live now; nil is nothing.
    package var from: Identity?
    package var to: Identity
    /// How the old one is called from then on; nil is the name that `to` had.
    package var keepingOldAs: String?

    package init(name: String, from: Identity?, to: Identity, keepingOldAs: String? = nil) {
        self.name = name
        self.from = from
        self.to = to
        self.keepingOldAs = keepingOldAs
    }
}
