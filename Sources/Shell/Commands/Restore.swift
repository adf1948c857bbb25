import Depot
import JSON
import Language
import Model
import Transfer

extension Command {
    static let restore = Command(
        Signature(
            "restore", .keep, "Bring collections back from a backup",
            [destination.form, .word("from"), source.form],
            clauses: [
                Clause("backup", [id.form], id.slot.summary), Shared.ifExists,
                Clause("accepting", [.word("losses")], "Go on although the store cannot hold everything"),
            ],
            details: """
                Every checksum is compared before anything is written. The collections are written beside what is there,
                under NAME_restore_staging, and compared with what the backup held; then they take their places.
                The source may be one file: ./backups/db_20251219_213814.tar.gz.
                """,
            examples: [
                Example("restore db from ./backups if exists replace yes", "The newest backup of `db`."),
                Example("restore db:old_notes from ./backups", "One collection, beside the one that is there."),
            ], destroys: { $0.word(in: "if exists") == "replace" }), effect: .writes
    ) { call, session in
        try await session.planRestore(session.restoreTask(call), call)
    } run: { call, session in
        try await session.runRestore(session.restoreTask(call), call)
    }
}

private let destination = Parameter<Located<Reference>>.target(
    "target", "Where to: a connection, or one collection of it")
private let source = Parameter<Located<String>>.path("source", "A folder of backups, or one backup")
private let id = Parameter<Located<String>>.text(
    "backup", kind: .id, "The id of a backup; the newest if nothing is said")

/// A restore that was asked for.
private struct RestoreTask {
    var connection: String
    var store: any Store
    var shelf: BackupShelf
    /// Where the backup lies, if it is not on the shelf yet.
    var bucket: BucketShelf?
    var backup: Backup
    var items: [BackupRestore.Item]
    var skipped: [String]
    var span: Span

    func records(_ item: BackupRestore.Item) -> Int {
        backup.meta.collections.first { $0.name == item.name }?.digest.count ?? 0
    }
}

extension Session {
    fileprivate func restoreTask(_ call: Call) async throws -> RestoreTask {
        let (target, source) = (try call[destination], try call[source])
        let connection = try connectionName(target)
        let store = try await store(connection)
        let bucket = try await bucketShelf(source)
        let (shelf, base) = bucket == nil ? BackupShelf.at(expanded(source.value)) : (passingShelf(), nil)
        let single = target.value.name.flatMap { Pattern.isPattern($0) ? nil : $0 }
        let names = [BackupNames.own(target.value, connection.value), connection.value]
        let choice = BackupChoice(id: try call.optional(id)?.value, names: names, collection: single)
        var task: RestoreTask
        do {
            let backup = try await choose(choice, base, shelf, bucket)
            task = RestoreTask(
                connection: connection.value, store: store, shelf: shelf, bucket: bucket, backup: backup, items: [],
                skipped: [], span: target.span)
        } catch let error as JobError {
            throw Failure(error, at: call.has("backup") ? call.span(of: id) : source.span)
        }
        try await decide(wanted(task.backup, single, target), try call.optional(Shared.policy)?.value ?? "fail", &task)
        return task
    }

    private func choose(
        _ choice: BackupChoice, _ base: String?, _ shelf: BackupShelf, _ bucket: BucketShelf?
    ) async throws -> Backup {
        if let bucket { return try await choice.choose(from: bucket.contents(), in: bucket.address) }
        return if let base { try await shelf.backup(base) } else { try await shelf.choose(choice) }
    }

    /// The backup where its files can be read.
    private func brought(_ task: RestoreTask) async throws -> Backup {
        guard let bucket = task.bucket else { return task.backup }
        try await bucket.bring(task.backup, into: task.shelf.folder)
        return try await task.shelf.backup(task.backup.meta.base)
    }

    /// Restores; nothing of a backup that lies in a bucket stays here, however that ends.
    private func restored(_ task: RestoreTask, _ call: Call) async throws -> [String] {
        do {
            let restore = BackupRestore(
                task.items, of: try await brought(task), into: task.store, isAcceptingLosses: call.has("accepting"),
                openArchive: ArchiveFolder.open)
            let left = try await restore.run(on: task.shelf)
            if task.bucket != nil { try await forget(task.shelf) }
            return left
        } catch {
            if task.bucket != nil { try? await forget(task.shelf) }
            throw error
        }
    }

