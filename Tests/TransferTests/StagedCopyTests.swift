import Foundation
import JSON
import Model
import Stores
import TestSupport
import Testing

@testable import Transfer

/// Where a staged copy stands, also after an end between a step and its line in the journal.
@Suite(.serialized) struct StagedCopyTests {
    private let folder = NSTemporaryDirectory() + "vecsh-staged-" + UUID().uuidString

    /// What scripts of others look for.
    @Test func theStateFileFollowsACopyUpToItsRollback() async throws {
        let target = MemoryStore()
        let home = try TemporaryHome()
        let path = home.path + "/.migration_state.json"
        func state() throws -> JSONValue { try JSONValue(String(contentsOfFile: path, encoding: .utf8)) }
        var request = CopyRequest(
            source: Site(connection: "s", endpoint: "mem://s", collection: "a"),
            target: Site(connection: "t", endpoint: "mem://t", collection: "a"), staging: "a_staging")
        request.tuning.state = path
        let source = try await source(20)
        let plan = try await Planner(request, from: source, to: target).plan()
        let folder = try JobFolder.create(plan, in: home.path)
        try await Job(folder, from: source, to: target).run()
        #expect(try state()["phase"] == "staged" && state()["staging_complete"] == true)
        #expect(try state()["promoted"] == false && state()["errors"] == [] && state()["backup_id"] == .null)
        #expect(Timestamp.microseconds(try state()["updated_at"]?.string ?? "") != nil)
        var copy = try #require(try StagedCopy(folder))
        try await copy.record([.verified(equal: true)], holding: folder.lock())
        #expect(try state()["phase"] == "verified" && state()["verification_passed"] == true)
        try await target.generations?.swap([try #require(try await copy.promotion(in: target))])
        try await copy.recordPromoted(in: target, holding: folder.lock())
        #expect(try state()["phase"] == "promoted" && state()["promoted"] == true)
        try await copy.record([.rolledBack], holding: folder.lock())
        #expect(try state()["phase"] == "rolled_back" && state()["promoted"] == false)
    }

    enum Kind: CaseIterable { case memory, sqlite, archive }

    @Test(arguments: Kind.allCases)
    func anEndBetweenPromotionAndItsLineIsMended(_ kind: Kind) async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let target = try await store(kind)
        try await live(in: target)
        let source = try await source(20)
        var copy = try await copied(source, target)
        #expect(copy.state.phase == "staged")
        #expect(try await copy.standing(in: target) == .staged)
        #expect(try await target.everything(in: "a").count == 5)

        let move = try #require(try await copy.promotion(in: target))
        try await target.generations?.swap([move])
        // The program ends here: what follows knows only what is on disk.
        copy = try #require(try StagedCopy(copy.folder))
        #expect(copy.state.phase == "staged")
        #expect(try await copy.standing(in: target) == .live)
        #expect(try await copy.promotion(in: target) == nil)
        try await copy.recordPromoted(in: target, holding: copy.folder.lock())
        #expect(copy.state.phase == "promoted")
        #expect(copy.state.completion?.target == (try await copy.context.token(target, "a")))
        #expect(try await target.everything(in: "a").count == 20)
        #expect(try await target.everything(in: "a_previous").count == 5)
        await target.close()
    }

    @Test(arguments: Kind.allCases)
    func anEndBetweenRollbackAndItsLineDoesNotRollBackFurther(_ kind: Kind) async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let target = try await store(kind)
        try await live(in: target)
        var copy = try await copied(source(20), target)
        try await target.generations?.swap([try #require(try await copy.promotion(in: target))])
        try await copy.recordPromoted(in: target, holding: copy.folder.lock())
        guard case .swap(let move) = try await copy.rollback(in: target) else {
            Issue.record("a promoted copy is rolled back by a swap")
            return
        }
        try await target.generations?.swap([move])
        copy = try #require(try StagedCopy(copy.folder))
        #expect(try await target.everything(in: "a").count == 5)
        guard case .done = try await copy.rollback(in: target) else {
            Issue.record("it was rolled back already")
            return
        }
        await #expect(throws: JobError.self) { try await copy.promotion(in: target) }
        await target.close()
    }

    @Test func whatIsUnfinishedChangedOrDifferentIsNotPromoted() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (source, target) = (try await source(20), MemoryStore())
        let unfinished = try await begun(source, target)
        await #expect(throws: JobError.self) { try await unfinished.promotion(in: target) }

        var copy = try await copied(source, target)
        try await copy.record([.verified(equal: false)], holding: copy.folder.lock())
        #expect(copy.state.phase == "verification_failed")
        await #expect(throws: JobError.self) { try await copy.promotion(in: target) }
        try await copy.record([.verified(equal: true)], holding: copy.folder.lock())
        #expect(copy.state.phase == "verified")
        _ = try await target.write(Sample.records(30..<31), to: "a_staging", .first)
        await #expect(throws: JobError.self) { try await copy.promotion(in: target) }
    }

    @Test(arguments: Kind.allCases)
    func whatWasStoppedGoesOnInItsStaging(_ kind: Kind) async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (source, target) = (try await source(20), try await store(kind))
        try await live(in: target)
        let copy = try await begun(source, target)
        try await stopAtOnce(copy, from: source, to: target)
        #expect(try StagedCopy(copy.folder)?.state.phase == "prepared")
        try await Job(copy.folder, from: source, to: target).run()
        #expect(try StagedCopy(copy.folder)?.state.phase == "staged")
        #expect(try await target.everything(in: "a_staging").count == 20)
        #expect(try await target.everything(in: "a").count == 5)
        await target.close()
    }

    // MARK: Steps

    /// Begins the job and ends it before its first page; its lock is free afterwards.
    private func stopAtOnce(_ copy: StagedCopy, from source: any Store, to target: any Store) async throws {
        let job = try await Job(copy.folder, from: source, to: target)
        job.stop()
        await #expect(throws: Job.Stopped.self) { try await job.run() }
    }

    private func store(_ kind: Kind) async throws -> any Store {
        switch kind {
        case .memory: return MemoryStore()
        case .archive: return try ArchiveStore(at: folder + "/archive")
        case .sqlite:
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            return try await SQLite.kind.open(try #require(Endpoint("sqlite://\(folder)/a.db")), [:])
        }
    }

    private func source(_ count: Int) async throws -> MemoryStore {
        let store = MemoryStore()
        _ = try await store.create(Sample.plain("a"))
        _ = try await store.write(Sample.records(0..<count), to: "a", .first)
        return store
    }

    private func live(in store: any Store) async throws {
        _ = try await store.create(Sample.plain("a"))
        _ = try await store.write(Sample.records(100..<105), to: "a", .first)
        try await store.settle("a")
    }

    private func begun(_ source: any Store, _ target: any Store) async throws -> StagedCopy {
        let request = CopyRequest(
            source: Site(connection: "old", endpoint: "mem://old", collection: "a"),
            target: Site(connection: "new", endpoint: "new", collection: "a"), staging: "a_staging")
        let plan = try await Planner(request, from: source, to: target).plan()
        return try #require(try StagedCopy(JobFolder.create(plan, in: folder + "/home")))
    }

    private func copied(_ source: any Store, _ target: any Store) async throws -> StagedCopy {
        let folder = try await begun(source, target).folder
        try await Job(folder, from: source, to: target).run()
        return try #require(try StagedCopy(folder))
    }
}
