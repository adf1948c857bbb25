import Foundation
import JSON
import Model
import Stores
import TestSupport
import Testing

@Suite struct LightRAGTests {
    /// What a file of nano-vectordb's cannot do: its records have one vector each, which it compares by cosine.
    private static let otherwise: Set<String> = [
        "collections without vectors, and with several",
        "every type comes back as it was sent: null, absent and empty told apart",
        "a record written again is replaced whole",
        "filters mean what the reference means",
        "search finds the nearest, by metric and filter",
    ]

    @Test(arguments: Conformance.all.filter { !otherwise.contains($0.testDescription) })
    func conforms(_ rule: Conformance) async throws {
        let folder = LightRAGFolder()
        let store = folder.store()
        try await rule.check(PrefixedStore(store, "vdb_"))
        await store.close()
    }
}

/// A working folder, that goes with the program.
struct LightRAGFolder: Sendable {
    let root = LightRAGFolder.all + "/" + UUID().uuidString

    /// A store does not hold its folder, so that no folder may go before the last test has ended.
    private static let all: String = {
        atexit { try? FileManager.default.removeItem(atPath: LightRAGFolder.all) }
        return NSTemporaryDirectory() + "vecsh-lightrag-\(getpid())"
    }()

    init(_ files: [String: String] = [:]) {
        guard !files.isEmpty else { return }
        try? FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        for (name, text) in files { try? Data(text.utf8).write(to: URL(filePath: "\(root)/\(name)")) }
    }

    func store(dimension: Int? = nil) -> LightRAGStore { LightRAGStore(at: root, dimension: dimension) }

    func text(_ name: String) throws -> String { try String(contentsOfFile: "\(root)/\(name)", encoding: .utf8) }
    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: root).sorted() }
}
