import Depot
import Glibc
import Language
import Model
import Transfer

/// The prefix of a bucket that backups lie under; each passes through a folder of this machine on its way.
struct BucketShelf: Sendable {
    let bucket: S3Bucket
    /// Empty, or with a slash at its end.
    let prefix: String

    init(_ bucket: S3Bucket, prefix: String) {
        self.bucket = bucket
        self.prefix = prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/"
    }

    var address: String { "s3://\(bucket.name)/\(prefix)" }

    /// As ``BackupShelf/contents()`` of a folder.
    func contents() async throws(StoreError) -> BackupShelf.Contents {
        let found = try await bucket.page(prefix, endingAtSlashes: true)
        var (objects, next) = (found.objects, found.next)
        while let token = next {
            let page = try await bucket.page(prefix, after: token, endingAtSlashes: true)
            (objects, next) = (objects + page.objects, page.next)
        }
        var contents = BackupShelf.Contents()
        for object in objects where object.key.hasSuffix(".meta.json") {
            let (_, text) = try await bucket.get(object.key)
            do throws(JobError) {
                let backup = try Backup(describedBy: text, at: "s3://\(bucket.name)/\(object.key)")
                let key = prefix + (backup.files.first?.name ?? "")
                guard objects.contains(where: { $0.key == key && $0.bytes == backup.meta.bytes }) else {
                    contents.problems.append("\(address) has no whole \(key)")
                    continue
                }
                contents.backups.append(backup)
            } catch { contents.problems.append(error.message) }
        }
        contents.sort()
        return contents
    }

    /// Sends the files of a backup; what describes it comes last.
    func take(_ backup: Backup, home: String) async throws(StoreError) -> Backup {
        for file in backup.files {
            let local = DiskFolder(file: file.path)
            let upload = Upload(
                try await local.files(), of: local, to: S3Folder(bucket, prefix: ""), key: prefix + file.name,
                home: home, TransferTuning())
            do throws(StoreError) { _ = try await upload.run(isReplacing: false) } catch {
                var error = error
                if error.code == .conflict { error.help = "another backup was made in this second: say it again" }
                throw error
            }
        }
        return backup.moved(to: address)
    }

    /// Brings the files of a backup into a folder.
    func bring(_ backup: Backup, into folder: String) async throws(StoreError) {
        for file in backup.files {
            let object = S3Folder(bucket, object: prefix + file.name)
            let content = try await FolderContent(file: object)
            let download = Download(
                content, from: object, to: "\(folder)/\(file.name)", isFile: true, TransferTuning())
            _ = try await download.run(isReplacing: false, leavesManifest: false)
        }
    }

    /// Without what describes it there is no backup any more, whatever happens next.
    func remove(_ backups: [Backup]) async throws(StoreError) {
        for backup in backups {
            for file in backup.files.reversed() { try await bucket.delete(prefix + file.name) }
        }
    }
}

extension Session {
    /// Where backups lie, if that is a bucket.
    func bucketShelf(_ place: Located<String>) async throws -> BucketShelf? {
        guard DepotAddress.isBucket(place.value), case .bucket(let name, let key) = try address(place) else {
            return nil
        }
        return try await blaming(place.span) { BucketShelf(try await bucket(name, Options()), prefix: key) }
    }

    /// A folder through which a backup passes.
    nonisolated func passingShelf() -> BackupShelf {
        BackupShelf("\(invocation.home)/passing/\(getpid())-\(UInt32.random(in: 0 ... .max))")
    }

    /// Removes such a folder with all that is in it.
    func forget(_ shelf: BackupShelf) async throws {
        try await blaming(nil) { try await DiskFolder.remove(shelf.folder) }
    }
}
