import Foundation
import Model
import Stores
import Synchronization
import TestSupport
import Testing

@testable import Transfer

/// Targets that want to know where a load begins and ends.
@Suite struct LoadingTests {
    @Test func aLoadBeginsBeforeTheFirstRecordAndEndsBeforeTheIndexes() async throws {
        let (source, target) = (MemoryStore(), AttentiveStore())
        var shape = Sample.plain("from")
        shape.indexes = [Index(name: "i", field: "page", type: "inverted")]
        try await source.create(shape)
        try await source.write(Sample.records(0..<20), to: "from", .first)
        let trip = try Trip(from: source, to: target)
        let folder = try await trip.folder()
        try await trip.job(folder).run()
        #expect(target.calls == ["create", "begin", "write", "settle", "finish", "index", "settle"])
        #expect(try folder.state().isLoaded)
        let again = try await trip.job(folder)
        try await again.run()
        #expect(!target.calls.dropFirst(7).contains { $0 == "begin" || $0 == "finish" || $0 == "write" })
    }

    @Test func howFarAnIndexIsIsAskedForWhileItIsBuilt() async throws {
        let (source, target) = (MemoryStore(), AttentiveStore(indexing: .milliseconds(2500)))
        var shape = Sample.plain("from")
        shape.indexes = [Index(name: "v_index", field: "page", type: "inverted")]
        try await source.create(shape)
        try await source.write(Sample.records(0..<20), to: "from", .first)
        let trip = try Trip(from: source, to: target)
        let job = try await trip.job(trip.folder())
        async let done: Void = job.run()
        var seen: [IndexState?] = []
        while job.progress.now.phase != "finished", seen.count < 3000 {
            seen.append(job.progress.now.index?.state)
            try await Task.sleep(for: .milliseconds(10))
        }
        try await done
        #expect(seen.contains(IndexState(.building, indexed: 5, pending: 15)))
        #expect(job.progress.now.index == nil)
        withExtendedLifetime(trip) {}
    }

    @Test(arguments: 0..<20)
    func aFileIsMadeOnceHoweverOftenTheLoadIsInterrupted(_ seed: UInt64) async throws {
        let home = try TemporaryHome()
        let from = MemoryStore()
        try await from.create(Sample.plain("from"))
        try await from.write(Sample.records(0..<100), to: "from", .first)
        var random = SeededRandom(seed)
        let trip = try Trip(from: from, to: LightRAGStore(at: "\(home.path)/folder"), as: "vdb_to")
        let folder = try await trip.folder()
        for run in 0...12 {
            var faults = Faults(seed: seed &* 31 &+ UInt64(run))
            faults.fatal = run < 12 ? Int.random(in: 20...200, using: &random) : 0
            let store = LightRAGStore(at: "\(home.path)/folder")
            do {
                let source = FaultyStore(from, faults)
                try await Job(folder, from: source, to: store, patience: .none).run()
                await store.close()
                break
            } catch {
                #expect(run < 12, "\(error)")
                await store.close()
                let reader = LightRAGStore(at: "\(home.path)/folder")
                let count = try? await reader.everything(in: "vdb_to").count
                #expect([nil, 0, 100].contains(count))
                await reader.close()
            }
        }
        let store = LightRAGStore(at: "\(home.path)/folder")
        let result = try await verified(from, "from", store, "vdb_to")
        #expect(result.isEqual && result.targetCount == 100, "\(result)")
    }
}

/// A store in memory that notes what is asked of it, repetitions left out.
private final class AttentiveStore: Store, Loading, Indexing {
    private let base = MemoryStore()
    private let log = Mutex<[String]>([])
    private let isBuilding = Mutex(false)
    /// How long an index takes.
    private let duration: Duration

    init(indexing duration: Duration = .zero) { self.duration = duration }

    var calls: [String] { log.withLock { $0 } }
    private func note(_ call: String) { log.withLock { if $0.last != call { $0.append(call) } } }

    var facts: Facts { base.facts }
    var loading: (any Loading)? { self }
    var indexing: (any Indexing)? { self }
    var kinds: [IndexKind] { base.kinds }

    func collections() async throws(StoreError) -> [String] { try await base.collections() }
    func describe(_ name: String) async throws(StoreError) -> Description {
        var description = try await base.describe(name)
        if isBuilding.withLock({ $0 }) {
            description.states["v_index"] = IndexState(.building, indexed: 5, pending: 15)
        }
        return description
    }
    func fit(_ wanted: Collection, into existing: Collection?) -> Fit { base.fit(wanted, into: existing) }
    func create(_ collection: Collection) async throws(StoreError) -> Identity {
        note("create")
        return try await base.create(collection)
    }
    func drop(_ name: String, being identity: Identity?) async throws(StoreError) {
        try await base.drop(name, being: identity)
    }
    func read(_ name: String, at moment: Moment?) async throws(StoreError) -> any Reading {
        try await base.read(name, at: moment)
    }
    func write(_ batch: Batch, to name: String, _ attempt: Attempt) async throws(StoreError) -> Receipt {
        if calls.last != "settle" { note("write") }
        return try await base.write(batch, to: name, attempt)
    }
    func settle(_ name: String) async throws(StoreError) { note("settle") }
    func delete(_ keys: [Key], from name: String) async throws(StoreError) -> Int {
        try await base.delete(keys, from: name)
    }
    func close() async { await base.close() }

    func begin(_ name: String, for job: String) async throws(StoreError) { note("begin") }
    func finish(_ name: String, for job: String) async throws(StoreError) { note("finish") }
    func create(_ index: Index, on name: String) async throws(StoreError) {
        note("index")
        isBuilding.withLock { $0 = true }
        try? await Task.sleep(for: duration)
        isBuilding.withLock { $0 = false }
        try await base.create(index, on: name)
    }
    func drop(index: String, on name: String) async throws(StoreError) { try await base.drop(index: index, on: name) }
}

extension Trip {
    fileprivate init(from source: any Store, to target: any Store, as name: String) throws {
        try self.init(from: source, to: target)
        request.target.collection = name
    }
}
