import Foundation
import JSON
import Model
import Stores
import TestSupport
import Testing

@testable import Transfer

@Suite struct BackupTests {
    enum Kind: String, CaseIterable, Sendable { case memory, sqlite, archive }

    @Test(arguments: Kind.allCases, Kind.allCases)
    func everyTypeComesBack(_ from: Kind, _ to: Kind) async throws {
        let place = BackupPlace()
        let source = try await place.store(from)
        let shape = Sample.everyType("every")
        try await source.create(source.fit(shape, into: nil).collection)
        try await source.write(Sample.batch(Sample.lines, of: shape), to: "every", .first)
        try await source.settle("every")
        for level in [nil, 6] {
            let backup = try await place.backup(["every"], of: source, level: level)
            #expect(backup.meta.collections.map(\.digest.count) == [Sample.lines.count])
            let target = try await place.store(to)
            #expect(try await place.restore(backup, into: target) == [])
            let (before, after) = (try await source.everything(in: "every"), try await target.everything(in: "every"))
            let (old, new) = (
                try await source.describe("every").collection, try await target.describe("every").collection
            )
            #expect(after.lines(of: new) == before.lines(of: old))
            #expect(try await target.collections() == ["every"])
            await target.close()
        }
        #expect(try place.hidden() == [])
    }

    @Test func indexesAndAliasesComeBack() async throws {
        let place = BackupPlace()
        let source = try await place.sample(0..<10, kind: .sqlite)
        try await source.indexing?.create(Index(name: "i", field: "page", type: "btree"), on: "a")
        try await source.aliasing?.point("live", to: "a")
        let backup = try await place.backup(["a"], of: source)
        let target = try await place.store(.sqlite)
        _ = try await place.restore(backup, into: target)
        #expect(try await target.describe("a").collection.indexes.map(\.name) == ["i"])
        #expect(try await target.aliasing?.aliases() == ["live": "a"])
    }

    @Test(arguments: Kind.allCases)
    func replacingKeepsTheAliasesOfWhatStoodThere(_ kind: Kind) async throws {
        let place = BackupPlace()
        let store = try await place.sample(0..<50, kind: kind)
        let backup = try await place.backup(["a"], of: store)
        try await store.aliasing?.point("live", to: "a")
        _ = try await store.delete([.integer(3)], from: "a")
        try await store.settle("a")
        _ = try await place.restore(backup, into: store, isReplacing: true)
        #expect(try await store.everything(in: "a") == Sample.records(0..<50))
        #expect(try await store.everything(in: "live").count == 50)
        #expect(try await store.collections() == ["a"])
    }

    @Test(arguments: Kind.allCases) func whatStoodThereStaysUntilTheNewOneStands(_ kind: Kind) async throws {
        let place = BackupPlace()
        let store = try await place.sample(0..<50, kind: kind)
        let backup = try await place.backup(["a"], of: store)
        _ = try await store.delete([.integer(3)], from: "a")
        // Where the old one is to step aside, something stands.
        try await store.create(Sample.plain("a_restore_previous"))
        try await store.settle("a")
        await #expect(throws: StoreError.self) { try await place.restore(backup, into: store, isReplacing: true) }
        #expect(try await store.everything(in: "a").count == 49)
        try await store.drop("a_restore_previous", being: nil)
        _ = try await place.restore(backup, into: store, isReplacing: true)
        #expect(try await store.everything(in: "a").count == 50)
        #expect(try await store.collections() == ["a"])
    }

