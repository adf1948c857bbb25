import Files
import Foundation
import Model
import TestSupport
import Testing

@testable import Depot

/// Folders on their way into a bucket and back.
@Suite(.needs(.s3)) struct TransferTests {
    private let place: TemporaryPlace
    private let bucket: S3Bucket
    private let prefix = "transfers-\(UUID().uuidString)/"

    init() async throws {
        place = try TemporaryPlace()
        let service = try await S3Service.running()
        let credentials = AWSCredentials(accessKey: service.accessKey, secretKey: service.secretKey)
        bucket = S3Bucket("vecsh", AWSSettings(endpoint: service.endpoint, region: "us-east-1", credentials))
    }

    private var tuning: TransferTuning {
        var tuning = TransferTuning()
        tuning.part = 5 << 20
        return tuning
    }

    private func upload(_ name: String, to prefix: String? = nil) async throws -> Upload {
        let local = DiskFolder(place.path(name))
        let content = try await FolderContent(of: local, isWhole: false)
        return Upload(
            content.files, of: local, to: S3Folder(bucket, prefix: prefix ?? self.prefix), key: nil,
            home: place.path("state"), tuning)
    }

    private func download(_ target: String, isWhole: Bool = true) async throws -> Download {
        let folder = S3Folder(bucket, prefix: prefix)
        let content = try await FolderContent(of: folder, isWhole: isWhole)
        return Download(content, from: folder, to: place.path(target), isFile: false, tuning)
    }

    /// Some small files, an empty one, and one of several parts.
    private func makeFolder(_ name: String) throws {
        try place.write("\(name)/chroma.sqlite3", bytes: 70_000, seed: 1)
        try place.write("\(name)/9b2c/data_level0.bin", bytes: (12 << 20) + 17, seed: 2)
        try place.write("\(name)/9b2c/header.bin", bytes: 100, seed: 3)
        try place.write("\(name)/9b2c/empty", bytes: 0, seed: 4)
        try place.write("\(name)/ü x+y", bytes: 5, seed: 5)
    }

    @Test func aFolderGoesThereAndBack() async throws {
        try makeFolder("old")
        let sent = try await upload("old")
        #expect(try await sent.standing() == .free)
        let manifest = try await sent.run(isReplacing: false)
        #expect(manifest.files.count == 5 && manifest.bytes == sent.progress.now.bytes)
        #expect(try await upload("old").standing() == .same)
        let fetched = try await download("new")
        #expect(try await fetched.run(isReplacing: false, leavesManifest: false).files == manifest.files)
        #expect(try place.contents("new") == place.contents("old"))
        #expect(try place.names(in: ".") == ["new", "old", "state"])
        #expect(
            try await FolderContent(of: S3Folder(bucket, prefix: prefix), isWhole: true).isSame(
                asAt: place.path("new"), as: S3Folder(bucket, prefix: prefix), isFile: false, hasManifest: false))
        #expect(try place.names(in: "state/uploads") == [])
    }

    @Test func anUploadThatStoppedSendsNothingTwice() async throws {
        try makeFolder("old")
        let first = try await upload("old")
        let watch = Task {
            while first.progress.now.bytes < 5 << 20 { try await Task.sleep(for: .milliseconds(1)) }
            first.progress.stop()
        }
        await refuses(.cancelled) { _ = try await first.run(isReplacing: false) }
        try await watch.value
        await #expect(throws: StoreError.self) { _ = try await download("new") }
        let second = try await upload("old")
        let manifest = try await second.run(isReplacing: false)
        #expect(second.progress.now.resumed >= 5 << 20)
        #expect(try await download("new").run(isReplacing: false, leavesManifest: false).files == manifest.files)
        #expect(try place.contents("new") == place.contents("old"))
    }

    @Test func aDownloadThatStoppedGoesOn() async throws {
        try makeFolder("old")
        _ = try await upload("old").run(isReplacing: false)
        let first = try await download("new")
        let watch = Task {
            while first.progress.now.bytes < 1 << 20 { try await Task.sleep(for: .milliseconds(1)) }
            first.progress.stop()
        }
        _ = try? await first.run(isReplacing: false, leavesManifest: false)
        try await watch.value
        if try place.names(in: ".").contains("new") { return }
        #expect(try place.names(in: ".") == [".new.download", "old", "state"])
        let second = try await download("new")
        _ = try await second.run(isReplacing: false, leavesManifest: false)
        #expect(second.progress.now.resumed > 0)
        #expect(try place.contents("new") == place.contents("old"))
        #expect(try place.names(in: ".") == ["new", "old", "state"])
    }

    @Test func withoutItsManifestAFolderIsIncomplete() async throws {
        try await bucket.put(prefix + "a", [1])
        try await bucket.put(prefix + "b/c", [2, 3])
        await refuses(.conflict) { _ = try await download("new") }
        let all = try await download("new", isWhole: false)
        #expect(try await all.run(isReplacing: false, leavesManifest: false).files.map(\.path) == ["a", "b/c"])
        #expect(try place.contents("new") == ["a": Data([1]), "b/c": Data([2, 3])])
        await refuses(.notFound) {
            _ = try await FolderContent(of: S3Folder(bucket, prefix: prefix + "nothing/"), isWhole: true)
        }
    }

    @Test func whatChangesMeanwhileIsNoticedAndNothingIsThere() async throws {
        try makeFolder("old")
        _ = try await upload("old").run(isReplacing: false)
        let listed = try await download("new")
        try await bucket.put(prefix + "9b2c/header.bin", [UInt8](repeating: 9, count: 100))
        await refuses(.conflict) { _ = try await listed.run(isReplacing: false, leavesManifest: false) }
        // As it is listed now, it differs from the manifest.
        let damaged = try await download("new")
        await refuses(.malformed) { _ = try await damaged.run(isReplacing: false, leavesManifest: false) }
        #expect(try !place.names(in: ".").contains("new"))
        try await bucket.delete(prefix + "9b2c/header.bin")
        await refuses(.conflict) { _ = try await download("new") }
    }

    @Test func anotherFolderIsReplacedOnlyWhenThatIsSaid() async throws {
        try makeFolder("old")
        _ = try await upload("old").run(isReplacing: false)
        try place.write("other/one", bytes: 10, seed: 7)
        #expect(try await upload("other").standing() == .other(isWhole: true))
        await refuses(.conflict) { _ = try await upload("other").run(isReplacing: false) }
        #expect(try await upload("old").standing() == .same)
        let manifest = try await upload("other").run(isReplacing: true)
        let keys = try await bucket.objects(prefix).map { String($0.key.dropFirst(prefix.count)) }
        #expect(keys.sorted() == ["one", Manifest.name])
        try makeFolder("new")
        #expect(try await download("new").run(isReplacing: true, leavesManifest: false).files == manifest.files)
        #expect(try place.contents("new") == place.contents("other"))
    }

    @Test func aFileThatIsWrittenToMeanwhileIsNotSent() async throws {
        try makeFolder("old")
        let listed = try await upload("old")
        try place.write("old/9b2c/header.bin", bytes: 101, seed: 8)
        await refuses(.conflict) { _ = try await listed.run(isReplacing: false) }
        // Whether other files have been sent before that is a matter of luck.
        await #expect(throws: StoreError.self) { _ = try await download("new") }
        _ = try await upload("old").run(isReplacing: false)
        _ = try await download("new").run(isReplacing: false, leavesManifest: false)
        #expect(try place.contents("new") == place.contents("old"))
    }

    @Test func oneFileIsAnObject() async throws {
        try place.write("big.bin", bytes: (6 << 20) + 3, seed: 9)
        let local = DiskFolder(file: place.path("big.bin"))
        let files = try await local.files()
        func upload() -> Upload {
            Upload(
                files, of: local, to: S3Folder(bucket, prefix: ""), key: prefix + "kept.bin", home: place.path("state"),
                tuning)
        }
        let manifest = try await upload().run(isReplacing: false)
        #expect(try await upload().standing() == .same)
        let folder = S3Folder(bucket, object: prefix + "kept.bin")
        let content = try await FolderContent(file: folder)
        #expect(content.files.map(\.sha256) == [manifest.files[0].sha256])
        let download = Download(content, from: folder, to: place.path("back.bin"), isFile: true, tuning)
        _ = try await download.run(isReplacing: false, leavesManifest: false)
        #expect(try place.contents("back.bin") == place.contents("big.bin"))
        await refuses(.conflict) {
            let again = Download(content, from: folder, to: place.path("back.bin"), isFile: true, tuning)
            _ = try await again.run(isReplacing: false, leavesManifest: false)
        }
    }

    @Test func twoAtOnceDoNotMix() async throws {
        try makeFolder("old")
        let (one, other) = (try await upload("old"), try await upload("old"))
        async let first = Result { () async throws(StoreError) in try await one.run(isReplacing: false) }
        async let second = Result { () async throws(StoreError) in try await other.run(isReplacing: false) }
        let outcomes = [await first, await second]
        let failures = outcomes.compactMap { if case .failure(let error) = $0 { error.code } else { nil } }
        #expect(failures == [.unavailable])
        _ = try await download("new").run(isReplacing: false, leavesManifest: false)
    }
}

