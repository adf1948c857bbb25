import Foundation
import TestSupport
import Testing

/// Locks and pointers when programs are killed, stopped, or come at the same time.
@Suite(.timeLimit(.minutes(5))) struct LockKillTests {
    private let place: KillPlace

    init() throws { place = try KillPlace() }

    private func path(_ name: String) -> String { "\(place.folder)/\(name)" }
    private var lock: String { "lock file://\(path("x.lock"))?lease=1s" }

    private func text(_ name: String) -> String { (try? String(contentsOfFile: path(name), encoding: .utf8)) ?? "" }

    /// A process of its own that stands in the block until it is told otherwise.
    private func holder(_ statements: String = "run 'touch in; while [ -e in ] && ! [ -e go ]; do sleep 0.05; done'")
        throws -> Child
    {
        let child = try Child(
            place, "\(lock) {\n\(statements.replacing("touch in", with: "cd \(place.folder); touch in"))\n}")
        try child.waits { FileManager.default.fileExists(atPath: path("in")) }
        return child
    }

    @Test(arguments: [SIGKILL, SIGTERM, SIGINT]) func endsWithItsHolder(_ signal: Int32) throws {
        let first = try holder()
        #expect(try Child(place, "\(lock) { print 'second' }").end() == 7)
        first.program.send(signal)
        _ = first.end()
        let next = try Child(place, "\(lock) { print 'second' }")
        #expect(next.end() == 0, "\(next.program.errors)")
    }

    @Test func secondWaitsForTheFirst() throws {
        let first = try holder()
        let second = try Child(place, "\(lock.replacing("?lease=1s", with: "")) timeout 60s { print 'second' }")
        try second.waits { second.program.errors.contains("waiting for") }
        _ = FileManager.default.createFile(atPath: path("go"), contents: nil)
        #expect(first.end() == 0)
        #expect(second.end() == 0)
        #expect(second.program.output == "second\n")
    }

    /// Whoever slept through the end of its lease finds it gone before it changes anything.
    @Test func wakesToALostLock() throws {
        let first = try holder(
            """
            run 'touch in; while [ -e in ] && ! [ -e go ]; do sleep 0.05; done'
            point file://\(path("current")) to 'first'
            """)
        first.program.send(SIGSTOP)
        let second = try Child(
            place, "\(lock) timeout 60s { point file://\(path("current")) to 'second' }")
        #expect(second.end() == 0, "\(second.program.errors)")
        _ = FileManager.default.createFile(atPath: path("go"), contents: nil)
        first.program.send(SIGCONT)
        #expect(first.end() == 1)
        #expect(first.program.errors.contains("is lost"), "\(first.program.errors)")
        #expect(text("current") == "second")
    }

    /// A pointer is never seen half, whatever happens to whoever swaps it.
    @Test(arguments: ["file", "symlink"]) func readersAlwaysFollow(_ kind: String) throws {
        for name in ["a", "b"] {
            try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
            try name.write(toFile: path("\(name)/name"), atomically: true, encoding: .utf8)
        }
        let uri = "file://\(path("current"))"
        #expect(try Child(place, "point \(uri) to 'a' with kind=\(kind)").end() == 0)
        let swaps = (0..<100).map { _ in "point \(uri) to 'b'\npoint \(uri) to 'a'" }.joined(separator: "\n")
        let child = try Child(place, swaps)
        var reads = 0
        while child.program.isRunning {
            // A link is followed by the system, and what a file says by its reader.
            let value = kind == "file" ? try String(contentsOfFile: path("current"), encoding: .utf8) : "current"
            let name = try String(contentsOfFile: path("\(value)/name"), encoding: .utf8)
            try #require(name == "a" || name == "b")
            reads += 1
        }
        #expect(child.end() == 0)
        #expect(reads > 0)
    }

    /// Two that expect the same: one of them finds that it is not so any more.
    @Test func onlyOneOfTwoSwaps() throws {
        let uri = "file://\(path("current"))"
        #expect(try Child(place, "point \(uri) to 'old'").end() == 0)
        let children = try (0..<6).map { try Child(place, "point \(uri) to 'new\($0)' expecting 'old'", "\($0)") }
        let codes = children.map { $0.end() }
        #expect(codes.filter { $0 == 0 }.count == 1, "\(codes)")
        let winner = try #require(codes.firstIndex(of: 0))
        #expect(text("current") == "new\(winner)")
    }
}

/// The program in a folder of its own, so that several may run at once.
private final class Child {
    let program: ChildProgram

    init(_ place: KillPlace, _ script: String, _ name: String = UUID().uuidString) throws {
        let folder = "\(place.folder)/\(name)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        program = try ChildProgram(place.program, ["-c", script], in: folder)
    }

    func end() -> Int32? { program.end() }

    func waits(_ condition: () -> Bool) throws {
        let start = ContinuousClock.now
        while !condition() {
            try #require(program.isRunning && ContinuousClock.now - start < .seconds(60), "\(program.errors)")
            usleep(20_000)
        }
    }
}
