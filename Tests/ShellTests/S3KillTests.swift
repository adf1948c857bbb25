import Foundation
import TestSupport
import Testing

/// Downloads and uploads by the program itself, which is killed, stopped, and kept from its disk.
@Suite(.needs(.s3)) struct S3KillTests {
    private let folder: TemporaryFolder
    private let prefix = "s3://vecsh/kills-\(UUID().uuidString)/"

    init() async throws {
        folder = try TemporaryFolder()
        try await folder.useS3()
        try FileManager.default.createDirectory(
            at: folder.url.appending(path: "old/segment"), withIntermediateDirectories: true)
        for (name, bytes) in [
            ("chroma.sqlite3", 3 << 20), ("segment/data_level0.bin", 44 << 20), ("segment/header", 9),
        ] {
            var bytes = (0..<UInt64(bytes / 8 + 1)).map { $0 &* 0x9E37_79B9_7F4A_7C15 ^ $0 >> 7 }
            bytes[0] = UInt64(name.utf8.count)
            try bytes.withUnsafeBytes { Data($0) }.write(to: folder.url.appending(path: "old/\(name)"))
        }
    }

    private func run(_ statement: String) throws -> ProgramRun {
        try ProgramRun(["--yes", "-c", statement], in: folder)
    }

    private func isSame(_ one: String, _ other: String) throws -> Bool {
        let program = URL(filePath: "/usr/bin/diff")
        let paths = [one, other].map { folder.url.appending(path: $0).path }
        return try ProgramRun(program: program, ["-r"] + paths, in: folder).exit == 0
    }

    /// Kills a statement after some time; answers whether it had ended by itself.
    private func killed(_ statement: String, after milliseconds: Int) throws -> Bool {
        let child = try ProgramRun.started(["--no-rc", "-c", statement], "kill", in: folder)
        usleep(UInt32(milliseconds) * 1000)
        let hasEnded = !child.isRunning
        child.send(SIGKILL)
        _ = child.end()
        return hasEnded
    }

    @Test func whateverIsKilledGoesOnAndNothingIsHalf() throws {
        var wrong: [String] = []
        for pause in [5, 20, 60, 100, 160, 250, 400] {
            if try killed("upload ./old to \(prefix)", after: pause) { break }
            // Whoever reads meanwhile is told that this is no whole folder, or that there is nothing.
            let early = try run("download \(prefix) to ./early")
            let isThere = FileManager.default.fileExists(atPath: folder.url.appending(path: "early").path)
            if early.exit == 0, try !isSame("old", "early") { wrong.append("half a folder came: \(early.output)") }
            if early.exit != 0, isThere { wrong.append("it failed and left a folder") }
        }
        let sent = try run("upload ./old to \(prefix)")
        if sent.exit != 0 { wrong.append(sent.errors) }
        for pause in [5, 20, 60, 100, 160, 250, 400] {
            if try killed("download \(prefix) to ./new", after: pause) { break }
        }
        let came = try run("download \(prefix) to ./new")
        if came.exit != 0 { wrong.append(came.errors) }
        if try !isSame("old", "new") { wrong.append("they differ") }
        if try run("upload ./old to \(prefix)").exit != 0 { wrong.append("a second upload is refused") }
        #expect(wrong == [])
    }

    @Test func whatCannotBeIsNamed() async throws {
        let missing = try run("download s3://no-such-bucket/x/ to ./new")
        #expect(missing.exit == 1 && missing.errors.contains("no bucket"), "\(missing.errors)")
        let other = try TemporaryFolder()
        try await other.useS3(secret: "no")
        let wrong = try ProgramRun(["--yes", "-c", "download \(prefix) to ./new"], in: other)
        #expect(wrong.exit == 3 && wrong.errors.contains("AWS_SECRET_ACCESS_KEY"), "\(wrong.errors)")
        let nothing = try run("download s3://vecsh/nothing-here/ to ./new")
        #expect(nothing.exit == 1 && nothing.errors.contains("E0501"), "\(nothing.errors)")
        let unreachable = try run("download \(prefix) to ./new with endpoint='http://127.0.0.1:1'")
        #expect(unreachable.exit == 3 && unreachable.errors.contains("no answer"), "\(unreachable.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.url.appending(path: "new").path))
    }

    @Test func aTargetThatMayOnlyBeReadIsNamed() async throws {
        let reader = try TemporaryFolder()
        try await reader.useS3(key: "reader")
        try reader.write("text", to: "file")
        let refused = try ProgramRun(["--yes", "-c", "upload ./file to \(prefix)file"], in: reader)
        #expect(refused.exit == 3 && refused.errors.contains("may not"), "\(refused.errors)")
        #expect(try run("upload ./old/segment/header to \(prefix)file").exit == 0)
        // No program may write there, whoever runs it.
        let local = try run("download \(prefix)file to /sys/vecsh/file")
        #expect(local.exit != 0 && local.errors.contains("/sys/vecsh"), "\(local.errors)")
    }

    /// Whoever slept through the end of its lease in a bucket finds it gone before it changes anything there.
    @Test func wakesToALostLock() throws {
        let (lock, pointer) = ("lock \(prefix)lock?lease=1s", "\(prefix)current")
        let first = try ProgramRun.started(
            [
                "--no-rc", "-c",
                "\(lock) {\nrun 'touch in; while [ -e in ] && ! [ -e go ]; do sleep 0.05; done'\npoint \(pointer) to 'first'\n}",
            ], "first", in: folder)
        let isIn = first.waits { _ in FileManager.default.fileExists(atPath: folder.url.path + "/in") }
        #expect(isIn, "\(first.errors)")
        #expect(try run("\(lock) { print 'second' }").exit == 7)
        first.send(SIGSTOP)
        let second = try run("\(lock) timeout 60s { point \(pointer) to 'second' }")
        #expect(second.exit == 0, "\(second.errors)")
        try folder.write("", to: "go")
        first.send(SIGCONT)
        #expect(first.end() == 1)
        #expect(first.errors.contains("is lost"), "\(first.errors)")
        #expect(try run("print pointed('\(pointer)')").output == "second\n")
    }

    /// A file may not grow beyond a limit, as on a full disk.
    @Test func aDiskThatIsFullInTheMiddleStopsTheDownloadUntilThereIsRoom() throws {
        #expect(try run("upload ./old to \(prefix)").exit == 0)
        let limited = try ProgramRun(
            program: URL(filePath: "/bin/sh"),
            [
                "-c", "ulimit -f 20000; exec \"$0\" --no-rc -c \"$1\"", ProgramRun.program.path,
                "download \(prefix) to ./new",
            ], in: folder)
        #expect(limited.exit == 1 && limited.errors.contains("E0507"), "\(limited.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.url.appending(path: "new").path))
        let whole = try run("download \(prefix) to ./new format json")
        #expect(whole.exit == 0, "\(whole.errors)")
        #expect(try isSame("old", "new"))
    }
}