/// Names that lead elsewhere.
@Suite struct FolderPathTests {
    @Test(arguments: ["../up", "a/../b", "", "a//b", "/a", "a/.", "a\u{0}b"])
    func namesThatLeadElsewhereAreRefused(_ path: String) {
        #expect(throws: StoreError.self) { try FolderPath.check(path, in: "it") }
        let text = Manifest([Manifest.File(path: path, bytes: 0, sha256: String(repeating: "0", count: 64))], made: 0)
        #expect(throws: StoreError.self) { try Manifest(Array(text.text.utf8), at: "it") }
    }

    @Test func aFileCannotBeAFolderToo() throws {
        try FolderPath.check(["a", "ab/c", "a.b/c"], in: "it")
        #expect(throws: StoreError.self) { try FolderPath.check(["a/b", "a"], in: "it") }
    }

    @Test func manifestsThatAreDamagedAreRefused() throws {
        let manifest = Manifest(
            [Manifest.File(path: "a", bytes: 3, sha256: String(repeating: "a", count: 64))], made: 0)
        #expect(try Manifest(Array(manifest.text.utf8), at: "it") == manifest)
        for (old, new) in [("\"bytes\": 3", "\"bytes\": -3"), ("\"format\": 1", "\"format\": 2"), ("aaaa", "bbbb")] {
            #expect(throws: StoreError.self) {
                try Manifest(Array(manifest.text.replacing(old, with: new, maxReplacements: 1).utf8), at: "it")
            }
        }
        #expect(throws: StoreError.self) { try Manifest(Array(manifest.text.utf8.dropLast(9)), at: "it") }
    }
}

@Suite struct DepotAddressTests {
    @Test func addresses() throws {
        #expect(try DepotAddress("s3://bucket/a b/c/") == .bucket("bucket", key: "a b/c/"))
        #expect(try DepotAddress("s3://bucket") == .bucket("bucket", key: ""))
        #expect(try DepotAddress("s3://bucket/a//b?c=d") == .bucket("bucket", key: "a//b?c=d"))
        #expect(try DepotAddress("file:///srv/x/") == .disk(path: "/srv/x"))
        #expect(try DepotAddress("file://./x") == .disk(path: "./x"))
        for wrong in ["s3://", "s3:///key", "s3://k:s@bucket/x", "http://x/y", "file://host/x", "file://", "./x"] {
            #expect(throws: StoreError.self, "\(wrong)") { try DepotAddress(wrong) }
        }
    }
}
