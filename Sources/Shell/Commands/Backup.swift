import Depot
import JSON
import Language
import Model
import Transfer

extension Command {
    static let backup = Command(
        Signature(
            "backup", .keep, "Keep a copy of collections in a file, with checksums",
            [source.form, .word("to"), folder.form],
            clauses: [
                Clause("as", [name.form], name.slot.summary), Clause("retain", [retain.form], retain.slot.summary),
                Clause("with", [options.form], "How to pack"),
            ],
            details: """
                It writes NAME_ID.tar.gz and NAME_ID.meta.json; ID is the time in UTC. What was written is read again and
                compared before the backup counts. Nothing is ever removed unless `retain` or `prune` says so.
                """,
            examples: [
                Example("backup db to ./backups", "All collections."),
                Example("backup db:notes to ./backups retain 3", "One, and only the newest three are kept."),
                Example(
                    "backup db to ./backups as nightly with pack=no", "A folder, which `connect` opens as an archive."),
            ]), effect: .writes
    ) { call, session in
        try await session.planBackup(session.backupTask(call), call)
    } run: { call, session in
        try await session.runBackup(session.backupTask(call), call)
    }
}

private let source = Parameter<Located<Reference>>.target("source", "What to back up")
private let folder = Parameter<Located<String>>.path("folder", "Where backups lie; made if it is not there")
private let name = Parameter<Located<String>>.named("name", "The backup's name; else that of what is backed up")
private let retain = Parameter<Int>.number("retain", "Then remove all of this name but the newest so many")
private let options = Parameter<Options>.options(
    "with",
    [
        Slot.Choice("pack", "no: leave a folder that is an archive"),
        Slot.Choice("level", "how hard to pack, from 1 (fast) to 9; 3"),
    ], "How to pack")

/// A backup that was asked for.
private struct BackupTask {
    var maker: BackupMaker
    var places: [Place]
    var shelf: BackupShelf
    /// Where it goes from the shelf, if it does not stay there.
    var bucket: BucketShelf?
    var retention: BackupRetention?
    var span: Span

    var place: BackupPlace { bucket.map(BackupPlace.bucket) ?? .disk(shelf) }
}

extension Session {
    fileprivate func backupTask(_ call: Call) async throws -> BackupTask {
        let (source, folder) = (try call[source], try call[folder])
        let places = try await places(source)
        guard let first = places.first else {
            throw Failure("E0501", "no collection fits \(source.value): there is nothing to back up", at: source.span)
        }
        let retained = try call.optional(retain)
        guard retained != 0 else {
            throw Failure("E0317", "`retain 0` would remove the backup that was just made", at: call.span(of: retain))
        }
        let names = try await realNames(places)
        let endpoint = connection(first.connection)?.endpoint.description ?? ""
        let maker = BackupMaker(
            of: names, in: first.store,
            name: try call.optional(name)?.value ?? BackupNames.own(source.value, first.connection),
            endpoint: secrets.redacted(endpoint), program: "vecsh \(Program.version)", level: try level(call),
            openArchive: ArchiveFolder.open)
        let bucket = try await bucketShelf(folder)
        if bucket != nil, maker.level == nil {
            throw Failure("E0317", "a backup in a bucket is packed", at: call.span(of: options))
        }
        return BackupTask(
            maker: maker, places: places, shelf: bucket == nil ? BackupShelf(expanded(folder.value)) : passingShelf(),
            bucket: bucket, retention: retained.map { BackupRetention(keep: $0) }, span: folder.span)
    }

    /// A backup of some collections of one connection, as `apply` wants it.
    func backUp(_ places: [Place], to folder: Located<String>, _ call: Call) async throws -> JSONValue {
        let endpoint = connection(places[0].connection)?.endpoint.description ?? ""
        let maker = BackupMaker(
            of: try await realNames(places), in: places[0].store, name: "\(places[0].connection)_before_apply",
            endpoint: secrets.redacted(endpoint), program: "vecsh \(Program.version)", level: 3,
            openArchive: ArchiveFolder.open)
        do {
            let backup = try await maker.run(on: BackupShelf(expanded(folder.value)))
            say(call, "\(backup.path): \(backup.kilobytes) KB, verified; id \(backup.meta.id)")
            return backup.row
        } catch let error as JobError { throw Failure(error, at: folder.span) } catch let error as StoreError {
            throw Failure(error, at: folder.span)
        }
    }

    /// A backup holds collections under their own names, whatever alias was said.
    private func realNames(_ places: [Place]) async throws -> [String] {
        var names: [String] = []
        for place in places { names.append(try await place.use { try await $0.describe($1).collection.name }) }
        return names
    }

