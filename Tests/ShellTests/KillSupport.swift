import Foundation
import Model
import Stores
import TestSupport
import Testing

/// An archive, a database file and the program, in a folder that goes with the test.
final class KillPlace {
    let folder: String
    let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "vecsh").path

    init() throws {
        folder = NSTemporaryDirectory() + "vecsh-kill-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Writes records with keys `0..<count`, or others, into the archive.
    func fill(names: [String] = ["n"], _ keys: Range<Int>) async throws {
        let archive: any Store = try ArchiveStore(at: folder + "/old")
        for name in names {
            try await archive.create(Sample.plain(name, dimension: 8))
            for start in stride(from: keys.lowerBound, to: keys.upperBound, by: 10_000) {
                let piece = start..<min(keys.upperBound, start + 10_000)
                try await archive.write(Sample.records(piece, dimension: 8), to: name, .first)
            }
            try await archive.settle(name)
        }
        await archive.close()
    }

    static let connections = "connect old to archive://./old quiet\nconnect new to sqlite://./new.db quiet\n"

    /// Runs statements over the two connections, `old` and `new`.
    func start(_ statements: String, _ options: [String] = []) throws -> ChildProgram {
        try FileManager.default.createDirectory(atPath: folder + "/run", withIntermediateDirectories: true)
        let script = Self.connections.replacing("./", with: folder + "/") + statements
        return try ChildProgram(program, options + ["-c", script], in: folder + "/run")
    }

    func start(file: String) throws -> ChildProgram {
        try FileManager.default.createDirectory(atPath: folder + "/run", withIntermediateDirectories: true)
        return try ChildProgram(program, ["-y", file], in: folder + "/run")
    }

    /// Runs to the end.
    @discardableResult
    func run(_ statements: String, _ options: [String] = []) throws -> ChildProgram {
        let child = try start(statements, options)
        #expect(child.end() != nil, "does not end: \(statements)")
        return child
    }

    /// How many events all jobs have recorded.
    var recorded: Int { events.count }

    /// The names of all that was recorded, in order within each job.
    var events: [String] {
        let jobs = folder + "/run/state/jobs"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: jobs)) ?? []
        return names.flatMap { name -> [String] in
            let journal = try? String(contentsOfFile: "\(jobs)/\(name)/journal", encoding: .utf8)
            let lines = (journal ?? "").split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            // A checksum, a space, and an object whose one member is the event.
            return lines.map { String($0.split(separator: "\"").dropFirst().first ?? "") }
        }
    }

    /// The ids of all jobs whose plan is there.
    var jobs: [String] {
        let folder = self.folder + "/run/state/jobs"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { FileManager.default.fileExists(atPath: "\(folder)/\($0)/plan.json") }.sorted()
    }

    /// Whether both sides hold exactly the same records.
    func areEqual(_ name: String = "n", _ copy: String? = nil) async throws -> Bool {
        let old = try await ArchiveStore(at: folder + "/old", mayCreate: false).everything(in: name)
        let sqlite = try await opened().everything(in: copy ?? name)
        return old.rows(old.keys.indices.sorted { old.keys[$0] < old.keys[$1] })
            == sqlite.rows(sqlite.keys.indices.sorted { sqlite.keys[$0] < sqlite.keys[$1] })
    }

    func opened() async throws -> any Store {
        try await SQLite.kind.open(#require(Endpoint("sqlite://\(folder)/new.db")), [:])
    }
}
