import Foundation
import Model
import Stores
import TestSupport
import Testing

@Suite struct ArchiveTests {
    @Test(arguments: Conformance.all)
    func conforms(_ rule: Conformance) async throws {
        let folder = TemporaryFolder()
        let store = try ArchiveStore(at: folder.path)
        try await rule.check(store)
        await store.close()
    }
}

/// A folder that goes with its test.
final class TemporaryFolder: Sendable {
    let path = NSTemporaryDirectory() + "vecsh-" + UUID().uuidString

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
