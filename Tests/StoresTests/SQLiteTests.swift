import Foundation
import Model
import TestSupport
import Testing

@testable import Stores

@Suite struct SQLiteTests {
    private let folder = TemporaryFolder()
    private var path: String { folder.path("a.db") }

    @Test(arguments: Conformance.all)
    func conforms(_ rule: Conformance) async throws {
        try await rule.check(SQLiteStore(SQLiteFile(path: path)))
    }

    @Test func aFileThatIsOpenedAgainHasEverything() async throws {
        let shape = Sample.everyType("every")
        let first = try await store()
        let identity = try await first.create(shape)
        let sent = try Sample.batch(Sample.lines, of: shape)
        try await first.write(sent, to: "every", .first)
        try await first.indexing?.create(Index(name: "i", field: "f_int8", type: "btree"), on: "every")
        try await first.aliasing?.point("live", to: "every")
        try await first.settle("every")
        await first.close()
        let second = try await store()
        let description = try await second.describe("live")
        #expect(description.identity == identity && description.aliases == ["live"])
        #expect(description.collection.indexes.map(\.name) == ["i"])
        #expect(try await second.everything(in: "live").lines(of: shape) == sent.lines(of: shape))
    }

    @Test func connectingAndListingLeaveNoFileBehind() async throws {
        let store = try await store()
        #expect(try await store.collections() == [])
        #expect(try await store.aliasing?.aliases() == [:])
        await refuses(.notFound) { _ = try await store.describe("a") }
        try await store.drop("a", being: nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [])
    }

    @Test func whatCannotBeADatabaseIsRefused() async throws {
        let (folder, path) = (folder, path)
        try "hello, this is a text\n".write(toFile: folder.path("text.db"), atomically: true, encoding: .utf8)
        await refuses(.malformed) { _ = try await open(folder.path("text.db")) }
        await refuses(.rejected) { _ = try await open(folder.url.path) }
        await refuses(.notFound) { _ = try await open(folder.path("no/such/folder.db")) }
        await refuses(.notFound) { _ = try await open(path, ["create": "no"]) }
        await refuses(.rejected) { _ = try await open(path, ["create": "perhaps"]) }
        await refuses(.rejected) { _ = try await open(path, ["busy_timeout": "-1"]) }
        await refuses(.rejected) {
            guard let endpoint = Endpoint("sqlite://file.db") else { return }
            _ = try await SQLite.kind.open(endpoint, [:])
        }
    }

    @Test func aFileThatIsCutShortIsRefused() async throws {
        try await filled(try await store())
        let whole = try Data(contentsOf: URL(filePath: path))
        for size in [50, 5000, whole.count / 2] {
            let cut = folder.path("cut\(size).db")
            try whole.prefix(size).write(to: URL(filePath: cut))
            await refuses(.malformed) { _ = try await open(cut) }
        }
    }

    @Test func aDamagedPageIsAnErrorAndNotAnAnswer() async throws {
        try await filled(try await store())
        var bytes = try Data(contentsOf: URL(filePath: path))
        for at in stride(from: 16384, to: bytes.count, by: 16384) { bytes[at] = 0xEE }
        let broken = folder.path("broken.db")
        try bytes.write(to: URL(filePath: broken))
        await refuses(.malformed) { _ = try await open(broken).everything(in: "a") }
    }

