import Foundation
import TestSupport
import Testing

/// The Qdrant of the other tests answers the unmodified `qdrant-client` as it should.
@Suite(.needsQdrant, .timeLimit(.minutes(5)))
struct QdrantServiceTests {
    private static func file(_ name: String) -> String {
        URL(filePath: #filePath).appending(path: "../../Services/\(name)").standardized.path
    }

    /// Starts one with these options, and lets a part of the trial find out what they do.
    private func expect(_ part: String, _ words: String..., of options: QdrantService.Options) async throws {
        let service = try await QdrantService.start(options)
        let words = options.isEncrypted ? [service.authority] : words
        try await service.python(Self.file("qdrant_options_trial.py"), [part] + words)
        try await service.stop()
    }

    @Test func everyRequestIsAnswered() async throws {
        try await QdrantService.running().python(Self.file("qdrant_trial.py"))
    }

    @Test func keysOpenWhatTheyShould() async throws {
        try await expect("Keys", "whole", "reading", of: .init(apiKey: "whole", readOnlyKey: "reading"))
    }

    @Test func itsCertificateHolds() async throws {
        try await expect("Encrypted", of: .init(isEncrypted: true))
    }

    @Test(arguments: QdrantService.Faults.Kind.allCases)
    func itFailsOnPurpose(_ kind: QdrantService.Faults.Kind) async throws {
        try await expect("Failing", kind.rawValue, of: .init(faults: .init(every: 2, kind)))
    }

    @Test func anOldOneKnowsNothingThatCameLater() async throws {
        try await expect("Old", "1.7.4", of: .init(version: "1.7.4"))
    }

    @Test func whatItAcknowledgedOutlivesAKill() async throws {
        let service = try await QdrantService.start()
        let trial = Self.file("qdrant_options_trial.py")
        try await service.python(trial, ["Writing"])
        try await service.kill()
        try await service.restart()
        try await service.python(trial, ["Reading"])
        try await service.stop()
    }
}