    /// Which collections of the backup go where.
    private func wanted(
        _ backup: Backup, _ single: String?, _ target: Located<Reference>
    ) throws -> [(name: String, newName: String)] {
        let held = backup.meta.collections.map(\.name)
        guard let single else {
            let found = held.filter { $0.matches(glob: target.value.name ?? "*") }
            guard !found.isEmpty else {
                throw Failure("E0501", "nothing in \(backup.path) fits \(target.value)", at: target.span)
            }
            return found.map { ($0, $0) }
        }
        if held.contains(single) { return [(single, single)] }
        guard held.count == 1 else {
            throw Failure(
                "E0501", "\(backup.path) holds no \(single)", at: target.span,
                help: ["it holds \(held.joined(separator: ", "))"])
        }
        return [(held[0], single)]
    }

    private func decide(
        _ wanted: [(name: String, newName: String)], _ policy: String, _ task: inout RestoreTask
    ) async throws {
        let store = task.store
        let (there, aliases) = try await blaming(task.span) {
            (try await store.collections(), try await store.aliasing?.aliases() ?? [:])
        }
        for (name, newName) in wanted {
            if let other = aliases[newName] {
                throw Failure(
                    "E0502", "\(newName) is an alias for \(other)", at: task.span,
                    help: ["restore \(task.connection):\(other)"])
            }
            let exists = there.contains(newName)
            switch policy {
            case "skip" where exists: task.skipped.append(newName)
            case "fail" where exists:
                throw Failure(
                    "E0502", "\(task.connection):\(newName) is there already", at: task.span,
                    help: ["say `if exists replace` or `skip`, or restore under another name"])
            default: task.items.append(BackupRestore.Item(name, as: newName, isReplacing: exists))
            }
        }
    }

    fileprivate func planRestore(_ task: RestoreTask, _ call: Call) async throws {
        let rows = task.items.map { item -> JSONValue in
            [
                "collection": .string("\(task.connection):\(item.newName)"),
                "records": .integer(Int64(task.records(item))),
                "action": .string(item.isReplacing ? "replace" : "create"), "backup": .string(task.backup.meta.base),
            ]
        }
        let skipped = task.skipped.map { name -> JSONValue in
            [
                "collection": .string("\(task.connection):\(name)"), "records": 0, "action": "skip",
                "backup": .string(task.backup.meta.base),
            ]
        }
        try await answer(call) { output in
            try await output.print(rows: rows + skipped, columns: ["action", "collection", "records", "backup"])
        }
    }

    fileprivate func runRestore(_ task: RestoreTask, _ call: Call) async throws {
        for name in task.skipped { say(call, "\(task.connection):\(name) is there already") }
        guard !task.items.isEmpty else { return }
        try await confirmReplacing(task, call)
        do {
            for left in try await restored(task, call) { messages.warn(left) }
        } catch let error as JobError { throw Failure(error, at: call.span(of: source)) } catch let error as StoreError
        {
            throw Failure(error, at: task.span)
        }
        let records = task.items.reduce(0) { $0 + task.records($1) }
        let document: JSONValue = [
            "id": .string(task.backup.meta.id), "path": .string(task.backup.path),
            "collections": .array(task.items.map { .string("\(task.connection):\($0.newName)") }),
            "records": .integer(Int64(records)),
        ]
        let names = task.items.map { "\(task.connection):\($0.newName)" }.joined(separator: ", ")
        try await answer(call) { output in
            try await output.print(
                document, plain: "\(names): \(Counted.records(records)) of \(task.backup.meta.base), verified")
        }
    }

    private func confirmReplacing(_ task: RestoreTask, _ call: Call) async throws {
        let replaced = task.items.filter(\.isReplacing)
        guard let first = replaced.first else { return }
        let names = replaced.map { "\(task.connection):\($0.newName)" }.joined(separator: ", ")
        try await confirm(
            call, "replace \(names) by the backup \(task.backup.meta.base)",
            byTyping: replaced.count == 1 ? first.newName : task.connection)
    }
}
