import JSON
import Language
import Model
import Transfer

/// `prune backups`, and `list backups`.
enum PruneBackups {
    static let folder = Parameter<Located<String>>.path("folder", "A folder of backups, or s3://bucket/prefix")
    static let reports = Parameter<Located<String>>.path("reports", "A folder of reports")
    static let age = Parameter<Duration>.duration("older than", "Only what is older: 30d, 12h")
    static let keep = Parameter<Int>.number("keep", "So many of each name stay, the newest")
}

extension Session {
    /// What is to go, and from where.
    func superfluousBackups(_ call: Call) async throws -> (place: BackupPlace, backups: [Backup]) {
        let folder = try call[PruneBackups.folder]
        let retention = BackupRetention(
            keep: try call.optional(PruneBackups.keep), age: try call.optional(PruneBackups.age))
        guard retention != BackupRetention() else {
            throw Failure(
                "E0318", "which backups are to go is not said", at: call.verb,
                help: ["say `older than 30d`, `keep 3`, or both"])
        }
        guard retention.keep != 0 || retention.age != nil else {
            throw Failure("E0317", "`keep 0` would remove every backup", at: call.span(of: PruneBackups.keep))
        }
        let place = try await backupPlace(folder)
        let contents = try await contents(of: place, at: folder.span)
        return (place, retention.superfluous(contents.backups, now: Timestamp.now))
    }

    func planPruneBackups(_ call: Call) async throws {
        try await print(superfluousBackups(call).backups, call)
    }

    func pruneBackups(_ call: Call) async throws {
        let (place, backups) = try await superfluousBackups(call)
        guard !backups.isEmpty else { return say(call, "nothing to remove") }
        let what = "\(backups.count) \(backups.count == 1 ? "backup" : "backups") in \(place.address)"
        try await confirm(call, "remove \(what)", byTyping: "\(backups.count)")
        do { try await place.remove(backups) } catch { throw Failure(error, at: call.span(of: PruneBackups.folder)) }
        try await print(backups, call)
        say(call, "removed \(what)")
    }

    func listBackups(in folder: Located<String>, _ call: Call) async throws {
        try await print(contents(of: backupPlace(folder), at: folder.span).backups, call)
    }

    /// What is no backup is named, so that nobody relies on it.
    private func contents(of place: BackupPlace, at span: Span) async throws -> BackupShelf.Contents {
        do {
            let contents = try await place.contents()
            for problem in contents.problems { messages.warn("no backup: \(problem)") }
            return contents
        } catch { throw Failure(error, at: span) }
    }

    private func print(_ backups: [Backup], _ call: Call) async throws {
        let rows = backups.map(\.row)
        try await answer(call) { try await $0.print(rows: rows, columns: ["id", "name", "files", "kb", "created_at"]) }
    }
}
