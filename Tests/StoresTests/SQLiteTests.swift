import Foundation
import Model
import TestSupport
import Testing

@testable import Stores

@Suite struct SQLiteTests {
    @Test(arguments: Conformance.all)
    func conforms(_ rule: Conformance) async throws {
        let folder = TemporaryFolder()
        try await rule.check(SQLiteStore(SQLiteFile(path: folder.path("a.db"))))
    }
}

/// A folder that is gone when the test ends.
final class TemporaryFolder: Sendable {
    let url = FileManager.default.temporaryDirectory.appending(path: "vecsh-\(UUID().uuidString)")

    init() { try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }
}
