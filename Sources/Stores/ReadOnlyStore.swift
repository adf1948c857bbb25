import Model

/// A store through which nothing can be changed, whatever is behind it.
package struct ReadOnlyStore: Store {
    private let base: any Store
    private let name: String

    /// `name` is the connection's, for the message.
    package init(_ base: any Store, name: String) {
        self.base = base
        self.name = name
    }

    package var facts: Facts { base.facts }
    package var networkBytes: Int? { base.networkBytes }
    package var search: (any Searching)? { base.search }
    package var residency: (any Residency)? { base.residency }
    package var counting: (any Counting)? { base.counting }
    package var indexing: (any Indexing)? { base.indexing.map { ReadOnlyFacets($0, base.aliasing, refusal) } }
    package var aliasing: (any Aliasing)? {
        base.aliasing == nil ? nil : ReadOnlyFacets(base.indexing, base.aliasing, refusal)
    }

    package func collections() async throws(StoreError) -> [String] { try await base.collections() }
    package func describe(_ name: String) async throws(StoreError) -> Description { try await base.describe(name) }
    package func fit(_ wanted: Collection, into existing: Collection?) -> Fit { base.fit(wanted, into: existing) }
    package func read(_ name: String, at moment: Moment?) async throws(StoreError) -> any Reading {
        try await base.read(name, at: moment)
    }
    package func close() async { await base.close() }

    package func create(_ collection: Collection) throws(StoreError) -> Identity { throw refusal }
    package func drop(_ name: String, being identity: Identity?) throws(StoreError) { throw refusal }
    package func write(_ batch: Batch, to name: String, _ attempt: Attempt) throws(StoreError) -> Receipt {
        throw refusal
    }
    package func settle(_ name: String) throws(StoreError) { throw refusal }
    package func delete(_ keys: [Key], from name: String) throws(StoreError) -> Int { throw refusal }

    private var refusal: StoreError { .readOnly(name) }
}

/// What a store can tell of indexes and aliases, without the means to change them.
private struct ReadOnlyFacets: Indexing, Aliasing {
    private let indexing: (any Indexing)?
    private let aliasing: (any Aliasing)?
    private let refusal: StoreError

    init(_ indexing: (any Indexing)?, _ aliasing: (any Aliasing)?, _ refusal: StoreError) {
        self.indexing = indexing
        self.aliasing = aliasing
        self.refusal = refusal
    }

    var kinds: [IndexKind] { indexing?.kinds ?? [] }
    func aliases() async throws(StoreError) -> [String: String] { try await aliasing?.aliases() ?? [:] }

    func create(_ index: Index, on name: String) throws(StoreError) { throw refusal }
    func drop(index: String, on name: String) throws(StoreError) { throw refusal }
    func point(_ alias: String, to name: String) throws(StoreError) { throw refusal }
    func remove(alias: String) throws(StoreError) { throw refusal }
}