    /// Each of these leaves the target as it was.
    @Test(arguments: Damage.all)
    func whatIsDamagedChangesNothing(_ damage: Damage) async throws {
        let place = BackupPlace()
        let store = try await place.sample(0..<2_000, kind: .sqlite)
        let backup = try await place.backup(["a"], of: store, level: damage.level)
        _ = try await store.delete([.integer(3)], from: "a")
        try await store.settle("a")
        try damage.make(backup, place)
        let identity = try await store.describe("a").identity
        let problem = await #expect(throws: JobError.self) {
            let found = try await place.shelf.backup(backup.meta.base)
            _ = try await place.restore(found, into: store, isReplacing: true)
        }
        #expect(problem?.message.contains(damage.word) == true, "\(problem?.message ?? "")")
        #expect(try await store.describe("a").identity == identity)
        #expect(try await store.everything(in: "a").count == 1_999)
        #expect(try await store.collections() == ["a"])
        #expect(try place.hidden() == [])
        #expect(!FileManager.default.fileExists(atPath: place.root + "/escaped"))
    }

    @Test func whatExistsIsNotTouchedUnlessItIsReplaced() async throws {
        let place = BackupPlace()
        let store = try await place.sample(0..<10, kind: .memory)
        let backup = try await place.backup(["a"], of: store)
        _ = try await store.delete([.integer(3)], from: "a")
        await #expect(throws: StoreError.self) { try await place.restore(backup, into: store) }
        #expect(try await store.everything(in: "a").count == 9)
    }

    @Test func aSourceThatFailsLeavesNothing() async throws {
        let place = BackupPlace()
        let store = try await place.sample(0..<10, kind: .memory)
        await #expect(throws: StoreError.self) { try await place.backup(["a", "gone"], of: store) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.shelf.folder) == [])
    }

    @Test func twoBackupsOfOneSecondHaveTwoIds() async throws {
        let place = BackupPlace()
        let store = try await place.sample(0..<10, kind: .memory)
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<4 { group.addTask { try await place.backup(["a"], of: store).meta.id } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(ids).count == 4)
        #expect(try await place.shelf.contents().backups.map(\.meta.id) == ids.sorted(by: >))
    }

    // MARK: Keeping

    @Test func theNewestOfEachNameStay() throws {
        let backups = [(9, "a"), (8, "b"), (7, "a"), (6, "a"), (1, "b")].map { Backup(day: $0.0, $0.1) }
        func gone(_ retention: BackupRetention) -> [Int64] {
            retention.superfluous(backups, now: 10 * Backup.day).map { $0.meta.created / Backup.day }
        }
        #expect(gone(BackupRetention(keep: 1)) == [7, 6, 1])
        #expect(gone(BackupRetention(keep: 2)) == [6])
        #expect(gone(BackupRetention(age: .seconds(3 * 86_400))) == [6, 1])
        #expect(gone(BackupRetention(keep: 1, age: .seconds(5 * 86_400))) == [1])
        #expect(gone(BackupRetention(keep: 2, age: .seconds(86_400))) == [6])
    }

    @Test func theNewestOfTheNameIsChosen() throws {
        let contents = BackupShelf.Contents(backups: [Backup(day: 9, "b"), Backup(day: 7, "a"), Backup(day: 6, "a")])
        func chosen(_ id: String?, _ name: String) throws -> Int64 {
            let choice = BackupChoice(id: id, names: [name], collection: nil)
            return try choice.choose(from: contents, in: "p").meta.created / Backup.day
        }
        #expect(try chosen(nil, "a") == 7)
        #expect(try chosen(nil, "b") == 9)
        #expect(try chosen(Backup(day: 6, "a").meta.id, "b") == 6)
        #expect(throws: JobError.self) { try chosen(nil, "c") }
        #expect(throws: JobError.self) { try chosen("1", "a") }
    }

    // MARK: Left behind

    @Test func whatAKilledProcessLeftGoesAndWhatItHadFinishedStays() async throws {
        let place = BackupPlace()
        let store = try await place.sample(0..<10, kind: .memory)
        let backup = try await place.backup(["a"], of: store)
        let folder = place.shelf.folder
        let (half, done) = ("\(folder)/.a_1.new", "\(folder)/.\(backup.meta.base).new")
        for draft in [half, done] {
            try FileManager.default.createDirectory(atPath: draft, withIntermediateDirectories: true)
        }
        try Data("torn".utf8).write(to: URL(filePath: half + "/a_1.tar.gz"))
        try Data("torn".utf8).write(to: URL(filePath: half + "/a_1.meta.json"))
        try FileManager.default.moveItem(
            atPath: backup.metaPath, toPath: "\(done)/\(backup.meta.base).meta.json")
        #expect(try await place.shelf.contents().backups == [])
        let next = try await place.backup(["a"], of: store)
        #expect(try await place.shelf.contents().backups == [next, backup])
        #expect(try place.hidden() == [])
    }
}

/// What may have happened to a backup.
struct Damage: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let word: String
    var level: Int? = 6
    let make: @Sendable (Backup, BackupPlace) throws -> Void

    static let all: [Damage] = [
        Damage(testDescription: "flipped byte", word: "differs from its checksum") { backup, place in
            try place.change(backup.path) { $0[$0.count / 2] ^= 1 }
        },
        Damage(testDescription: "cut short", word: "bytes and should have") { backup, place in
            try place.change(backup.path) { $0.removeLast(100) }
        },
        Damage(testDescription: "cut short, and described so", word: "truncated") { backup, place in
            try place.change(backup.path) { $0.removeLast($0.count / 2) }
            try place.describe(backup) { _ in }
        },
        Damage(testDescription: "no description", word: "is missing") { backup, _ in
            try FileManager.default.removeItem(atPath: backup.metaPath)
        },
        Damage(testDescription: "later format", word: "format 2") { backup, place in
            try place.change(backup.metaPath) {
                $0 = Data(String(decoding: $0, as: UTF8.self).replacing("\"format\": 1", with: "\"format\": 2").utf8)
            }
        },
        Damage(testDescription: "torn description", word: "does not describe") { backup, place in
            try place.change(backup.metaPath) { $0.removeLast(9) }
        },
        Damage(testDescription: "other digest", word: "digest") { backup, place in
            try place.describe(backup) { $0.collections[0].digest.low &+= 1 }
        },
        Damage(testDescription: "one record fewer in the description", word: "digest") { backup, place in
            try place.describe(backup) { $0.collections[0].digest.count -= 1 }
        },
        Damage(testDescription: "a file of another checksum", word: "differs from its checksum") { backup, place in
            try place.describe(backup) { $0.files[1].sha256 = $0.files[0].sha256 }
        },
        Damage(testDescription: "a file that nobody knows", word: "list of files") { backup, place in
            try place.describe(backup) { $0.files.removeLast() }
        },
        Damage(testDescription: "flipped byte in a folder", word: "differs from its checksum", level: nil) {
            backup, place in
            try place.change(backup.path + "/a/v.npy") { $0[$0.count - 1] ^= 1 }
        },
        Damage(testDescription: "foreign file in a folder", word: "list of files", level: nil) { backup, _ in
            try Data().write(to: URL(filePath: backup.path + "/a/more.npy"))
        },
        Damage(testDescription: "path out of the folder", word: "lead out") { backup, place in
            try place.repack(backup, "--transform=s,.*escaped,../../../../escaped,", adding: "escaped")
        },
        Damage(testDescription: "path from the root", word: "lead out") { backup, place in
            try place.repack(backup, "--transform=s,.*escaped,\(place.root)/escaped,", adding: "escaped")
        },
        Damage(testDescription: "link", word: "link") { backup, place in
            try place.repack(backup, "--transform=s,x,x,", adding: "escaped", isLink: true)
        },
    ]
}

