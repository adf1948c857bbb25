import Foundation
import JSON
import TestSupport
import Testing

/// The runbook chroma-blue-green on a real folder of Chroma 0.5.23, killed again and again.
///
/// `VECSH_KILLS` says how often it is killed at random, where that is to be more than here.
@Suite(.needs(.s3), .enabled(if: BlueGreenPlace.hasChroma), .timeLimit(.minutes(20)))
struct BlueGreenKillTests {
    private let place: BlueGreenPlace

    init() async throws { place = try await BlueGreenPlace() }

    @Test func killedAtAnyInstantThePointerNamesAWholeSnapshot() throws {
        var chance = Chance()
        let kills = ProcessInfo.processInfo.environment["VECSH_KILLS"].flatMap { Int($0) } ?? 6
        for number in 0..<kills {
            let child = try place.start("random\(number)")
            _ = child.waits(seconds: Double(chance.below(5000)) / 1000) { !$0.isRunning }
            child.send(SIGKILL)
            _ = child.end()
            let wrong = try place.problems()
            #expect(wrong == [], "seed \(chance.seed), kill \(number): \(child.errors)")
            if try place.isDone() { try place.rollBack() }
        }
        try place.finish()
    }

    @Test func killedAtEveryStepItGoesOn() throws {
        var reached: [String] = []
        for (side, step) in place.steps {
            let child = try place.start("step\(reached.count)")
            let isThere = child.waits(seconds: 60) { $0.errors.contains("▸ \(step) \(side)") }
            child.send(SIGKILL)
            _ = child.end()
            if isThere { reached.append(step) }
            let wrong = try place.problems()
            #expect(wrong == [], "\(step) \(side): \(child.errors)")
        }
        #expect(reached.count == 10)
        try place.finish()
    }

    @Test func oneOfTwoWaitsAndOneOfThreeIsSentAway() throws {
        let first = try place.start("first")
        #expect(first.waits(seconds: 60) { $0.errors.contains("▸ Download") }, "\(first.errors)")
        let third = try place.start("third")
        #expect(third.end() == 7, "\(third.errors)")
        let second = try place.start("second", ["-v", "wait=2m"])
        #expect(first.end(seconds: 120) == 0, "\(first.errors)")
        #expect(second.end(seconds: 120) == 0, "\(second.errors)")
        #expect(second.output.contains("nothing is to be done"), "\(second.output)")
        #expect(try place.problems() == [])
    }

    @Test func thereIsAWayBackAndForthAgain() throws {
        try place.finish()
        try place.rollBack()
        #expect(try place.problems() == [])
        try place.finish()
        try place.retain()
    }
}

/// The pages themselves, and the check list on a real folder.
@Suite struct BlueGreenRunbookTests {
    @Test(arguments: ["chroma-blue-green", "chroma-blue-green-checks"]) func canBeRead(_ name: String) throws {
        let page = project.appending(path: "scripts/runbooks/\(name).md").path
        let run = try ProgramRun(["--check", "--yes", page], in: TemporaryFolder())
        #expect(run.exit == 0, "\(run.errors)")
    }

    @Test(.enabled(if: BlueGreenPlace.hasChroma)) func allChecksHoldAndEachRunsAlone() throws {
        let folder = try TemporaryFolder()
        let fixture = project.appending(path: "Tests/Fixtures/chroma/0.5.23.tar.gz").path
        let unpacked = try ProgramRun(["-c", "run 'tar -xzf \(fixture) data'"], in: folder)
        #expect(unpacked.exit == 0, "\(unpacked.errors)")
        let arguments = [
            "--yes", "-v", "source=file://\(folder.url.path)/data", "-v", "trial=\(folder.url.path)/trial", "-v",
            "python=\(BlueGreenPlace.python)", "-v", "vecsh=\(ProgramRun.program.path)",
            project.appending(path: "scripts/runbooks/chroma-blue-green-checks.md").path,
        ]
        let run = try ProgramRun(arguments, in: folder)
        #expect(run.exit == 0, "\(run.errors)")
        for step in ["The old form is read", "No record is lost", "One at a time", "There is a way back"] {
            let alone = try ProgramRun(["--step", step] + arguments, in: folder)
            #expect(alone.exit == 0, "\(step): \(alone.errors)")
        }
    }
}

/// A folder and a bucket with a snapshot each, which readers find by pointers.
private final class BlueGreenPlace {
    static let python = project.appending(path: ".build/chroma-venv/bin/python").path
    static var hasChroma: Bool { FileManager.default.fileExists(atPath: python) }

    private let folder: TemporaryFolder
    private let bucket = "s3://vecsh/blue-green-\(UUID().uuidString)"
    private static let runbook = project.appending(path: "scripts/runbooks/chroma-blue-green.md").path

