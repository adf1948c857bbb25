import Foundation
import Model
import Stores
import TestSupport
import Testing

/// What is wrong with a folder is named; what can be read is read, and nothing is written.
@Suite struct ChromaDirectoryDamageTests {
    // MARK: No database

    @Test func whatIsNoFolderOfChromasIsRefusedByName() async throws {
        let folder = try ChromaFolder("0.6.3")
        let path = folder.root + "/chroma.sqlite3"
        let whole = try Data(contentsOf: URL(filePath: path))
        let cases: [(Data?, StoreError.Code, String)] = [
            (nil, .notFound, "holds no chroma.sqlite3"), (Data(), .malformed, "is empty"),
            (whole.prefix(whole.count / 2), .malformed, "is cut short"),
            (Data("not a database at all, whatever its name may say".utf8), .malformed, "is no SQLite database"),
            (Data("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n".utf8), .malformed, "Git LFS"),
        ]
        for (contents, code, words) in cases {
            try? FileManager.default.removeItem(atPath: path)
            if let contents { try contents.write(to: URL(filePath: path)) }
            await says(words, code, folder)
        }
        try FileManager.default.removeItem(atPath: path)
        try folder.run(
            "import sqlite3, sys; db = sqlite3.connect(sys.argv[1] + '/chroma.sqlite3'); db.execute('CREATE TABLE a (b)')"
        )
        await says("none of Chroma's", .malformed, folder)
        try FileManager.default.removeItem(atPath: path)
        try Data().write(to: URL(filePath: folder.root + "/chroma-embeddings.parquet"))
        await says("written by Chroma 0.3", .unsupported, folder)
        await refuses(.notFound) { try await ChromaDirectoryStore(at: "/nowhere/at/all").check() }
        await refuses(.rejected) { try await ChromaDirectoryStore(at: "/etc/passwd").check() }
        let above = ChromaDirectoryStore(at: try ChromaFolderAbove(folder).root)
        do throws(StoreError) { try await above.check() } catch {
            #expect(error.help?.contains("name the folder") == true)
        }
    }

    private struct ChromaFolderAbove {
        let root: String
        init(_ folder: ChromaFolder) throws { root = folder.place }
    }

    private func says(_ words: String, _ code: StoreError.Code, _ folder: ChromaFolder) async {
        do throws(StoreError) {
            try await folder.store().check()
            Issue.record("opened: \(words)")
        } catch { #expect(error.code == code && error.message.contains(words), "\(error) \(error.code)") }
    }

    @Test func aNewerFormIsRefused() async throws {
        let folder = try ChromaFolder("1.5.9")
        try folder.sql("INSERT INTO migrations VALUES ('sysdb', 11, 'x', 'y', 'z')")
        await says("newer Chroma", .unsupported, folder)
    }

    // MARK: Sidecars and locks

    @Test func aDatabaseWithALogIsReadWithIt() async throws {
        let folder = try ChromaFolder("0.5.23")
        // The writer is killed, so that nothing is gathered.
        try folder.run(
            """
            import os, sqlite3, sys
            db = sqlite3.connect(sys.argv[1] + "/chroma.sqlite3")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("UPDATE embedding_metadata SET string_value = 'from the log' WHERE key = 'chroma:document'")
            db.commit()
            pid = os.fork()
            if pid == 0:
                os._exit(0)
            os.kill(os.getpid(), 0)
            import shutil
            for end in ("", "-wal"):
                shutil.copy(sys.argv[1] + "/chroma.sqlite3" + end, sys.argv[1] + "/../copy" + end)
            db.close()
            for end in ("", "-wal"):
                shutil.move(sys.argv[1] + "/../copy" + end, sys.argv[1] + "/chroma.sqlite3" + end)
            """)
        let before = try folder.contents()
        #expect(before["chroma.sqlite3-wal"]?.isEmpty == false)
        let store = folder.store()
        #expect(try await store.everything(in: "taken_names").fields[0].text(0) == "from the log")
        await store.close()
        #expect(try folder.contents() == before)
    }

    @Test func aDatabaseInLogModeWithoutALogIsReadAsItIs() async throws {
        let folder = try ChromaFolder("0.5.23")
        try folder.sql("PRAGMA journal_mode = WAL")
        let before = try folder.contents()
        #expect(before["chroma.sqlite3-wal"] == nil)
        let store = folder.store()
        #expect(try await store.everything(in: "large.l2").count == 102)
        #expect(try folder.contents() == before)
    }

    @Test func anUnfinishedWriteIsUndoneInACopy() async throws {
        let folder = try ChromaFolder("0.4.24")
        try folder.run(
            """
            import os, sqlite3, sys
            db = sqlite3.connect(sys.argv[1] + "/chroma.sqlite3", isolation_level=None)
            db.execute("PRAGMA cache_spill = 1")
            db.execute("PRAGMA cache_size = 1")
            db.execute("BEGIN IMMEDIATE")
            db.execute("UPDATE embedding_metadata SET string_value = 'unfinished' || zeroblob(3000)")
            os._exit(0)
            """)
        let before = try folder.contents()
        #expect(before["chroma.sqlite3-journal"]?.isEmpty == false)
        let store = folder.store()
        #expect(try await store.everything(in: "taken_names").fields[0].text(0) == "Chroma's")
        await store.close()
        #expect(try folder.contents() == before)
    }

    @Test func aLockedDatabaseIsNamed() async throws {
        let folder = try ChromaFolder("1.0.0")
        let endpoint = try #require(Endpoint("chroma-dir://\(folder.root)"))
        let lock = try heldLock(folder.root + "/chroma.sqlite3")
        do throws(StoreError) {
            _ = try await ChromaDirectory.kind.open(endpoint, ["busy_timeout": "50"])
            Issue.record("opened")
        } catch {
            #expect(error.code == .unavailable && error.message.contains("locked by another program"), "\(error)")
        }
        lock.end()
        _ = try await ChromaDirectory.kind.open(endpoint, ["busy_timeout": "50"])
    }

    @Test func whatIsWrittenMeanwhileIsNoticed() async throws {
        let folder = try ChromaFolder("0.6.3")
        let store = folder.store()
        let reading = try await store.read("large.l2", at: nil)
        var scan = Scan(budget: Budget(records: 10))
        scan.slice.after = try await reading.page(scan)?.end
        try folder.sql("UPDATE embedding_metadata SET int_value = 5 WHERE key = 'n'")
        await refuses(.expired) { [scan] in _ = try await reading.page(scan) }
        await refuses(.expired) { _ = try await store.read("large.l2", at: reading.moment) }
        #expect(try await store.everything(in: "large.l2").count == 102)
    }

    // MARK: The index

    struct Damage: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var says: String
        var body: @Sendable (String) throws -> Void
    }