/// A folder for backups and stores, that goes with its test.
final class BackupPlace: Sendable {
    let root = NSTemporaryDirectory() + "vecsh-backup-" + UUID().uuidString
    let shelf: BackupShelf

    init() { shelf = BackupShelf(root + "/shelf") }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    func store(_ kind: BackupTests.Kind) async throws -> any Store {
        let path = "\(root)/\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        switch kind {
        case .memory: return MemoryStore()
        case .sqlite: return try await SQLite.kind.open(#require(Endpoint("sqlite://" + path)), [:])
        case .archive: return try ArchiveStore(at: path)
        }
    }

    func sample(_ keys: Range<Int>, kind: BackupTests.Kind) async throws -> any Store {
        let store = try await store(kind)
        try await store.create(Sample.plain("a"))
        try await store.write(Sample.records(keys), to: "a", .first)
        try await store.settle("a")
        return store
    }

    private static let open: BackupMaker.OpenArchive = { try ArchiveStore(at: $0) }

    func backup(_ names: [String], of store: any Store, level: Int? = 1) async throws -> Backup {
        let maker = BackupMaker(
            of: names, in: store, name: "a", endpoint: "mem://a", program: "test", level: level, openArchive: Self.open)
        return try await maker.run(on: shelf)
    }

    @discardableResult
    func restore(_ backup: Backup, into store: any Store, isReplacing: Bool = false) async throws -> [String] {
        let items = backup.meta.collections.map { BackupRestore.Item($0.name, as: $0.name, isReplacing: isReplacing) }
        let restore = BackupRestore(items, of: backup, into: store, isAcceptingLosses: true, openArchive: Self.open)
        return try await restore.run(on: shelf)
    }

    /// What was left behind.
    func hidden() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: shelf.folder).filter { $0.hasPrefix(".") }
    }

    func change(_ path: String, _ change: (inout Data) -> Void) throws {
        var data = try Data(contentsOf: URL(filePath: path))
        change(&data)
        try data.write(to: URL(filePath: path))
    }

    /// Writes a description that fits the packed file as it is now, but for what `change` does.
    func describe(_ backup: Backup, _ change: (inout BackupMeta) -> Void) throws {
        var meta = backup.meta
        (meta.bytes, meta.sha256) = try BackupFiles.checksum(backup.path)
        change(&meta)
        try BackupFiles.write(meta.json.text, to: backup.metaPath)
    }

    /// Packs it again by `tar`, with one member more.
    func repack(_ backup: Backup, _ option: String, adding name: String, isLink: Bool = false) throws {
        let folder = root + "/repacked"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try tar(["xzf", backup.path, "-C", folder])
        let member = "\(folder)/\(backup.meta.base)/\(name)"
        if isLink {
            try FileManager.default.createSymbolicLink(atPath: member, withDestinationPath: "/etc")
        } else {
            try Data("evil".utf8).write(to: URL(filePath: member))
        }
        try tar(["czPf", backup.path, option, "-C", folder, backup.meta.base])
        try describe(backup) { _ in }
    }

    private func tar(_ arguments: [String]) throws {
        #expect(try FinishedProgram(["tar"] + arguments).exit == 0)
    }
}

extension Backup {
    static let day: Int64 = 86_400_000_000

    init(day: Int, _ name: String) {
        let created = Int64(day) * Self.day
        let meta = BackupMeta(
            id: BackupMeta.id(created), name: name, created: created, source: "", program: "", isPacked: true, bytes: 0,
            sha256: "", collections: [], files: [])
        self.init(meta: meta, path: "", metaPath: "")
    }
}
