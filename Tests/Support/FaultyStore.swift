import Model
import Synchronization

/// What goes wrong with a ``FaultyStore``: how often, of 1000 calls, and by which seed.
package struct Faults: Sendable {
    package var seed: UInt64
    /// Fails, and nothing was done.
    package var before = 0
    /// Fails, although all was done.
    package var after = 0
    /// Fails, and the first half was written.
    package var half = 0
    package var throttled = 0
    package var delayed = 0
    /// An empty page in between, or one shorter than asked for.
    package var empty = 0
    package var short = 0
    /// A failure that passes only for another run.
    package var fatal = 0

    package init(seed: UInt64) { self.seed = seed }

    /// Some mixture of everything; the same for the same seed.
    package static func random(_ seed: UInt64) -> Faults {
        var random = SeededRandom(seed)
        var faults = Faults(seed: seed)
        func rate(_ most: Int) -> Int { Bool.random(using: &random) ? Int.random(in: 0...most, using: &random) : 0 }
        faults.before = rate(200)
        faults.after = rate(200)
        faults.half = rate(200)
        faults.throttled = rate(100)
        faults.delayed = rate(100)
        faults.empty = rate(300)
        faults.short = rate(500)
        faults.fatal = rate(40)
        return faults
    }
}

/// A store around another that fails by a schedule, and loses in a crash what was not settled.
package final class FaultyStore: Store {
    private let inner: any Store
    private let state: Mutex<State>
    private let faults: Faults
    /// Whether pages come in an order that is not that of the keys.
    private let isShuffled: Bool

    private struct State {
        var random: SeededRandom
        var isCalm = false
        var injected = 0
        /// What stood in the place of each write that was not settled, the oldest first.
        var undo: [(name: String, keys: [Key], before: Batch)] = []
        var firstAttemptsOnKnownKeys = 0
    }

    package init(_ inner: any Store, _ faults: Faults, isShuffled: Bool = false) {
        (self.inner, self.faults, self.isShuffled) = (inner, faults, isShuffled)
        state = Mutex(State(random: SeededRandom(faults.seed)))
    }

    /// How many calls have failed on purpose.
    package var injected: Int { state.withLock { $0.injected } }
    /// Writes called the first although some of their records were there.
    package var firstAttemptsOnKnownKeys: Int { state.withLock { $0.firstAttemptsOnKnownKeys } }
    /// No more faults.
    package func calmDown() { state.withLock { $0.isCalm = true } }

    /// Takes back all that was written since the last settling, as a machine does whose power fails.
    package func crash() async throws(StoreError) {
        let undo = state.withLock { state in
            defer { state.undo = [] }
            return state.undo
        }
        for (name, keys, before) in undo.reversed() {
            do throws(StoreError) {
                try await inner.delete(keys, from: name)
                try await inner.write(before, to: name, .again)
            } catch { guard error.code == .notFound else { throw error } }
        }
    }

    // MARK: Faults

    fileprivate func happens(_ rate: Int) -> Bool {
        state.withLock { state in
            guard !state.isCalm, Int.random(in: 0..<1000, using: &state.random) < rate else { return false }
            state.injected += 1
            return true
        }
    }

    fileprivate func below(_ count: Int) -> Int {
        state.withLock { Int.random(in: 0..<max(1, count), using: &$0.random) }
    }

    fileprivate func mayFailBefore() async throws(StoreError) {
        if happens(faults.delayed) { try? await Task.sleep(for: .microseconds(500)) }
        if happens(faults.throttled) {
            throw StoreError(.throttled, "too many calls", retryAfter: .microseconds(200))
        }
        if happens(faults.before) { throw StoreError(.unavailable, "no connection") }
        if happens(faults.fatal) { throw StoreError(.full, "the disk is full") }
    }

    private func mayFailAfter() throws(StoreError) {
        if happens(faults.after) { throw StoreError(.unavailable, "the answer was lost", mayHaveWritten: true) }
    }

    // MARK: Calls

    package var facts: Facts { inner.facts }
    package func fit(_ wanted: Collection, into existing: Collection?) -> Fit { inner.fit(wanted, into: existing) }
    package func collections() async throws(StoreError) -> [String] { try await inner.collections() }
    package func describe(_ name: String) async throws(StoreError) -> Description { try await inner.describe(name) }
    package func create(_ shape: Collection) async throws(StoreError) -> Identity { try await inner.create(shape) }
    package func drop(_ name: String, being identity: Identity?) async throws(StoreError) {
        try await inner.drop(name, being: identity)
    }
    package func delete(_ keys: [Key], from name: String) async throws(StoreError) -> Int {
        try await inner.delete(keys, from: name)
    }
    package func close() async { await inner.close() }
    package var indexing: (any Indexing)? { inner.indexing }
    package var aliasing: (any Aliasing)? { inner.aliasing }

    package func write(_ batch: Batch, to name: String, _ attempt: Attempt) async throws(StoreError) -> Receipt {
        try await mayFailBefore()
        if batch.count > 1, happens(faults.half) {
            try await keepForUndo(batch.keys, name, attempt)
            _ = try await inner.write(batch.rows(Array(0..<batch.count / 2)), to: name, attempt)
            throw StoreError(.unavailable, "the connection broke in the middle", mayHaveWritten: true)
        }
        try await keepForUndo(batch.keys, name, attempt)
        let receipt = try await inner.write(batch, to: name, attempt)
        try mayFailAfter()
        return receipt
    }

    private func keepForUndo(_ keys: [Key], _ name: String, _ attempt: Attempt) async throws(StoreError) {
        let reading = try await inner.read(name, at: nil)
        let before = try await reading.fetch(keys, .all)
        state.withLock { state in
            state.undo.append((name, keys, before))
            if attempt == .first, before.count > 0 { state.firstAttemptsOnKnownKeys += 1 }
        }
    }

    package func settle(_ name: String) async throws(StoreError) {
        try await mayFailBefore()
        try await inner.settle(name)
        state.withLock { $0.undo = [] }
        try mayFailAfter()
    }

    package func read(_ name: String, at moment: Moment?) async throws(StoreError) -> any Reading {
        let reading = try await inner.read(name, at: moment)
        guard isShuffled else { return FaultyReading(reading, self) }
        return FaultyReading(try await ShuffledReading(reading), self)
    }

    fileprivate func page(_ scan: Scan, of reading: any Reading) async throws(StoreError) -> Page? {
        try await mayFailBefore()
        if let after = scan.slice.after, happens(faults.empty) {
            let shape = scan.wanted.shape(of: reading.description.collection)
            return Page(batch: BatchBuilder(shape).batch(), end: after)
        }
        var scan = scan
        if happens(faults.short) { scan.budget.records = 1 + below(scan.budget.records) }
        return try await reading.page(scan)
    }
}

