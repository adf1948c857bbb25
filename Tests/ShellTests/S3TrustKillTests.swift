import Foundation
import TestSupport
import Testing

/// A bucket behind TLS whose authority is not one of the system's.
@Suite(.needs(.s3)) struct S3TrustKillTests {
    private let folder: TemporaryFolder
    private let proxy: RunningScript
    private let authority: String
    private let prefix = "s3://vecsh/trust-\(UUID().uuidString)/"

    init() async throws {
        folder = try TemporaryFolder()
        let service = try await S3Service.running()
        proxy = try RunningScript(RunningScript.fixture("tls_proxy.py"), ["\(service.port)"])
        let words = proxy.firstLine.split(separator: " ").map(String.init)
        try #require(words.count == 2, "the proxy has not started: is openssl there?")
        authority = words[1]
        try await folder.useS3(endpoint: "https://127.0.0.1:\(words[0])")
        let bytes = (0..<(12 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 37 ^ $0 >> 9) }
        try FileManager.default.createDirectory(
            at: folder.url.appending(path: "old"), withIntermediateDirectories: true)
        try Data(bytes).write(to: folder.url.appending(path: "old/large"))
    }

    private func run(_ statement: String, trusting: String?) throws -> ProgramRun {
        let bundle = trusting.map { ["AWS_CA_BUNDLE": $0] } ?? [:]
        return try ProgramRun(["--yes", "-c", statement], in: folder, bundle)
    }

    @Test func whoIsNotTrustedGetsNothing() throws {
        let refused = try run("upload ./old to \(prefix)", trusting: nil)
        #expect(refused.exit == 3 && refused.errors.contains("AWS_CA_BUNDLE"), "\(refused.errors)")
        let missing = try run("upload ./old to \(prefix)", trusting: "/nowhere.pem")
        #expect(missing.exit == 3, "\(missing.errors)")
        let sent = try run("upload ./old to \(prefix)", trusting: authority)
        #expect(sent.exit == 0, "\(sent.errors)")
        let come = try run("download \(prefix) to ./new", trusting: authority)
        #expect(come.exit == 0, "\(come.errors)")
        let difference = try ProgramRun(
            program: URL(filePath: "/usr/bin/diff"), ["-r", folder.url.path + "/old", folder.url.path + "/new"],
            in: folder)
        #expect(difference.exit == 0)
    }
}
