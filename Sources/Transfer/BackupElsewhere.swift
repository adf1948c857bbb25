import Model

/// Backups that do not lie on a disk of this machine.
extension Backup {
    /// From the text of its `.meta.json`, and the address at which that was found.
    package init(describedBy text: [UInt8], at address: String) throws(JobError) {
        let meta = try BackupMeta(text, path: address)
        guard meta.isPacked else {
            throw JobError("\(address) describes a folder, and only packed backups lie in buckets")
        }
        let folder = address.prefix(through: address.lastIndex(of: "/") ?? address.startIndex)
        self.init(meta: meta, path: "\(folder)\(meta.base)\(BackupShelf.packed)", metaPath: address)
    }

    /// The packed file first, and then what describes it.
    package var files: [(path: String, name: String)] {
        [(path, meta.base + BackupShelf.packed), (metaPath, meta.base + BackupMeta.ending)]
    }

    /// The same, where a copy of its files lies; the address ends in a slash.
    package func moved(to address: String) -> Backup {
        Backup(meta: meta, path: address + files[0].name, metaPath: address + files[1].name)
    }
}

extension BackupShelf.Contents {
    /// The newest first.
    package mutating func sort() {
        backups.sort { ($0.meta.created, $0.meta.base) > ($1.meta.created, $1.meta.base) }
    }
}