private struct FaultyReading: Reading {
    private let inner: any Reading
    private let store: FaultyStore

    init(_ inner: any Reading, _ store: FaultyStore) { (self.inner, self.store) = (inner, store) }

    var moment: Moment { inner.moment }
    var description: Description { inner.description }
    func answers(_ conjunct: Filter) -> Bool { inner.answers(conjunct) }
    func count(_ filter: Filter?) async throws(StoreError) -> Int { try await inner.count(filter) }
    func slices(atMost count: Int) async throws(StoreError) -> [Slice] { try await inner.slices(atMost: count) }
    func page(_ scan: Scan) async throws(StoreError) -> Page? { try await store.page(scan, of: inner) }
    func fetch(_ keys: [Key], _ wanted: Projection) async throws(StoreError) -> Batch {
        try await store.mayFailBefore()
        return try await inner.fetch(keys, wanted)
    }
    func close() async { await inner.close() }
}

/// The records in an order of their own, which is not that of the keys; cursors are places in it.
private struct ShuffledReading: Reading {
    private let inner: any Reading
    private let records: Batch

    init(_ inner: any Reading) async throws(StoreError) {
        self.inner = inner
        var pages: [Batch] = []
        for try await page in FilteredPages(inner, nil) { pages.append(page.batch) }
        let all = Batch(joining: pages) ?? BatchBuilder(inner.description.collection).batch()
        let order = all.keys.indices.sorted { Self.rank(all.keys[$0]) < Self.rank(all.keys[$1]) }
        records = all.rows(order)
    }

    private static func rank(_ key: Key) -> UInt64 {
        key.token.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    var moment: Moment { inner.moment }
    var description: Description { inner.description }
    func answers(_ conjunct: Filter) -> Bool { false }
    func count(_ filter: Filter?) -> Int { records.count }

    func slices(atMost count: Int) -> [Slice] {
        let pieces = max(1, min(count, records.count))
        let cuts = (1..<pieces).map { Cursor("place \(records.count * $0 / pieces)") }
        return (0..<pieces).map {
            Slice(index: $0, after: $0 == 0 ? nil : cuts[$0 - 1], through: $0 == pieces - 1 ? nil : cuts[$0])
        }
    }

    func page(_ scan: Scan) throws(StoreError) -> Page? {
        let start = try scan.slice.after.map(place) ?? 0
        let end = min(try scan.slice.through.map(place) ?? .max, records.count, start + scan.budget.records)
        guard start < end else { return nil }
        let batch = records.rows(Array(start..<end)).projected(scan.wanted, description.collection)
        return Page(batch: batch, end: Cursor("place \(end)"))
    }

    private func place(_ cursor: Cursor) throws(StoreError) -> Int {
        guard let place = Int(cursor.token.dropFirst(6)) else { throw StoreError(.malformed, cursor.token) }
        return place
    }

    func fetch(_ keys: [Key], _ wanted: Projection) async throws(StoreError) -> Batch {
        try await inner.fetch(keys, wanted)
    }

    func close() async { await inner.close() }
}

/// Numbers that are the same for the same seed (SplitMix64).
package struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(_ seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
