import Foundation
import Model
import TestSupport
import Testing

@testable import Stores

/// Bytes that changed by chance never crash the reader and never keep it busy for good, whatever it says of them.
///
/// `FUZZ_SEED` chooses the changes, `FUZZ_SECONDS` for how long each kind is tried. How often that was is printed.
@Suite(.serialized) struct ChromaDirectoryFuzzTests {
    private static let duration = Duration.seconds(Environment.number("FUZZ_SECONDS").map { Double($0) } ?? 1)
    private static var chance: Chance { Chance(seed: Environment.number("FUZZ_SEED") ?? .random(in: 0...9_999)) }

    // MARK: Parsers, in memory

    @Test(arguments: [4, 3]) func anyPickleIsReadOrRefused(_ version: UInt8) throws {
        let whole = version == 4 ? Pickle.ofPython : Pickle.ofRust
        let known = try ChromaDirectoryPickle(ChromaDirectoryBytes(whole)).labels
        #expect(known.count == 3 && known[KeyNumbers.Hash(Array("key-2".utf8))] == 300)
        var chance = Self.chance
        try tell("pickles", chance) {
            do throws(StoreError) {
                _ = try ChromaDirectoryPickle(ChromaDirectoryBytes(chance.damaged(whole)))
            } catch { try #require(!error.message.isEmpty) }
        }
    }

    @Test func anyHeaderIsReadOrRefused() throws {
        let whole = Header.whole
        #expect(try ChromaDirectoryHeader(whole).dimension == 4)
        var chance = Self.chance
        try tell("headers", chance) {
            let bytes = chance.below(2) == 0 ? chance.changed(whole) : chance.damaged(whole)
            guard let header = try? ChromaDirectoryHeader(bytes) else { return }
            try #require(header.dimension > 0 && header.stride == header.vector + header.dimension * 4 + 8)
        }
    }

    /// Rows that are cut, or labelled by chance, below a header that fits them or does not.
    @Test func anyRowsAreReadOrRefused() throws {
        let folder = try TemporaryPlace()
        var chance = Self.chance
        let whole = (0..<20).flatMap { Header.row($0) }
        try tell("rows", chance) {
            try folder.write(chance.below(4) == 0 ? chance.changed(Header.whole) : Header.whole, "header.bin")
            try folder.write(chance.damaged(whole), "data_level0.bin")
            try folder.write(chance.damaged(Array(repeating: 63, count: 80)), "length.bin")
            do {
                guard let index = try ChromaDirectoryIndex(folder.path, isCosine: true) else { return }
                let labels = try index.rowsByLabel()
                for label in [0, 1, 19, 20, .max] { _ = labels[label] }
                guard index.rows > 0, index.header.dimension < 1 << 16 else { return }
                var vectors = [UInt8](repeating: 0, count: index.header.dimension * 4 * index.rows)
                try vectors.withUnsafeMutableBytes { try index.read(0..<index.rows, into: $0) }
            } catch let error as StoreError { try #require(!error.message.isEmpty) }
        }
    }

    // MARK: Folders

    @Test(arguments: ["0.5.23", "1.5.9"], ["index_metadata.pickle", "data_level0.bin", "chroma.sqlite3"])
    func anyByteMayBeAnother(_ version: String, _ file: String) async throws {
        let folder = try ChromaFolder(version)
        defer { withExtendedLifetime(folder) {} }
        let path =
            file == "chroma.sqlite3"
            ? "\(folder.root)/\(file)" : "\(try await folder.index(of: "large.cosine"))/\(file)"
        let whole = [UInt8](try Data(contentsOf: URL(filePath: path)))
        var chance = Self.chance
        try await tell("folders of \(version) with another \(file)", chance) {
            try Data(chance.damaged(whole)).write(to: URL(filePath: path))
            await read(folder, ["large.cosine"])
        }
    }

    /// Every value in the tables may be one of another type, or of none.
    @Test(arguments: ["0.4.24", "1.0.0", "1.5.9"]) func anyValueMayBeAnother(_ version: String) async throws {
        let folder = try ChromaFolder(version)
        defer { withExtendedLifetime(folder) {} }
        let path = "\(folder.root)/chroma.sqlite3"
        let whole = try Data(contentsOf: URL(filePath: path))
        let cells = try SQLiteFile(path: path).connect().cells()
        var chance = Self.chance
        try await tell("folders of \(version) with other values", chance) {
            try whole.write(to: URL(filePath: path))
            let connection = try SQLiteFile(path: path).connect()
            try connection.run("PRAGMA synchronous = OFF")
            try connection.run("PRAGMA ignore_check_constraints = ON")
            for _ in 0...chance.below(6) { try? connection.change(chance.one(of: cells), to: chance.value()) }
            await read(folder, ["large.cosine", "small_l2"])
        }
    }

    /// Everything is read or refused by an error.
    private func read(_ folder: ChromaFolder, _ names: [String]) async {
        let store = folder.store()
        for name in names {
            do throws(StoreError) {
                let reading = try await store.read(name, at: nil)
                var (scan, pages) = (Scan(), 0)
                while let page = try await reading.page(scan) {
                    scan.slice.after = page.end
                    pages += 1
                    if pages > 10_000 {
                        Issue.record("it does not end")
                        break
                    }
                }
                _ = try await reading.fetch([.text("plain-10"), .text("1")], .all)
            } catch { #expect(!error.message.isEmpty) }
        }
        await store.close()
    }

    // MARK: How often

    private func tell(_ what: String, _ chance: Chance, _ body: () throws -> Void) rethrows {
        let count = try repeating(for: Self.duration, body)
        print("\(count) \(what), seed \(chance.seed)")
    }

    private func tell(_ what: String, _ chance: Chance, _ body: () async throws -> Void) async rethrows {
        let end = ContinuousClock.now + Self.duration
        var count = 0
        while .now < end {
            try await body()
            count += 1
        }
        print("\(count) \(what), seed \(chance.seed)")
    }
}

// MARK: What is changed

extension Chance {
    /// Other bytes at some places, some missing, some twice.
    fileprivate mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...below(8) where !bytes.isEmpty {
            let place = below(bytes.count)
            switch below(5) {
            case 0: bytes[place] = UInt8(below(256))
            case 1: bytes[place] ^= 1 << UInt8(below(8))
            case 2: bytes[place] = one(of: [0, 1, 0x7F, 0x80, 0xFF])
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(64)))
            default:
                let run = bytes[place..<min(bytes.count, place + 1 + below(64))]
                bytes.insert(contentsOf: run, at: below(bytes.count + 1))
            }
        }
        return bytes
    }

