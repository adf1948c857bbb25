import Foundation
import TestSupport
import Testing

/// What happens where there is no room left, and that the same line goes on once there is.
@Suite(.serialized) struct FullDiskTests {
    /// A small disk of our own; where the system lets nobody make one, a limit on the size of files stands in for it.
    static let canMount: Bool = {
        let folder = NSTemporaryDirectory()
        let child = try? ChildProgram(
            "/usr/bin/unshare", ["-Urm", "sh", "-c", "mount -t tmpfs none /mnt"], in: folder)
        return child?.end(seconds: 10) == 0
    }()

    @Test(.enabled(if: canMount), arguments: ["sqlite://./full/new.db", "archive://./full/new"])
    func aFullDiskUnderTheTargetStopsTheCopyUntilThereIsRoom(_ uri: String) async throws {
        let said = try await onSmallDisk("1m", uri)
        #expect(said.contains("first 1\n") && said.contains("E0507"), "\(said)")
        #expect(said.contains("continue with: resume"), "\(said)")
        #expect(said.contains(#""state":"stopped""#), "\(said)")
        #expect(said.contains("resuming") && said.contains("second 0\n"), "\(said)")
        #expect(said.contains(#""result":"equal""#) && said.contains("third 0\n"), "\(said)")
    }

    @Test(.enabled(if: canMount)) func aFullDiskUnderTheJournalStopsTheCopyUntilThereIsRoom() async throws {
        let said = try await onSmallDisk("4k", "sqlite://./new.db", state: "./full/state")
        #expect(said.contains("first 1\n") && said.contains("No space left on device"), "\(said)")
        #expect(said.contains("second 0\n"), "\(said)")
        #expect(said.contains(#""result":"equal""#) && said.contains("third 0\n"), "\(said)")
    }

    /// Copies to a disk that is too small, makes it larger, and copies again.
    private func onSmallDisk(_ size: String, _ uri: String, state: String = "./state") async throws -> String {
        let place = try KillPlace()
        try await place.fill(0..<20_000)
        let start = "\(place.program) --no-rc -c 'connect old to archive://./old quiet; connect new to \(uri) quiet'"
        let script = """
            cd \(place.folder)
            mkdir -p full && mount -t tmpfs -o size=\(size) tmpfs full || exit 99
            export VECSH_HOME=\(state)
            \(start) -c 'copy old:n to new:n with batch=500'; echo first $?
            \(start) -c 'status format json'
            mount -o remount,size=64m full
            \(start) -c 'copy old:n to new:n with batch=500'; echo second $?
            \(start) -c 'verify new:n against old:n format json'; echo third $?
            """
        let child = try ChildProgram("/usr/bin/unshare", ["-Urm", "sh", "-c", script + " 2>&1"], in: place.folder)
        #expect(child.end() == 0)
        return withExtendedLifetime(place) { child.output + child.errors }
    }

    @Test func aLimitOnFilesIsNamedAndTheCopyGoesOnWithoutIt() async throws {
        let place = try KillPlace()
        try await place.fill(0..<20_000)
        let copy = "connect old to archive://./old quiet; connect new to archive://./new quiet; copy old:n to new:n"
            .replacing("./", with: place.folder + "/")
        let limited = try ChildProgram(
            "/bin/sh", ["-c", "ulimit -f 512; exec \(place.program) --no-rc -c '\(copy) with batch=500'"],
            in: place.folder)
        #expect(limited.end() == 1, "\(limited.errors)")
        #expect(limited.errors.contains("E0507") && limited.errors.contains("File too large"), "\(limited.errors)")
        #expect(limited.errors.contains("continue with: resume"), "\(limited.errors)")
        let again = try ChildProgram(
            place.program, ["--no-rc", "-c", copy, "-c", "verify new:n against old:n output /dev/null"],
            in: place.folder)
        #expect(again.end() == 0 && again.errors.contains("resuming"), "\(again.errors)")
    }
}