    init() async throws {
        folder = try TemporaryFolder()
        try await folder.useS3()
        try FileManager.default.createDirectory(
            at: folder.url.appending(path: "words/snapshot"), withIntermediateDirectories: true)
        let fixture = project.appending(path: "Tests/Fixtures/chroma/0.5.23.tar.gz").path
        try does("run 'tar -xzf \(fixture) --strip-components=1 -C words/snapshot data'")
        try does("upload ./words/snapshot to \(bucket)/snapshot/")
    }

    private let scope = "tenant=default_tenant, database=default_database"
    private var words: String { folder.url.path + "/words" }
    private var sides: [String] { ["file://\(words)", bucket] }

    var steps: [(side: String, step: String)] {
        sides.flatMap { side in ["Download", "Migrate", "Upload", "Verify", "Point"].map { (side, $0) } }
    }

    private func statement(_ text: String) throws -> ProgramRun { try ProgramRun(["--yes", "-c", text], in: folder) }

    private func does(_ text: String) throws {
        let run = try statement(text)
        try #require(run.exit == 0, "\(text): \(run.errors)")
    }

    private func arguments(_ more: [String]) -> [String] {
        let values = [
            "mode=both", "files=\(words)", "bucket=\(bucket)", "old=snapshot", "work=\(folder.url.path)/work",
            "python=\(Self.python)",
        ]
        return ["--no-rc", "--yes"] + values.flatMap { ["-v", $0] } + more + [Self.runbook]
    }

    /// Runs the page; what it says is below a folder of this name, and its state is the same for all.
    func start(_ name: String, _ more: [String] = []) throws -> ChildProgram {
        try ProgramRun.started(arguments(more), name, in: folder)
    }

    private func pointed(_ side: String) throws -> String {
        try statement("print pointed('\(side)/current')").output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func isDone() throws -> Bool { try sides.allSatisfy { try pointed($0) == "snapshot_migrated" } }

    func rollBack() throws {
        let child = try start("back", ["-v", "task=rollback"])
        #expect(child.end() == 0, "\(child.errors)")
        for side in sides { #expect(try pointed(side) == "snapshot") }
    }

    /// Lets the old snapshots go; the new ones stay.
    func retain() throws {
        let child = try start("retain", ["-v", "task=retain"])
        #expect(child.end() == 0, "\(child.errors)")
        #expect(try problems() == [])
        #expect(!FileManager.default.fileExists(atPath: words + "/snapshot"))
        #expect(FileManager.default.fileExists(atPath: words + "/snapshot_migrated/chroma.sqlite3"))
        #expect(try statement("download \(bucket)/snapshot/ to ./gone").errors.contains("E0501"))
        #expect(try statement("download \(bucket)/snapshot_migrated/ to ./kept").exit == 0)
    }

    /// What is not as it must be at every moment.
    func problems() throws -> [String] {
        var problems: [String] = []
        for side in sides {
            let says = try pointed(side)
            guard ["null", "snapshot", "snapshot_migrated"].contains(says) else {
                problems.append("\(side) points to \(says)")
                continue
            }
            guard says == "snapshot_migrated" else { continue }
            // It is compared with its manifest.
            let run = try statement("download \(side)/\(says)/ to ./seen if exists replace")
            if run.exit != 0 { problems.append(run.errors) }
        }
        let lock = try statement("lock file://\(words)/update.lock { print 'free' }")
        if lock.output != "free\n" { problems.append(lock.errors) }
        let names = try FileManager.default.contentsOfDirectory(atPath: words).filter { $0.first != "." }
        let known = ["current", "current.history", "snapshot", "snapshot_migrated", "update.lock"]
        problems += names.filter { !known.contains($0) }.map { "\($0) is there" }
        return problems
    }

    /// Lets it end, and looks whether all is there, once.
    func finish() throws {
        let child = try start("last")
        #expect(child.end(seconds: 240) == 0, "\(child.errors)")
        #expect(try problems() == [])
        #expect(try isDone())
        for (number, side) in sides.enumerated() {
            try does("download \(side)/snapshot/ to ./old\(number) with manifest=no")
            try does("download \(side)/snapshot_migrated/ to ./new\(number)")
            let verified = try statement(
                """
                connect old to chroma-dir://./old\(number) with \(scope) readonly
                connect new to chroma-dir://./new\(number) with \(scope) readonly
                verify new:* against old:*
                """)
            #expect(verified.exit == 0, "\(verified.errors)")
            try does("run 'rm -rf old\(number) new\(number)'")
        }
        let fixture = project.appending(path: "Tests/Fixtures/chroma/0.5.23.tar.gz").path
        try does(
            "run 'mkdir fixture && tar -xzf \(fixture) -C fixture && diff -r fixture/data words/snapshot && rm -r fixture'"
        )
        let left = try FileManager.default.contentsOfDirectory(atPath: words).filter {
            $0.first == "." && !$0.hasSuffix(".latch")
        }
        #expect(left == [])
        #expect((try? FileManager.default.subpathsOfDirectory(atPath: folder.url.path + "/.vecsh/uploads")) ?? [] == [])
    }
}