    static let damages = [
        Damage(testDescription: "no folder", says: "its folder is missing") {
            try FileManager.default.removeItem(atPath: $0)
        },
        Damage(testDescription: "no rows", says: "data_level0.bin is missing") {
            try FileManager.default.removeItem(atPath: $0 + "/data_level0.bin")
        },
        Damage(testDescription: "no pickle", says: "index_metadata.pickle is missing") {
            try FileManager.default.removeItem(atPath: $0 + "/index_metadata.pickle")
        },
        Damage(testDescription: "a pointer", says: "header.bin is a Git LFS pointer") {
            try Data("version https://git-lfs.github.com/spec/v1\n".utf8).write(to: URL(filePath: $0 + "/header.bin"))
        },
        Damage(testDescription: "a short head", says: "header.bin has 7 bytes") {
            try Data("1234567".utf8).write(to: URL(filePath: $0 + "/header.bin"))
        },
        Damage(testDescription: "another version", says: "header.bin is of version 2") {
            try patch($0 + "/header.bin", at: 0, [2])
        },
        Damage(testDescription: "a head against itself", says: "header.bin contradicts itself") {
            try patch($0 + "/header.bin", at: 36, [9])
        },
        Damage(testDescription: "a huge head", says: "header.bin says") {
            try patch($0 + "/header.bin", at: 25, [0xFF, 0xFF])
        },
        Damage(testDescription: "rows cut", says: "data_level0.bin ends behind row") {
            let path = $0 + "/data_level0.bin"
            try Data(contentsOf: URL(filePath: path)).prefix(1000).write(to: URL(filePath: path))
        },
        Damage(testDescription: "a pickle that runs something", says: "was not") {
            try Data("cos\nsystem\n(S'touch /tmp/vecsh-was-here'\ntR.".utf8).write(
                to: URL(filePath: $0 + "/index_metadata.pickle"))
        },
        Damage(testDescription: "a pickle of another type", says: "that is not Chroma's") {
            try Data([0x80, 4, 0x8C, 2] + Array("os".utf8) + [0x8C, 6] + Array("system".utf8) + [0x93, 0x2E]).write(
                to: URL(filePath: $0 + "/index_metadata.pickle"))
        },
    ]

    private static func patch(_ path: String, at place: Int, _ bytes: [UInt8]) throws {
        var data = try Data(contentsOf: URL(filePath: path))
        data.replaceSubrange(place..<place + bytes.count, with: bytes)
        try data.write(to: URL(filePath: path))
    }

