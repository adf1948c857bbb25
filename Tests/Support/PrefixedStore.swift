import Model

/// A store whose collections have names that begin alike, seen without that: for stores that do not take every name.
package struct PrefixedStore: Store {
    private let base: any Store
    private let prefix: String

    package init(_ base: any Store, _ prefix: String) { (self.base, self.prefix) = (base, prefix) }

    package var facts: Facts { base.facts }
    package var search: (any Searching)? { base.search.map { PrefixedFacets(self, search: $0) } }
    package var renaming: (any Renaming)? { base.renaming.map { PrefixedFacets(self, renaming: $0) } }
    package var generations: (any Generations)? { base.generations.map { PrefixedFacets(self, generations: $0) } }
    package var loading: (any Loading)? { base.loading.map { PrefixedFacets(self, loading: $0) } }

    fileprivate func inner(_ name: String) -> String { prefix + name }
    fileprivate func outer(_ name: String) -> String {
        name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    }

    fileprivate func inner(_ collection: Collection) -> Collection {
        var collection = collection
        collection.name = inner(collection.name)
        return collection
    }

    fileprivate func outer(_ description: Description) -> Description {
        var description = description
        description.collection.name = outer(description.collection.name)
        return description
    }

    package func collections() async throws(StoreError) -> [String] { try await base.collections().map(outer) }
    package func describe(_ name: String) async throws(StoreError) -> Description {
        outer(try await base.describe(inner(name)))
    }
    package func fit(_ wanted: Collection, into existing: Collection?) -> Fit {
        var fit = base.fit(inner(wanted), into: existing.map(inner))
        fit.collection.name = outer(fit.collection.name)
        return fit
    }
    package func create(_ collection: Collection) async throws(StoreError) -> Identity {
        try await base.create(inner(collection))
    }
    package func drop(_ name: String, being identity: Identity?) async throws(StoreError) {
        try await base.drop(inner(name), being: identity)
    }
    package func read(_ name: String, at moment: Moment?) async throws(StoreError) -> any Reading {
        try await base.read(inner(name), at: moment)
    }
    package func write(_ batch: Batch, to name: String, _ attempt: Attempt) async throws(StoreError) -> Receipt {
        try await base.write(batch, to: inner(name), attempt)
    }
    package func settle(_ name: String) async throws(StoreError) { try await base.settle(inner(name)) }
    package func delete(_ keys: [Key], from name: String) async throws(StoreError) -> Int {
        try await base.delete(keys, from: inner(name))
    }
    package func close() async { await base.close() }
}

private struct PrefixedFacets: Searching, Renaming, Generations, Loading {
    private let store: PrefixedStore
    private let search: (any Searching)?
    private let renaming: (any Renaming)?
    private let generations: (any Generations)?
    private let loading: (any Loading)?

    init(
        _ store: PrefixedStore, search: (any Searching)? = nil, renaming: (any Renaming)? = nil,
        generations: (any Generations)? = nil, loading: (any Loading)? = nil
    ) {
        (self.store, self.search, self.renaming) = (store, search, renaming)
        (self.generations, self.loading) = (generations, loading)
    }

    func nearest(
        _ queries: Column, count: Int, field: String, in name: String, metric: Metric?, where filter: Filter?,
        limit: Int
    ) async throws(StoreError) -> [[Hit]] {
        try await search?.nearest(
            queries, count: count, field: field, in: store.inner(name), metric: metric, where: filter, limit: limit)
            ?? []
    }

    func rename(_ name: String, to newName: String) async throws(StoreError) {
        try await renaming?.rename(store.inner(name), to: store.inner(newName))
    }

    var isAtomic: Bool { generations?.isAtomic ?? false }

    func staging(for name: String) async throws(StoreError) -> String {
        let staging = try await generations?.staging(for: store.inner(name))
        return store.outer(staging ?? name)
    }

    func list(_ name: String) async throws(StoreError) -> [Description] {
        let found = try await generations?.list(store.inner(name))
        return (found ?? []).map(store.outer)
    }

    func swap(_ moves: [Move]) async throws(StoreError) {
        try await generations?.swap(
            moves.map { move in
                Move(
                    name: store.inner(move.name), from: move.from, to: move.to,
                    keepingOldAs: move.keepingOldAs.map(store.inner))
            })
    }

    func begin(_ name: String, for job: String) async throws(StoreError) {
        try await loading?.begin(store.inner(name), for: job)
    }
    func finish(_ name: String, for job: String) async throws(StoreError) {
        try await loading?.finish(store.inner(name), for: job)
    }
    func pause(_ name: String) async { await loading?.pause(store.inner(name)) }
}
