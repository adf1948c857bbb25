import JSON

/// A vector database, opened.
///
/// These are the operations that every store offers. What only some can do is a facet: a property that is nil where
/// the store cannot.
package protocol Store: Sendable {
    /// What this store can take and promises; fixed for the life of the connection.
    var facts: Facts { get }

    /// The names of all collections, sorted; without aliases.
    func collections() async throws(StoreError) -> [String]

    /// The collection behind a name or an alias; ``StoreError/Code/notFound`` if there is none.
    func describe(_ name: String) async throws(StoreError) -> Description

    /// What this store would make of a shape, or how it fits one that exists, in its own words; no I/O.
    func fit(_ wanted: Collection, into existing: Collection?) -> Fit

    /// Does nothing if an equal collection exists, equal after ``fit(_:into:)``; throws
    /// ``StoreError/Code/conflict`` if another one does.
    @discardableResult
    func create(_ collection: Collection) async throws(StoreError) -> Identity

    /// Never through an alias; ``StoreError/Code/conflict`` if another collection than `identity` stands there now.
    func drop(_ name: String, being identity: Identity?) async throws(StoreError)

    /// Opens one collection for reading, as it was at a moment, or now;
    /// ``StoreError/Code/expired`` when that moment cannot be read again.
    func read(_ name: String, at moment: Moment?) async throws(StoreError) -> any Reading

    /// Inserts or replaces by key.
    @discardableResult
    func write(_ batch: Batch, to name: String, _ attempt: Attempt) async throws(StoreError) -> Receipt

    /// On return all that was written survives a crash of the store.
    func settle(_ name: String) async throws(StoreError)

    /// Removes records by key; what is not there is passed over. Answers how many were there.
    @discardableResult
    func delete(_ keys: [Key], from name: String) async throws(StoreError) -> Int

    func close() async

    /// How many bytes this has sent to and received from a server so far; nil where nobody counts them.
    var networkBytes: Int? { get }

    var search: (any Searching)? { get }
    var indexing: (any Indexing)? { get }
    var aliasing: (any Aliasing)? { get }
    var renaming: (any Renaming)? { get }
    var altering: (any Altering)? { get }
    var residency: (any Residency)? { get }
    var generations: (any Generations)? { get }
    var loading: (any Loading)? { get }
    var flushing: (any Flushing)? { get }
    var inventing: (any Inventing)? { get }
    var counting: (any Counting)? { get }
}

extension Store {
    package var networkBytes: Int? { 0 }
    package var search: (any Searching)? { nil }
    package var indexing: (any Indexing)? { nil }
    package var aliasing: (any Aliasing)? { nil }
    package var renaming: (any Renaming)? { nil }
    package var altering: (any Altering)? { nil }
    package var residency: (any Residency)? { nil }
    package var generations: (any Generations)? { nil }
    package var loading: (any Loading)? { nil }
    package var flushing: (any Flushing)? { nil }
    package var inventing: (any Inventing)? { nil }
    package var counting: (any Counting)? { nil }
}

/// One collection at one moment; owns what that needs: a transaction, mapped files, a copy.
package protocol Reading: Sendable {
    var moment: Moment { get }
    var description: Description { get }

    /// Differs whenever the records did, as far as the store knows without looking at them; nil where it does not.
    var revision: String? { get }

    /// Whether the store means by this conjunct exactly what ``Filter`` means; the others are applied to the pages.
    func answers(_ conjunct: Filter) -> Bool

    /// How many records there are; the filter holds only conjuncts that this reading answers.
    func count(_ filter: Filter?) async throws(StoreError) -> Int

    /// What is there and is handed out by no page; the filter holds only conjuncts that this reading answers.
    ///
    /// `seen` is how many records somebody has been given who has read all; nil if nobody has, which may cost a scan.
    func unread(_ filter: Filter?, seen: Int?) async throws(StoreError) -> Unread

    /// Cuts the collection into at most so many slices that together hold every record once.
    func slices(atMost count: Int) async throws(StoreError) -> [Slice]

    /// The page that begins just behind `scan.slice.after`, or nil past the end.
    ///
    /// The same scan gives the same records, whatever was asked before.
    func page(_ scan: Scan) async throws(StoreError) -> Page?

    /// Records by key in any order; what is not there is left out.
    func fetch(_ keys: [Key], _ wanted: Projection) async throws(StoreError) -> Batch

    func close() async
}

extension Reading {
    package var revision: String? { moment.life == .durable ? moment.token : nil }

    package func unread(_ filter: Filter?, seen: Int?) async throws(StoreError) -> Unread { Unread() }
}

package struct Description: Hashable, Sendable {
    package var collection: Collection
    package var identity: Identity
    package var aliases: [String]
    /// By the index's name.
    package var states: [String: IndexState]
    /// The size on disk, where the store knows it.
    package var bytes: Int?
    /// What of the records can no longer be read, and why: a copy brings the rest, and only if it is told to.
    package var losses: [Verdict] = []
    /// What somebody who reads it should know, in words.
    package var remarks: [String] = []

    package init(
        collection: Collection, identity: Identity, aliases: [String] = [], states: [String: IndexState] = [:],
        bytes: Int? = nil
    ) {
        self.collection = collection
        self.identity = identity
        self.aliases = aliases
        self.states = states
        self.bytes = bytes
    }
}

package struct IndexState: Hashable, Sendable {
    package enum Phase: String, Sendable { case building, finished, failed }
    package var phase: Phase
    package var indexed: Int
    package var pending: Int

    package init(_ phase: Phase, indexed: Int, pending: Int = 0) {
        self.phase = phase
        self.indexed = indexed
        self.pending = pending
    }
}

/// What stands behind a name now, as its store tells collections of one name apart.
package struct Identity: Hashable, Sendable {
    package var token: String
    package init(_ token: String) { self.token = token }
}

/// `first` may take the fast way; `again` replaces whatever a lost call left behind.
package enum Attempt: Sendable { case first, again }

/// What the store made up for the records that it took.
package struct Receipt: Hashable, Sendable {
    package var invented: [ClosedRange<Int64>]
    package init(invented: [ClosedRange<Int64>] = []) { self.invented = invented }
}

package struct Facts: Sendable {
    /// The engine's own version, as it says it.
    package var version: String
    /// What one `write` may carry, as this server reports or documents it.
    package var write: Budget
    /// Calls that may run side by side.
    package var readers: Int
    package var writers: Int
    package var moment: Life
    package var hasUniqueKeys: Bool

    package init(
        version: String, write: Budget, readers: Int, writers: Int, moment: Life, hasUniqueKeys: Bool = true
    ) {
        self.version = version
        self.write = write
        self.readers = readers
        self.writers = writers
        self.moment = moment
        self.hasUniqueKeys = hasUniqueKeys
    }
}