    private func level(_ call: Call) throws -> Int? {
        let options = try call.optional(options) ?? Options()
        guard try options["pack"] == nil || options.isYes("pack") else { return nil }
        guard let given = options["level"] else { return 3 }
        guard let level = try options.number("level"), level < 10 else {
            throw Failure("E0317", "the level goes from 1 to 9", at: given.span)
        }
        return level
    }

    fileprivate func planBackup(_ task: BackupTask, _ call: Call) async throws {
        var (rows, total, size): ([JSONValue], Int, Int) = ([], 0, 0)
        for place in task.places {
            let count = try await place.reading { try await $0.count(nil) }
            let bytes = try await place.use { try await $0.describe($1).bytes }
            rows.append(["name": .string(place.name), "records": .integer(Int64(count)), "bytes": .optional(bytes)])
            total += count
            size += bytes ?? 0
        }
        let free = Folders.freeBytes(at: task.shelf.folder)
        if let free, free < size {
            messages.warn("\(size) bytes are to be kept, and \(free) are free in \(task.shelf.folder)")
        }
        let gone = try await superfluous(task, making: 1)
        let document: JSONValue = [
            "name": .string(task.maker.name), "folder": .string(task.place.address), "collections": .array(rows),
            "removes": .array(gone.map { .string($0.meta.base) }), "bytes": .integer(Int64(size)),
            "disk_free": .optional(free),
        ]
        let removing = gone.isEmpty ? "" : ", and remove \(gone.map(\.meta.base).joined(separator: ", "))"
        try await answer(call) { output in
            try await output.print(
                document,
                plain:
                    "would back up \(rows.count) collections (\(Counted.records(total))) to \(task.place.address)\(removing)"
            )
        }
    }

    /// What `retain` removes, where so many new ones come first.
    private func superfluous(_ task: BackupTask, making new: Int) async throws -> [Backup] {
        guard var retention = task.retention, let contents = try? await task.place.contents() else { return [] }
        retention.keep = retention.keep.map { $0 - new }
        return retention.superfluous(contents.backups.filter { $0.meta.name == task.maker.name }, now: Timestamp.now)
    }

    /// Nothing of a backup that goes to a bucket stays here, however that ends.
    private func send(_ backup: Backup, _ task: BackupTask) async throws -> Backup {
        guard let bucket = task.bucket else { return backup }
        do {
            let sent = try await bucket.take(backup, home: task.shelf.folder)
            try await forget(task.shelf)
            return sent
        } catch {
            try? await forget(task.shelf)
            throw Failure(error, at: task.span)
        }
    }

    fileprivate func runBackup(_ task: BackupTask, _ call: Call) async throws {
        let backup: Backup
        do {
            let made = try await task.maker.run(on: task.shelf)
            backup = try await send(made, task)
            let gone = try await superfluous(task, making: 0)
            try await task.place.remove(gone)
            if !gone.isEmpty { say(call, "removed \(gone.map(\.meta.base).joined(separator: ", "))") }
        } catch let error as JobError { throw Failure(error, at: task.span) } catch let error as StoreError {
            throw Failure(error, at: call.span(of: source))
        }
        let meta = backup.meta
        try await answer(call) { output in
            try await output.print(
                backup.row,
                plain: "\(backup.path): \(meta.files.count) files, \(backup.kilobytes) KB, verified; id \(meta.id)")
        }
    }
}

enum BackupNames {
    /// `db` for a connection, `db_notes` for a collection of it, so that neither counts as a backup of the other.
    static func own(_ reference: Reference, _ connection: String) -> String {
        guard let name = reference.name, name != "*" else { return connection }
        let plain = name.unicodeScalars.filter { $0 != "*" && $0 != "?" }
        return "\(connection)_" + plain.map { $0.isPlain ? String($0) : "-" }.joined()
    }
}

extension Unicode.Scalar {
    fileprivate var isPlain: Bool {
        properties.isAlphabetic || properties.numericType != nil || "_-.".unicodeScalars.contains(self)
    }
}

extension Backup {
    var kilobytes: Int { (meta.bytes + 999) / 1000 }

    /// What `backup` and `list backups` print.
    var row: JSONValue {
        [
            "id": .string(meta.id), "path": .string(path), "files": .integer(Int64(meta.files.count)),
            "bytes": .integer(Int64(meta.bytes)), "sha256": .string(meta.sha256),
            "created_at": .string(Timestamp.text(meta.created)), "name": .string(meta.name),
            "kb": .integer(Int64(kilobytes)), "source": .string(meta.source),
        ]
    }
}
