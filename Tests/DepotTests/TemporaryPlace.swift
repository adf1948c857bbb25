import Foundation
import TestSupport

/// A folder that is gone with the test.
final class TemporaryPlace: Sendable {
    private let url = FileManager.default.temporaryDirectory.appending(path: "vecsh-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }

    /// Bytes that no other seed makes.
    func write(_ name: String, bytes count: Int, seed: UInt64) throws {
        var state = seed &* 0x9E37_79B9_7F4A_7C15
        var bytes = [UInt64]()
        for _ in 0...count / 8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            bytes.append(state ^ state >> 29)
        }
        let file = url.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes.withUnsafeBytes { Data($0) }.prefix(count)).write(to: file)
    }

    func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path(folder)).sorted()
    }

    /// Every file below a name with what is in it.
    func contents(_ name: String) throws -> [String: Data] {
        let place = url.appending(path: name)
        if let file = try? Data(contentsOf: place) { return ["": file] }
        var found: [String: Data] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: place.path) {
            found[path] = try? Data(contentsOf: place.appending(path: path))
        }
        return found
    }
}
