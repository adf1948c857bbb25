import CFiles
import Files
import Glibc
import JSON
import Model

/// The hidden folder beside a download's target in which it is made; the next run finds it there.
final class DownloadDraft {
    private let target: String
    private let folder: String
    private let lock: DiskLock
    let journal: TransferJournal

    var content: String { folder + "/content" }

    /// What was begun from another content is thrown away.
    init(beside target: String, of content: FolderContent, partBytes: Int) throws(StoreError) {
        self.target = target
        let slash = target.lastIndex(of: "/")
        let above = slash.map { $0 == target.startIndex ? "/" : String(target[..<$0]) } ?? "."
        let name = target[(slash.map { target.index(after: $0) } ?? target.startIndex)...]
        folder = "\(above)/.\(name).download"
        try Disk.makeFolder(folder)
        lock = try DiskLock(folder + "/lock", on: target)
        let fingerprint = "\(content.fingerprint) \(partBytes)"
        let source = folder + "/source"
        let earlier = Disk.exists(source) ? try Disk.contents(source) : []
        if earlier != Array(fingerprint.utf8) {
            if Disk.exists(folder + "/content") { try Disk.removeFolder(folder + "/content") }
            Disk.remove(folder + "/journal")
            try Disk.write(source, Array(fingerprint.utf8))
        }
        try Disk.makeFolder(folder + "/content")
        journal = try TransferJournal(folder + "/journal")
    }

    /// Where a file is to be, in a folder that is there.
    func place(of file: StoredFile) throws(StoreError) -> String {
        let path = "\(content)/\(file.path)"
        if let slash = file.path.lastIndex(of: "/") { try Disk.makeFolder("\(content)/\(file.path[..<slash])") }
        return path
    }

    /// Puts the whole folder, or its one file, where it should be, in one step; then there is no draft any more.
    func publish(_ file: StoredFile?, isReplacing: Bool) throws(StoreError) {
        let made = file.map { "\(content)/\($0.path)" } ?? content
        if isReplacing, Disk.exists(target) {
            guard files_exchange(made, target) == 0 else { throw .disk(cannot: "replace", target) }
        } else if file != nil {
            guard !Disk.exists(target) else { throw StoreError(.conflict, "\(target) is there already") }
            try Disk.link(made, target)
        } else {
            try Disk.move(made, to: target)
        }
        try Disk.syncFolder(of: target)
        try Disk.removeFolder(folder)
    }
}