    @Test(.enabled(if: geteuid() != 0, "the superuser may write everything"))
    func aFileThatMayNotBeWrittenIsRead() async throws {
        try await filled(try await store())
        let manager = FileManager.default
        try manager.setAttributes([.posixPermissions: 0o444], ofItemAtPath: path)
        for permissions in [0o755, 0o555] {
            try manager.setAttributes([.posixPermissions: permissions], ofItemAtPath: folder.url.path)
            let store = try await store()
            #expect(try await store.everything(in: "a").count == 100)
            await refuses(.unauthorized) { try await store.write(Sample.records(0..<1), to: "a", .first) }
            await refuses(.unauthorized) { try await store.create(Sample.plain("b")) }
            await store.close()
        }
        try manager.setAttributes([.posixPermissions: 0o000], ofItemAtPath: path)
        await refuses(.unauthorized) { _ = try await self.store() }
        try manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.url.path)
    }

    @Test func anotherProgramsLockIsWaitedForAndNamed() async throws {
        let store = try await open(path, ["busy_timeout": "50"])
        try await filled(store)
        let other = try SQLiteFile(path: path).connect()
        try other.run("BEGIN IMMEDIATE")
        do {
            try await store.write(Sample.records(0..<1), to: "a", .first)
            Issue.record("written in spite of the lock")
        } catch {
            #expect(error.code == .unavailable && error.message.contains("50 ms"), "\(error)")
        }
        #expect(try await store.everything(in: "a").count == 100)
        try other.run("ROLLBACK")
        try await store.write(Sample.records(100..<101), to: "a", .first)
    }

    @Test func twoStoresOnOneFileSeeEachOther() async throws {
        let (first, second) = (try await store(), try await store())
        try await filled(first)
        #expect(try await second.everything(in: "a").count == 100)
        try await second.write(Sample.records(100..<110), to: "a", .first)
        try await second.renaming?.rename("a", to: "b")
        #expect(try await first.everything(in: "b").count == 110)
        await refuses(.notFound) { try await first.write(Sample.records(0..<1), to: "a", .first) }
    }

    @Test func aFileThatIsDeletedIsNotWrittenIntoTheVoid() async throws {
        let store = try await store()
        try await filled(store)
        for name in ["a.db", "a.db-wal", "a.db-shm"] { try? FileManager.default.removeItem(atPath: folder.path(name)) }
        await refuses(.notFound) { try await store.write(Sample.records(0..<1), to: "a", .first) }
    }

    // MARK: Transactions

    @Test func aBatchThatFailsInTheMiddleLeavesNothing() async throws {
        let store = try await store()
        try await filled(store)
        let other = try SQLiteFile(path: path).connect()
        try other.run(
            "CREATE TRIGGER t BEFORE INSERT ON a WHEN new.id = 205 BEGIN SELECT raise(ABORT, 'not this one'); END")
        do {
            try await store.write(Sample.records(200..<210), to: "a", .first)
            Issue.record("written in spite of the trigger")
        } catch {
            #expect(error.code == .rejected && error.rows == [5] && error.message.contains("not this one"), "\(error)")
        }
        #expect(try other.number("SELECT count(*) FROM a WHERE id >= 200") == 0)
        try await store.write(Sample.records(300..<310), to: "a", .first)
        #expect(try other.number("SELECT count(*) FROM a WHERE id >= 200") == 10)
    }

    @Test func whatACrashLeavesHasEveryWriteWholeOrNotAtAll() async throws {
        let store = try await store()
        try await filled(store)
        let other = try SQLiteFile(path: path).connect()
        try other.run("PRAGMA cache_size = 1")
        try other.run("BEGIN IMMEDIATE")
        let table = try other.table("a")
        try other.insert(Sample.records(1000..<9000), into: table)
        for name in ["a.db", "a.db-wal"] {
            try FileManager.default.copyItem(atPath: folder.path(name), toPath: folder.path("crash-" + name))
        }
        try other.run("ROLLBACK")
        let log = try Data(contentsOf: URL(filePath: folder.path("crash-a.db-wal")))
        #expect(log.count > 100_000, "the unfinished batch has reached the log")
        #expect(try await open(folder.path("crash-a.db")).everything(in: "a").count == 100)
    }

    @Test func aFullDiskIsSaid() throws {
        let connection = try SQLiteFile(path: path).connect(isNew: true)
        try connection.makeCatalog()
        let table = try connection.make(Sample.plain("a"))
        try connection.run("PRAGMA max_page_count = 12")
        do {
            try connection.transaction { () throws(StoreError) in
                try connection.insert(Sample.records(0..<5000), into: table)
            }
            Issue.record("written in spite of the full disk")
        } catch { #expect(error.code == .full, "\(error)") }
        #expect(try connection.number("SELECT count(*) FROM a") == 0)
    }

    @Test func rowsKeepTheirNumbers() async throws {
        var shape = Sample.plain("a")
        shape.key.type = .text(maxLength: nil)
        let store = try await store()
        try await store.create(shape)
        func lines(_ page: Int) -> [String] {
            (0..<20).map { #"{"key":"k\#($0)","vectors":{"v":[1,2]},"fields":{"page":\#(page)}}"# }
        }
        try await store.write(Sample.batch(lines(1), of: shape), to: "a", .first)
        try await store.delete([.text("k0"), .text("k1")], from: "a")
        let reading = try await store.read("a", at: nil)
        let end = try #require(try await reading.page(Scan(budget: Budget(records: 5)))).end
        await reading.close()
        try await store.write(Sample.batch(lines(2).reversed(), of: shape), to: "a", .again)
        try SQLiteFile(path: path).connect().run("VACUUM")
        let again = try await store.read("a", at: nil)
        let page = try #require(try await again.page(Scan(slice: Slice(after: end))))
        #expect(
            Set(page.batch.keys)
                == Set([0, 1] + (7..<20)).map { .text(Text("k\($0)")) }.reduce(into: []) { $0.insert($1) })
        #expect(page.batch.fields[0].values == .integers(Array(repeating: 2, count: 15)))
        await again.close()
    }

    // MARK: Helpers

    private func store() async throws(StoreError) -> any Store { try await open(path) }
}

func open(_ path: String, _ options: [String: String] = [:]) async throws(StoreError) -> any Store {
    guard let endpoint = Endpoint("sqlite://\(path)") else { throw StoreError(.rejected, path) }
    return try await SQLite.kind.open(endpoint, options)
}

func filled(_ store: any Store) async throws {
    try await store.create(Sample.plain("a"))
    try await store.write(Sample.records(0..<100), to: "a", .first)
    try await store.settle("a")
}

/// A folder that is gone when the test ends.
final class TemporaryFolder: Sendable {
    let url = FileManager.default.temporaryDirectory.appending(path: "vecsh-\(UUID().uuidString)")

    init() { try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }
}