    /// As many as they were.
    fileprivate mutating func changed(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...below(4) { bytes[below(bytes.count)] = UInt8(below(256)) }
        return bytes
    }

    fileprivate mutating func value() -> SQLiteValue {
        switch below(8) {
        case 0: .null
        case 1: .integer(one(of: [.min, -1, 0, 1, 2, 3, .max, Int64(below(1000))]))
        case 2: .real(one(of: [-.infinity, .infinity, -0.0, 1.5, 1e308, -1]))
        case 3: .text(one(of: ["", "x", "{}", "[", "null", "{\"a\":1}", "l2", "VECTOR", "METADATA", "\u{0}", "é"]))
        case 4: .text([0xFF, 0xC3, 0x28])
        case 5: .blob([])
        case 6: .blob((0..<below(64)).map { UInt8($0) })
        default: .text((0..<below(40)).map { _ in 0x20 + UInt8(below(95)) })
        }
    }
}

/// Where a value stands in a database.
private struct Cell {
    var table: String
    var column: String
    var row: Int64
}

extension SQLiteConnection {
    /// Of each table some.
    fileprivate func cells() throws(StoreError) -> [Cell] {
        let wanted = [
            "collections", "collection_metadata", "segments", "segment_metadata", "embeddings", "embedding_metadata",
            "embedding_metadata_array", "embeddings_queue", "max_seq_id", "migrations", "databases",
            "embeddings_queue_config",
        ]
        var cells: [Cell] = []
        let there = try tables()
        for table in wanted where there.contains(table) {
            let rows = try rows("SELECT rowid FROM \(table) LIMIT 300") { $0.integer(0) }
            for column in try columns(of: table) { cells += rows.map { Cell(table: table, column: column, row: $0) } }
        }
        return cells
    }

