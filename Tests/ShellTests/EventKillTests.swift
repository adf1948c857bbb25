import Foundation
import Glibc
import Model
import Stores
import TestSupport
import Testing

/// The real program, killed behind every event of its journal, and begun again with the same lines.
@Suite(.serialized) struct EventKillTests {
    /// The line of a journal that the program is killed behind: the first with such a number, or of such a name.
    private enum Mark {
        case number(Int)
        case name(String)

        func isReached(_ events: [String]) -> Bool {
            switch self {
            case .number(let number): events.count >= number
            case .name(let name): events.last == name
            }
        }
    }

    /// Runs from the very beginning to the mark; answers the event behind which it died, nil if it came to its end.
    private func killed(_ place: KillPlace, at mark: Mark, _ statements: String) throws -> String? {
        try place.forget()
        let child = try place.start(statements, ["-y"])
        let isReached = child.waits(pause: 100) { _ in mark.isReached(place.events) }
        child.send(SIGKILL)
        guard child.end() == 128 + SIGKILL else {
            #expect(!isReached || child.end() == 0, "\(child.errors)")
            return nil
        }
        return place.events.last ?? ""
    }

    /// Dies behind the first event, the second, and so on, and behind each kind; each time the same lines go on.
    private func killedEverywhere(
        _ place: KillPlace, _ statements: String, kinds: Set<String>, _ check: () async throws -> Void
    ) async throws {
        var seen: Set<String> = []
        func goOn(behind event: String) async throws {
            seen.insert(event)
            let again = try place.run(statements, ["-y"])
            #expect(again.end() == 0, "killed behind \(event): \(again.errors)")
            #expect(place.jobs.count == 1)
            try await check()
        }
        var number = 1
        while number < 40, let event = try killed(place, at: .number(number), statements) {
            try await goOn(behind: event)
            number += 1
        }
        #expect(number > kinds.count)
        for name in kinds.subtracting(seen).sorted() {
            for _ in 0..<25 where !seen.contains(name) {
                if let event = try killed(place, at: .name(name), statements) { try await goOn(behind: event) }
            }
        }
        #expect(seen.isSuperset(of: kinds), "never died behind \(kinds.subtracting(seen))")
    }

    @Test func aCopyKilledBehindEachEventGoesOn() async throws {
        let place = try KillPlace()
        try await place.fill(0..<10_000)
        try place.run("index old:n on page using btree as page_index")
        let line = "copy old:n to new:n with batch=1000"
        try await killedEverywhere(place, line, kinds: ["created", "advanced", "finished", "indexed"]) {
            () async throws in
            #expect(try await place.areEqual())
            #expect(place.events.last == "completed" && place.events.count { $0 == "completed" } == 1)
        }
    }

    @Test func aStagedCopyAndItsPromotionKilledBehindEachEventGoOn() async throws {
        let place = try KillPlace()
        try await place.fill(0..<10_000)
        try await place.fill(names: ["before"], 90_000..<90_005)
        try place.run("copy old:before to new:n")
        try place.remember()
        let lines = """
            copy old:n to new:n staged with batch=1000
            verify new:n against old:n staged output /dev/null
            promote new:n yes
            """
        let kinds: Set = ["created", "advanced", "finished", "completed", "verified"]
        try await killedEverywhere(place, lines, kinds: kinds) { () async throws in
            #expect(try await place.areEqual())
            let store = try await place.opened()
            #expect(try await store.collections() == ["n", "n_previous"])
            #expect(try await store.everything(in: "n_previous").count == 5)
            await store.close()
        }
    }

    /// Ten steps of ten kinds.
    @Test func aRunbookOfEveryKindOfStepEndsAsIfNeverKilled() async throws {
        let place = try KillPlace()
        try await place.fill(names: ["a", "b"], 0..<2_000)
        try await place.fill(names: ["before"], 90_000..<90_005)
        try place.run("copy old:before to new:b")
        try place.remember()
        try FileManager.default.createDirectory(atPath: place.folder + "/run", withIntermediateDirectories: true)
        let log = (0..<50).map { #"{"key":\#($0),"fields":{"what":"step \#($0)"}}"# }.joined(separator: "\n")
        try Data(log.utf8).write(to: URL(filePath: place.folder + "/log.jsonl"))
        let steps = Self.steps.map { ($0.name, $0.line.replacing("./", with: place.folder + "/")) }
        let connections = KillPlace.connections.replacing("./", with: place.folder + "/")
        let book =
            "# Moving\n\n```vecsh\n\(connections)```\n"
            + steps.map { "\n## \($0.0)\n\n```vecsh\n\($0.1)\n```\n" }.joined()
        let file = place.folder + "/book.md"
        try Data(book.utf8).write(to: URL(filePath: file))
        try place.forget()
        var kills = 0
        for (name, _) in steps {
            let child = try place.start(file: file)
            try #require(child.waits { $0.errors.contains("▸ \(name)\n") }, "\(name): \(child.errors)")
            usleep(.random(in: 0..<20_000))
            child.send(SIGKILL)
            if child.end() == 128 + SIGKILL { kills += 1 }
        }
        #expect(kills >= 8, "it had come to its end before")
        let last = try place.start(file: file)
        #expect(last.end() == 0, "\(last.errors)")
        for name in ["a", "b"] { #expect(try await place.areEqual(name), "\(name)") }
        let store = try await place.opened()
        #expect(try await store.collections() == ["a", "b", "b_previous", "log"])
        #expect(try await store.aliasing?.aliases() == ["live": "a"])
        #expect(try await store.describe("a").collection.indexes.map(\.name) == ["page_index"])
        #expect(try await store.everything(in: "log").count == 50)
        #expect(try await store.everything(in: "b_previous").count == 5)
        await store.close()
        #expect(place.jobs.count == 2)
    }

    private static let steps = [
        (name: "shape", line: "create new:log fields (id int64 key, what text) if exists skip"),
        (name: "log", line: "put new:log from ./log.jsonl"),
        (name: "copy", line: "copy old:a to new:a with batch=200, rate=20000"),
        (name: "index", line: "index new:a on page using btree as page_index"),
        (name: "alias", line: "alias new:live for a"),
        (name: "stage", line: "copy old:b to new:b staged with batch=200, rate=20000"),
        (name: "prove", line: "verify new:b against old:b staged output /dev/null"),
        (name: "switch", line: "promote new:b yes"),
        (name: "keep", line: "backup new to ./shelf output /dev/null"),
        (name: "last changes", line: "sync old:a to new:a\nassert count(new:a) == count(old:a)"),
    ]
}

extension KillPlace {
    private var database: String { folder + "/new.db" }

    /// The database as it is now is the one to begin with.
    fileprivate func remember() throws {
        try FileManager.default.copyItem(atPath: database, toPath: folder + "/first.db")
    }

    /// Makes all as it was at the beginning.
    fileprivate func forget() throws {
        let files = FileManager.default
        for path in [folder + "/run/state"] + ["", "-wal", "-shm", "-journal"].map({ database + $0 }) {
            if files.fileExists(atPath: path) { try files.removeItem(atPath: path) }
        }
        if files.fileExists(atPath: folder + "/first.db") {
            try files.copyItem(atPath: folder + "/first.db", toPath: database)
        }
    }
}
