import Glibc
import JSON
import Model

/// A backup that is complete.
package struct Backup: Hashable, Sendable {
    package var meta: BackupMeta
    /// The packed file, or the folder.
    package var path: String
    var metaPath: String
}

/// The folder that backups lie in.
///
/// A backup is there when its `.meta.json` is, which comes last; what is being made has a name that begins with a dot,
/// and a lock that dies with its process.
package actor BackupShelf {
    package nonisolated let folder: String
    private let executor = BlockingQueue("backup")

    package init(_ folder: String) { self.folder = folder }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    // MARK: Looking

    package struct Contents: Sendable {
        /// Newest first.
        package var backups: [Backup] = []
        /// What looks like a backup and is none, and why.
        package var problems: [String] = []

        package init(backups: [Backup] = [], problems: [String] = []) {
            (self.backups, self.problems) = (backups, problems)
        }
    }

    package func contents() throws(JobError) -> Contents {
        let names = try BackupFiles.names(in: folder).filter { !$0.hasPrefix(".") }
        var contents = Contents()
        for name in names where name.hasSuffix(BackupMeta.ending) {
            do { contents.backups.append(try backup(String(name.dropLast(BackupMeta.ending.utf8.count)))) } catch {
                contents.problems.append((error as? JobError)?.message ?? "\(error)")
            }
        }
        for name in names where name.hasSuffix(Self.packed) {
            guard !names.contains(name.dropLast(Self.packed.utf8.count) + BackupMeta.ending) else { continue }
            contents.problems.append("\(folder)/\(name) has no \(BackupMeta.ending) beside it")
        }
        contents.sort()
        return contents
    }

    /// The one backup whose files begin like this; throws what is wrong with it.
    package func backup(_ base: String) throws -> Backup {
        let metaPath = "\(folder)/\(base)\(BackupMeta.ending)"
        guard BackupFiles.exists(metaPath) else {
            throw JobError(
                "\(metaPath) is missing", help: "it lies beside the backup; without it nothing can be verified")
        }
        let meta = try BackupMeta(BackupFiles.contents(metaPath), path: metaPath)
        let path = "\(folder)/\(base)\(meta.isPacked ? Self.packed : "")"
        guard BackupFiles.exists(path) else { throw JobError("\(metaPath) describes \(path), which is missing") }
        return Backup(meta: meta, path: path, metaPath: metaPath)
    }

    static let packed = ".tar.gz"

    // MARK: Making

    /// Takes a name and an hour for a new backup, and makes a folder that no one else touches.
    func begin(_ name: String, now: Int64) throws(JobError) -> BackupDraft {
        guard SafePath.isName(name) else {
            throw JobError(
                "\"\(name)\" cannot be a backup's name", help: "say `as NAME`, without / and with no dot in front")
        }
        try BackupFiles.makeFolder(folder)
        try sweep()
        for second in 0..<3600 {
            let created = now / 1_000_000 * 1_000_000 + Int64(second) * 1_000_000
            let base = "\(name)_\(BackupMeta.id(created))"
            let isTaken = ["", Self.packed, BackupMeta.ending].contains { BackupFiles.exists("\(folder)/\(base)\($0)") }
            guard !isTaken, let draft = try BackupDraft("\(folder)/.\(base).new", name: name, created: created) else {
                continue
            }
            return draft
        }
        throw JobError("\(folder) has a backup of \(name) for every second of this hour")
    }

    /// Packs what lies in the draft, if it is to be packed, and puts the backup where all can see it.
    func publish(_ draft: BackupDraft, level: Int?, describing meta: BackupMeta) throws -> Backup {
        var meta = meta
        let paths = try BackupFiles.files(below: draft.content).filter { $0 != ".lock" }
        let made = "\(draft.folder)/\(meta.base)\(meta.isPacked ? Self.packed : "")"
        if let level {
            meta.files = try BackupTarball.pack(paths, of: draft.content, as: meta.base, into: made, level: level)
            (meta.bytes, meta.sha256) = try BackupFiles.checksum(made)
        } else {
            meta.files = try paths.map { path in
                let (bytes, sha256) = try BackupFiles.checksum("\(draft.content)/\(path)")
                return BackupMeta.File(path: path, bytes: bytes, sha256: sha256)
            }
            (meta.bytes, meta.sha256) = (meta.files.reduce(0) { $0 + $1.bytes }, BackupMeta.sha256(of: meta.files))
            try BackupFiles.remove("\(draft.content)/.lock")
            try BackupFiles.move(draft.content, to: made)
        }
        return try place(meta, from: draft.folder)
    }

    /// The backup first and what describes it last: without that it is none.
    private func place(_ meta: BackupMeta, from draft: String) throws -> Backup {
        let file = meta.base + (meta.isPacked ? Self.packed : "")
        try BackupFiles.write(meta.json.indented() + "\n", to: "\(draft)/\(meta.base)\(BackupMeta.ending)")
        try BackupFiles.move("\(draft)/\(file)", to: "\(folder)/\(file)")
        try BackupFiles.move(
            "\(draft)/\(meta.base)\(BackupMeta.ending)", to: "\(folder)/\(meta.base)\(BackupMeta.ending)")
        try BackupFiles.syncFolder(folder)
        return try backup(meta.base)
    }

    func discard(_ draft: BackupDraft) { try? BackupFiles.remove(draft.folder) }

    /// Removes what processes that died have left; where only the last step was missing, it is done.
    private func sweep() throws(JobError) {
        for name in try BackupFiles.names(in: folder) where name.hasPrefix(".") && name.hasSuffix(".new") {
            let draft = "\(folder)/\(name)"
            guard BackupFiles.isFolder(draft), try BackupFile(draft, O_RDONLY | O_DIRECTORY).lock() else { continue }
            let base = name.dropFirst().dropLast(".new".utf8.count)
            let meta = "\(base)\(BackupMeta.ending)"
            let isPlaced = ["", Self.packed].contains { BackupFiles.exists("\(folder)/\(base)\($0)") }
            if isPlaced, BackupFiles.exists("\(draft)/\(meta)") {
                try BackupFiles.move("\(draft)/\(meta)", to: "\(folder)/\(meta)")
            }
            try BackupFiles.remove(draft)
        }
    }

    // MARK: Reading

    /// Compares the backup with its checksums, and answers the folder in which its collections lie.
    ///
    /// What is packed is unpacked into the draft.
    func opened(_ backup: Backup, in draft: BackupDraft) throws -> String {
        guard backup.meta.isPacked else {
            try checkFolder(backup)
            return backup.path
        }
        let (bytes, sha256) = try BackupFiles.checksum(backup.path)
        guard bytes == backup.meta.bytes else {
            throw JobError("\(backup.path) is damaged: it has \(bytes) bytes and should have \(backup.meta.bytes)")
        }
        guard sha256 == backup.meta.sha256 else {
            throw JobError("\(backup.path) is damaged: it differs from its checksum")
        }
        try BackupFiles.makeFolder(draft.content)
        try BackupTarball.unpack(backup.path, backup.meta, into: draft.content)
        return draft.content
    }

    private func checkFolder(_ backup: Backup) throws {
        let found = try BackupFiles.files(below: backup.path).filter { $0 != ".lock" }
        let known = Set(backup.meta.files.map(\.path))
        if let foreign = found.first(where: { !known.contains($0) }) {
            throw JobError("\(backup.path) holds \"\(foreign)\", which its list of files does not name")
        }
        for file in backup.meta.files {
            let (bytes, sha256) = try BackupFiles.checksum("\(backup.path)/\(file.path)")
            guard bytes == file.bytes, sha256 == file.sha256 else {
                throw JobError("\(backup.path) is damaged: \"\(file.path)\" differs from its checksum")
            }
        }
    }

    /// A folder beside the backups to unpack into.
    func beginRestore(_ backup: Backup, now: Int64) throws(JobError) -> BackupDraft {
        try sweep()
        for number in 0..<100 {
            let path = "\(folder)/.restore_\(backup.meta.base)_\(number).new"
            if let draft = try BackupDraft(path, name: backup.meta.name, created: now) { return draft }
        }
        throw JobError("\(backup.path) is being restored a hundred times already")
    }

    // MARK: Removing

    package func remove(_ backups: [Backup]) throws(JobError) {
        for backup in backups {
            // Without it there is no backup any more, whatever happens next.
            try BackupFiles.remove(backup.metaPath)
            try BackupFiles.syncFolder(folder)
            try BackupFiles.remove(backup.path)
        }
    }
}

/// A folder in which a backup is made, or from which one is restored; its lock keeps others from sweeping it away.
struct BackupDraft: Sendable {
    let folder: String
    let name: String
    let created: Int64
    private let lock: DraftLock

    /// Nil if the folder is there already.
    init?(_ folder: String, name: String, created: Int64) throws(JobError) {
        guard mkdir(folder, 0o700) == 0 else {
            guard errno == EEXIST else { throw .system("make the folder", folder) }
            return nil
        }
        guard let lock = DraftLock(folder) else { return nil }
        (self.folder, self.name, self.created, self.lock) = (folder, name, created, lock)
    }

    /// Where the collections lie.
    var content: String { folder + "/content" }
}

private final class DraftLock: Sendable {
    private let descriptor: Int32

    /// Nil if another has taken the folder for one that was left behind.
    init?(_ folder: String) {
        descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        var (held, there) = (stat(), stat())
        guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &held) == 0,
            stat(folder, &there) == 0, held.st_ino == there.st_ino
        else {
            if descriptor >= 0 { close(descriptor) }
            return nil
        }
    }

    deinit { close(descriptor) }
}