    @Test(arguments: damages) func whatCanBeReadIsReadAndTheRestIsCounted(_ damage: Damage) async throws {
        let folder = try ChromaFolder("0.6.3")
        let index = try folder.index()
        try damage.body(index)
        let before = try folder.contents()
        let store = folder.store()
        var lost = 0
        for name in try await store.collections() {
            let description = try await store.describe(name)
            let records = try await store.everything(in: name)
            guard let loss = description.losses.first else { continue }
            let missing = records.vectors[0].marks.count { $0 == .absent }
            lost += 1
            #expect(missing > 0 && missing < records.count && description.collection.vectors[0].isNullable)
            #expect(loss.detail.hasPrefix("\(missing) of \(records.count) are lost: "), "\(loss)")
            #expect(loss.detail.contains(damage.says), "\(loss)")
            #expect(records.count == 102)
        }
        #expect(lost == 1)
        #expect(try folder.contents() == before)
        #expect(!FileManager.default.fileExists(atPath: "/tmp/vecsh-was-here"))
    }

    @Test func withoutLengthsVectorsHaveLengthOne() async throws {
        let folder = try ChromaFolder("1.5.9")
        let (id, all) = (
            try await folder.index(of: "large.cosine"), try await folder.store().everything(in: "large.cosine")
        )
        try FileManager.default.removeItem(atPath: "\(id)/length.bin")
        let store = folder.store()
        let description = try await store.describe("large.cosine")
        #expect(description.losses.first?.detail.contains("length.bin is missing: vectors have length one") == true)
        let some = try await store.everything(in: "large.cosine")
        let lengths = some.keys.indices.map { row in
            some.vectors[0].floats(row, description.collection.vectors[0]).reduce(0) { $0 + $1 * $1 }
        }
        #expect(some.keys == all.keys && lengths.count { abs($0 - 1) < 1e-5 } > 60)
    }

    @Test func anIndexOfAnotherDimensionIsNotRead() async throws {
        let folder = try ChromaFolder("0.6.3")
        try folder.sql("UPDATE collections SET dimension = 4 WHERE name = 'large.l2'")
        let loss = try #require(try await folder.store().describe("large.l2").losses.first)
        #expect(loss.detail.contains("its index has dimension 5, and the collection 4"), "\(loss)")
        #expect(loss.detail.contains("102 of 102 are lost"), "\(loss)")
    }

    @Test func oddValuesAreNamed() async throws {
        let folder = try ChromaFolder("1.0.0")
        let name = "taken_names"
        try folder.sql("UPDATE embedding_metadata SET string_value = x'FFFE' WHERE key = 'document'")
        await says("its metadata is none", in: name, folder)
        try folder.sql("UPDATE embedding_metadata SET string_value = NULL, float_value = 9e999 WHERE key = 'document'")
        await says("infinite", in: name, folder)
        let endpoint = try #require(Endpoint("chroma-dir://\(folder.root)"))
        let lenient = try await ChromaDirectory.kind.open(endpoint, ["infinite": "drop"])
        #expect(try await lenient.everything(in: name).rest?.text(0) == ##"{"#uri":7}"##)
        try folder.sql("UPDATE embeddings_queue SET encoding = 'INT32'")
        await says("only FLOAT32 is known", in: "plain", folder)
        try folder.sql("UPDATE embeddings_queue SET operation = 9")
        await says("unknown operation 9", in: "plain", folder)
    }

    private func says(_ words: String, in name: String, _ folder: ChromaFolder) async {
        do {
            _ = try await folder.store().everything(in: name)
            Issue.record("read: \(words)")
        } catch { #expect("\(error)".contains(words), "\(error)") }
    }
}

extension ChromaFolder {
    func sql(_ statement: String) throws {
        try run(
            """
            import sqlite3, sys
            db = sqlite3.connect(sys.argv[1] + "/chroma.sqlite3")
            db.execute(\"\"\"\(statement)\"\"\")
            db.commit()
            """)
    }

    /// The folder of a collection's index.
    func index(of name: String) async throws -> String {
        try run(
            """
            import sqlite3, sys
            db = sqlite3.connect(sys.argv[1] + "/chroma.sqlite3")
            rows = db.execute("SELECT s.id FROM segments s JOIN collections c ON c.id = s.collection"
                " WHERE s.scope = 'VECTOR' AND c.name = '\(name)'").fetchall()
            open(sys.argv[1] + "/../found", "w").write(rows[0][0])
            """)
        return "\(root)/\(try String(contentsOfFile: place + "/found", encoding: .utf8))"
    }
}

/// The locks of a program that writes, as SQLite takes them; they bind other programs only, so one is needed.
private func heldLock(_ path: String) throws -> RunningScript {
    let script =
        "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None); "
        + "db.execute('BEGIN EXCLUSIVE'); print('held', flush=True); sys.stdin.read()"
    return try RunningScript(["-c", script, path])
}
