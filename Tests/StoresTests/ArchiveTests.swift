import Foundation
import Model
import Stores
import TestSupport
import Testing

@Suite struct ArchiveTests {
    @Test(arguments: Conformance.all)
    func conforms(_ rule: Conformance) async throws {
        let archive = TemporaryArchive()
        let store = try archive.store()
        try await rule.check(store)
        await store.close()
    }
}

/// A folder for an archive, that goes with its test.
final class TemporaryArchive: Sendable {
    let root = NSTemporaryDirectory() + "vecsh-" + UUID().uuidString

    deinit { try? FileManager.default.removeItem(atPath: root) }

    func store(isVerifying: Bool = true) throws -> ArchiveStore { try ArchiveStore(at: root, isVerifying: isVerifying) }

    /// An archive with a collection `a` of the sample's records.
    static func holding(_ keys: Range<Int>) async throws -> TemporaryArchive {
        let archive = TemporaryArchive()
        let store = try archive.store()
        try await store.create(Sample.plain("a"))
        try await store.write(Sample.records(keys), to: "a", .first)
        await store.close()
        return archive
    }

    /// The folder as it is now, elsewhere: what a crash would leave.
    func copy() throws -> TemporaryArchive {
        let copy = TemporaryArchive()
        try FileManager.default.copyItem(atPath: root, toPath: copy.root)
        return copy
    }

    func url(_ name: String) -> URL { URL(filePath: "\(root)/a/\(name)") }
    func data(_ name: String) throws -> Data { try Data(contentsOf: url(name)) }
    func text(_ name: String) throws -> String { String(decoding: try data(name), as: UTF8.self) }
    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: "\(root)/a").sorted() }

    func change(_ name: String, _ change: (inout Data) throws -> Void) throws {
        var data = try data(name)
        try change(&data)
        try data.write(to: url(name))
    }

    func replace(_ old: String, _ new: String, in name: String = "collection.json") throws {
        try change(name) { data in
            let text = String(decoding: data, as: UTF8.self)
            try #require(text.contains(old))
            data = Data(text.replacing(old, with: new).utf8)
        }
    }

    /// The keys of `a`, as another program would find them.
    func keys() async throws -> [Key] {
        try await store().everything(in: "a", wanted: .keys).keys.sorted()
    }
}

func integers(_ range: Range<Int>) -> [Key] { range.map { .integer(Int64($0)) } }