    fileprivate func change(_ cell: Cell, to value: SQLiteValue) throws(StoreError) {
        try run(
            "UPDATE OR IGNORE \(cell.table) SET \(cell.column) = ? WHERE rowid = ?", [value, .integer(cell.row)])
    }
}

/// What Chroma pickles, of three records.
private enum Pickle {
    private static let labels = [("key-1", 1), ("key-2", 300), ("key-3", 70_000)]

    /// Until 0.6, by Python: an object, and everything that may come again is numbered.
    static var ofPython: [UInt8] {
        var bytes: [UInt8] = [0x80, 4, 0x95, 0, 1, 0, 0, 0, 0, 0, 0]
        for text in ["chromadb.segment.impl.vector.local_persistent_hnsw", "PersistentData"] { bytes += short(text) }
        bytes += [0x93, 0x94] + Array(")".utf8) + [0x81, 0x94] + Array("}".utf8) + [0x94] + Array("(".utf8)
        bytes += short("dimensionality") + [0x4B, 4] + short("max_seq_id") + [0x8A, 2, 0xFF, 0x7F]
        bytes += short("id_to_label") + Array("}".utf8) + [0x94] + Array("(".utf8)
        for (name, label) in labels {
            bytes += short(name) + (label < 256 ? [0x4B, UInt8(label)] : [0x4A] + word(label))
        }
        bytes += Array("u".utf8) + short("label_to_id") + Array("}".utf8) + [0x94] + Array("(".utf8)
        for (place, one) in labels.enumerated() { bytes += [0x4A] + word(one.1) + [0x68, UInt8(9 + place)] }
        return bytes + Array("uub.".utf8)
    }

    /// Since 1.0: a table, and nothing is numbered.
    static var ofRust: [UInt8] {
        var bytes: [UInt8] = [0x80, 3] + Array("}(".utf8) + long("dimensionality") + Array("N".utf8)
        bytes += long("total_elements_added") + [0x4A] + word(3) + long("max_seq_id") + Array("N".utf8)
        bytes += long("id_to_label") + Array("}(".utf8)
        for (name, label) in labels { bytes += long(name) + [0x4A] + word(label) }
        return bytes + Array("u".utf8) + long("id_to_seq_id") + Array("}u.".utf8)
    }

    private static func short(_ text: String) -> [UInt8] { [0x8C, UInt8(text.utf8.count)] + Array(text.utf8) + [0x94] }
    private static func long(_ text: String) -> [UInt8] { [0x58] + word(text.utf8.count) + Array(text.utf8) }
    private static func word(_ number: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(number).littleEndian, Array.init) }
}

/// An index of twenty rows of dimension 4, each with 8 bytes of links.
private enum Header {
    static var whole: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 100)
        for (place, number) in [(0, 1), (4, 0), (12, 20), (20, 20), (28, 36), (36, 28), (44, 12)] {
            withUnsafeBytes(of: UInt32(number).littleEndian) { bytes.replaceSubrange(place..<place + 4, with: $0) }
        }
        return bytes
    }

    static func row(_ label: Int) -> [UInt8] {
        var row = [UInt8](repeating: 0, count: 36)
        for place in 12..<28 { row[place] = UInt8(place) }
        row[28] = UInt8(label)
        return row
    }
}

/// A folder that goes with its owner.
private final class TemporaryPlace {
    let path: String

    init() throws {
        // In memory, if it can be: a disk would take most of the time.
        let root = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        path = "\(root)/vecsh-fuzz-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
    }
}
