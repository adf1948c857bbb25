import Files
import JSON
import Model

/// What earlier runs of an upload have done, so that nothing is sent twice; it lies on this machine.
final class UploadState {
    struct Sent: Hashable {
        /// Of the local file, when it was sent.
        var stamp: String
        var tag: String
        var sha256: String
    }

    /// An object that is being written in parts, and the tags of those that have arrived.
    struct Begun {
        var stamp: String
        var id: String
        var partBytes: Int
        var tags: [Int: String] = [:]
    }

    private(set) var sent: [String: Sent] = [:]
    private(set) var begun: [String: Begun] = [:]
    /// What may stand at the target because of us, also if no answer ever came.
    private(set) var tried: Set<String> = []
    private let folder: String
    private let lock: DiskLock
    private let journal: TransferJournal

    init(_ folder: String, to address: String) throws(StoreError) {
        self.folder = folder
        try Disk.makeFolder(folder)
        lock = try DiskLock(folder + "/lock", on: address)
        journal = try TransferJournal(folder + "/journal")
        for event in journal.events { apply(event) }
    }

    private func apply(_ event: JSONValue) {
        guard let path = event["path"]?.string, let stamp = event["stamp"]?.string else { return }
        tried.insert(path)
        if let tag = event["tag"]?.string, let sha256 = event["sha256"]?.string {
            sent[path] = Sent(stamp: stamp, tag: tag, sha256: sha256)
            begun[path] = nil
        } else if let id = event["draft"]?.string, let bytes = event["part_bytes"]?.integer {
            begun[path] = Begun(stamp: stamp, id: id, partBytes: Int(bytes))
        } else if let part = event["part"]?.integer, let tag = event["tag"]?.string {
            begun[path]?.tags[Int(part)] = tag
        }
    }

    private func record(_ event: JSONValue) throws(StoreError) {
        try journal.append(event)
        apply(event)
    }

    /// Before a file is sent in one piece.
    func attempt(_ file: StoredFile) throws(StoreError) {
        try record(["path": .string(file.path), "stamp": .string(file.tag)])
    }

    func begin(_ file: StoredFile, _ draft: S3Draft, partBytes: Int) throws(StoreError) {
        try record([
            "path": .string(file.path), "stamp": .string(file.tag), "draft": .string(draft.id),
            "part_bytes": .integer(Int64(partBytes)),
        ])
    }

    func note(part: Int, tag: String, of file: StoredFile) throws(StoreError) {
        try record([
            "path": .string(file.path), "stamp": .string(file.tag), "part": .integer(Int64(part)), "tag": .string(tag),
        ])
    }

    func finish(_ file: StoredFile, tag: String, sha256: String) throws(StoreError) {
        try record([
            "path": .string(file.path), "stamp": .string(file.tag), "tag": .string(tag), "sha256": .string(sha256),
        ])
    }

    /// The upload is whole.
    func remove() throws(StoreError) { try Disk.removeFolder(folder) }
}
