import Files

/// Which backup of a shelf is meant.
package struct BackupChoice: Sendable {
    /// An id, or the whole name; nil is the newest.
    package var id: String?
    /// The names that a backup of what is restored may have.
    package var names: [String]
    /// What it must hold; nil is anything.
    package var collection: String?

    package init(id: String?, names: [String], collection: String?) {
        (self.id, self.names, self.collection) = (id, names, collection)
    }

    package func choose(from contents: BackupShelf.Contents, in folder: String) throws(JobError) -> Backup {
        guard !contents.backups.isEmpty else {
            throw JobError(contents.problems.first ?? "there is no backup in \(folder)")
        }
        if let id { return try named(id, contents.backups, folder) }
        let all = Set(contents.backups.map(\.meta.name))
        let known = all.count == 1 ? contents.backups : contents.backups.filter { names.contains($0.meta.name) }
        guard !known.isEmpty else {
            throw JobError(
                "no backup in \(folder) is of \(names.joined(separator: " or "))",
                help:
                    "there are some of \(all.sorted().joined(separator: ", ")): say `backup ID`, `list backups \(folder)` shows them"
            )
        }
        guard let collection else { return known[0] }
        // One that holds a single collection may come back under another name.
        return known.first { $0.holds(collection) } ?? known.first { $0.meta.collections.count == 1 } ?? known[0]
    }

    private func named(_ id: String, _ backups: [Backup], _ folder: String) throws(JobError) -> Backup {
        let found = backups.filter { $0.meta.id == id || $0.meta.base == id }
        let preferred = found.count > 1 ? found.filter { names.contains($0.meta.name) } : found
        if preferred.count == 1 { return preferred[0] }
        guard found.isEmpty else {
            let list = found.map(\.meta.base).joined(separator: ", ")
            throw JobError("several backups have the id \(id)", help: "say which: \(list)")
        }
        throw JobError("no backup in \(folder) has the id \(id)", help: "`list backups \(folder)` shows them")
    }
}

extension Backup {
    func holds(_ collection: String) -> Bool { meta.collections.contains { $0.name == collection } }
}

extension BackupShelf {
    package func choose(_ choice: BackupChoice) throws(JobError) -> Backup {
        try choice.choose(from: contents(), in: folder)
    }

    /// The shelf at a path, which may also name one backup, or a file of it.
    package static func at(_ path: String) -> (shelf: BackupShelf, base: String?) {
        let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        let (folder, name) = (Disk.parent(path), path.split(separator: "/").last.map(String.init) ?? "")
        for ending in [packed, BackupMeta.ending] where name.hasSuffix(ending) {
            return (BackupShelf(folder), String(name.dropLast(ending.utf8.count)))
        }
        let isBackup = BackupFiles.exists(path + BackupMeta.ending)
        return isBackup ? (BackupShelf(folder), name) : (BackupShelf(path), nil)
    }
}
