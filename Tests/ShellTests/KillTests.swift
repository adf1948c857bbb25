import Foundation
import Glibc
import Model
import Stores
import TestSupport
import Testing

/// The real program is killed, and started again with the same line, until it says that it is done.
@Suite(.serialized) struct KillTests {
    private static let copy = "copy old:n to new:n with batch=1000, rate=8000"

    private func place(_ count: Int) async throws -> KillPlace {
        let place = try KillPlace()
        try await place.fill(0..<count)
        return place
    }

    @Test func killedTwentyFiveTimesEveryRecordIsThereOnce() async throws {
        let place = try await place(100_000)
        let seed = Environment.number("VECSH_SEED") ?? .random(in: 0..<1_000_000)
        var random = SeededRandom(seed)
        var kills = 0
        while kills < 25 {
            let before = place.recorded
            let child = try place.start(Self.copy)
            // Some before anything is recorded, most after one or more events.
            let events = Int.random(in: 0...1, using: &random)
            _ = child.waits { _ in place.recorded >= before + events }
            usleep(UInt32.random(in: 0..<60_000, using: &random))
            let wasRunning = child.isRunning
            child.send(SIGKILL)
            let end = child.end()
            guard wasRunning, end == 128 + SIGKILL else { break }
            kills += 1
        }
        #expect(kills == 25, "seed \(seed): it was done after \(kills) kills")
        #expect(place.jobs.count == 1)
        let last = try place.run(Self.copy.replacing(", rate=8000", with: ""))
        #expect(last.end() == 0, "seed \(seed): \(last.errors)")
        #expect(last.errors.contains("resuming \(place.jobs[0])"), "seed \(seed): \(last.errors)")
        #expect(try place.run("assert count(new:n) == 100000\nverify new:n against old:n").end() == 0)
        #expect(try await place.areEqual(), "seed \(seed)")
        #expect(try place.run(Self.copy).errors.contains("already done by \(place.jobs[0])"))
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func stoppedInOrderItSaysHowToGoOn(_ signal: Int32) async throws {
        let place = try await place(20_000)
        let child = try place.start(Self.copy.replacing("8000", with: "10000"))
        #expect(child.waits { _ in place.recorded >= 2 })
        child.send(signal)
        #expect(child.end(seconds: 10) == 130)
        let job = try #require(place.jobs.first)
        #expect(child.errors.contains("continue with: resume \(job)"), "\(child.errors)")
        let planned = try place.run("plan resume \(job)")
        #expect(planned.end() == 0 && planned.output.contains("would go on with job \(job)"), "\(planned.errors)")
        let resumed = try place.run("resume \(job)")
        #expect(resumed.end() == 0, "\(resumed.errors)")
        #expect(try await place.areEqual())
        #expect(try place.run("resume \(job)").end() == 1)
    }

    @Test func aSecondProgramOnTheSameJobIsRefused() async throws {
        let place = try await place(20_000)
        let child = try place.start(Self.copy.replacing("8000", with: "10000"))
        #expect(child.waits { _ in place.recorded >= 1 })
        let second = try KillPlace.start(beside: place, Self.copy)
        #expect(second.end() == 1)
        #expect(second.errors.contains("in another process"), "\(second.errors)")
        child.send(SIGINT)
        #expect(child.end() == 130)
    }

    @Test func cancelStopsAJobThatRunsInAnotherProcess() async throws {
        let place = try await place(20_000)
        let child = try place.start(Self.copy.replacing("8000", with: "10000"))
        #expect(child.waits { _ in place.recorded >= 2 })
        let job = try #require(place.jobs.first)
        let planned = try KillPlace.start(beside: place, "plan cancel \(job)")
        #expect(planned.end() == 0 && planned.output.contains("asked to stop"), "\(planned.output)\(planned.errors)")
        #expect(child.isRunning)
        let cancel = try KillPlace.start(beside: place, "cancel \(job)")
        #expect(cancel.end(seconds: 10) == 0, "\(cancel.errors)")
        #expect(cancel.errors.contains("it is asked to stop") && cancel.errors.contains("will not go on"))
        #expect(child.end(seconds: 10) == 130)
        #expect(child.errors.contains("cancelled elsewhere"), "\(child.errors)")
        #expect(place.events.last == "cancelled")
        #expect(try place.run("resume \(job)").end() == 1)
        #expect(try place.run("cancel \(job)").errors.contains("cancelled already"))
    }

    /// Begins a copy and kills it when something has been recorded.
    private func begun(_ place: KillPlace, _ line: String = copy) throws {
        let before = place.recorded
        let child = try place.start(line.replacing("8000", with: "15000"), ["-y"])
        try #require(child.waits { _ in place.recorded >= before + 2 }, "\(child.errors)")
        child.send(SIGKILL)
        try #require(child.end() == 128 + SIGKILL)
    }

    @Test func aTargetThatWasDroppedMeanwhileIsNoticed() async throws {
        let place = try await place(20_000)
        try begun(place)
        #expect(try place.run("drop new:n yes").end() == 0)
        for make in ["", "create new:n like old:n\n"] {
            let again = try place.run(make + Self.copy)
            #expect(again.end() == 1 && again.errors.contains("fresh"), "\(again.errors)")
        }
        let fresh = try place.run("drop new:n yes\n" + Self.copy + " fresh", ["-y"])
        #expect(fresh.end() == 0, "\(fresh.errors)")
        #expect(try await place.areEqual())
    }

    @Test func aSourceThatChangedMeanwhileIsNoticed() async throws {
        let place = try await place(20_000)
        try begun(place)
        #expect(try place.run("delete old:n where page < 100 yes").end() == 0)
        try await place.fill(30_000..<31_000)
        let again = try place.run(Self.copy)
        #expect(again.end() == 0, "\(again.errors)")
        #expect(again.errors.contains("changed"), "\(again.errors)")
        #expect(try place.run("assert count(new:n) == 20000").end() == 0)
        #expect(try await place.areEqual())
    }

    @Test func aSourceThatWasReplacedMeanwhileIsRefused() async throws {
        let place = try await place(20_000)
        try begun(place)
        #expect(try place.run("drop old:n yes").end() == 0)
        try await place.fill(0..<5)
        let again = try place.run(Self.copy)
        #expect(again.end() == 1 && again.errors.contains("replaced or altered"), "\(again.errors)")
    }

    @Test func replaceReplacesOnceAJob() async throws {
        let place = try await place(20_000)
        try await place.fill(names: ["other"], 90_000..<90_010)
        #expect(try place.run("copy old:other to new:n").end() == 0)
        let line = Self.copy.replacing(" with", with: " if exists replace with")
        try begun(place, line)
        let identity = try await place.opened().describe("n").identity
        let again = try place.run(line, ["-y"])
        #expect(again.end() == 0 && again.errors.contains("resuming"), "\(again.errors)")
        #expect(try await place.opened().describe("n").identity == identity)
        #expect(try await place.areEqual())
        #expect(try place.run(line, ["-y"]).errors.contains("already done"))
        #expect(try await place.opened().describe("n").identity == identity)
    }

    @Test func aRunbookKilledInEachStepEndsAsIfNeverKilled() async throws {
        let place = try KillPlace()
        let names = (1...10).map { "c\($0)" }
        try await place.fill(names: names, 0..<1_500)
        var book = "# Moving\n\n```vecsh\n\(KillPlace.connections.replacing("./", with: place.folder + "/"))```\n"
        for name in names {
            book +=
                "\n## Step \(name)\n\n```vecsh\ncopy old:\(name) to new:\(name) with batch=100, rate=12000, verify=yes\n```\n"
        }
        let file = place.folder + "/book.md"
        try Data(book.utf8).write(to: URL(filePath: file))
        for name in names {
            let child = try place.start(file: file)
            try #require(child.waits { $0.errors.contains("▸ Step \(name)\n") }, "\(name): \(child.errors)")
            usleep(.random(in: 0..<80_000))
            child.send(SIGKILL)
            _ = child.end()
        }
        let last = try place.start(file: file)
        #expect(last.end() == 0, "\(last.errors)")
        for name in names { #expect(try await place.areEqual(name), "\(name)") }
        #expect(place.jobs.count == 10)
    }
}

extension KillPlace {
    /// A second program that shares the state of the first.
    fileprivate static func start(beside place: KillPlace, _ statements: String) throws -> ChildProgram {
        let script = connections.replacing("./", with: place.folder + "/") + statements
        let folder = place.folder + "/beside"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try? FileManager.default.createSymbolicLink(
            atPath: folder + "/state", withDestinationPath: place.folder + "/run/state")
        return try ChildProgram(place.program, ["-c", script], in: folder)
    }
}
