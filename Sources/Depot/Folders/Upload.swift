import Files
import Glibc
import Model

/// Sends the files of a folder below a prefix of a bucket; the folder counts when its manifest is there, which comes last.
package actor Upload {
    let local: DiskFolder
    let files: [StoredFile]
    let target: S3Folder
    /// The one object that is written, where no folder is.
    let key: String?
    let tuning: TransferTuning
    package nonisolated let progress = TransferProgress()
    private let statePath: String

    private let executor = BlockingQueue("upload")

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    var state: UploadState?
    /// The checksums of files that are there.
    private var digests: [String: String] = [:]

    /// `home`: where states lie.
    package init(
        _ files: [StoredFile], of local: DiskFolder, to target: S3Folder, key: String?, home: String,
        _ tuning: TransferTuning
    ) {
        (self.files, self.local, self.target, self.key, self.tuning) = (files, local, target, key, tuning)
        let name = SHA256.digest(Array("\(local.address)\n\(target.address)\n\(key ?? "")".utf8)).hexadecimal
        statePath = "\(home)/uploads/\(name.prefix(16))"
    }

    /// Goes on where an earlier run has ended; answers what is there then, with checksums.
    package func run(isReplacing: Bool) async throws(StoreError) -> Manifest {
        state = try UploadState(statePath, to: target.address)
        // Its lock is for as long as this runs.
        defer { state = nil }
        progress.count { $0.total = files.reduce(0) { $0 + $1.bytes } }
        let there = key == nil ? try await makeRoom(isReplacing) : try await object(isReplacing)
        try await send(there)
        let manifest = Manifest(
            files.map { Manifest.File(path: $0.path, bytes: $0.bytes, sha256: digests[$0.path] ?? "") },
            made: AWSClock().now)
        if key == nil { try await finish(manifest, isReplacing) }
        try state?.remove()
        return manifest
    }

    // MARK: Before

    /// What stands there already and is ours; throws if there is anything else, unless it is to be replaced.
    private func makeRoom(_ isReplacing: Bool) async throws(StoreError) -> [String: StoredFile] {
        let found = try await target.files()
        let ours = found.filter { state?.sent[$0.path]?.tag == $0.tag }
        let tried = state?.tried ?? []
        guard found.contains(where: { !tried.contains($0.path) }) else {
            return Dictionary(ours.map { ($0.path, $0) }) { $1 }
        }
        guard isReplacing else {
            let isWhole = found.contains { $0.path == Manifest.name }
            throw StoreError(
                .conflict,
                isWhole
                    ? "\(target.address) holds another folder"
                    : "\(target.address) holds objects that this upload has not written",
                help: "choose another prefix, or say `if exists replace`")
        }
        // From here on it is no whole folder.
        try await target.bucket.delete(target.prefix + Manifest.name)
        return Dictionary(ours.map { ($0.path, $0) }) { $1 }
    }

    private func object(_ isReplacing: Bool) async throws(StoreError) -> [String: StoredFile] {
        guard let key, let file = files.first, let found = try await target.bucket.head(key) else { return [:] }
        if state?.sent[file.path]?.tag == found.tag {
            return [file.path: StoredFile(path: file.path, bytes: found.bytes, tag: found.tag)]
        }
        guard isReplacing || state?.tried.contains(file.path) == true else {
            throw StoreError(
                .conflict, "s3://\(target.bucket.name)/\(key) is there already", help: "say `if exists replace`")
        }
        return [:]
    }

    // MARK: Sending

    private func send(_ there: [String: StoredFile]) async throws(StoreError) {
        let lane = SendingLane(parallel: tuning.parallel)
        do throws(StoreError) {
            for file in files {
                if progress.isStopped { throw StoreError(.cancelled, "interrupted") }
                if let sent = state?.sent[file.path], sent.stamp == file.tag, there[file.path]?.bytes == file.bytes {
                    skip(file, sent.sha256)
                } else {
                    try await send(file, lane)
                }
            }
            try await lane.finish()
        } catch {
            if progress.isStopped { try? await lane.finish() } else { await lane.cancel() }
            throw error
        }
    }

    private func skip(_ file: StoredFile, _ sha256: String) {
        digests[file.path] = sha256
        progress.count {
            $0.bytes += file.bytes
            $0.resumed += file.bytes
            $0.files += 1
        }
    }

    private func send(_ file: StoredFile, _ lane: SendingLane) async throws(StoreError) {
        let path = local.path(of: file)
        let opened = try await DiskThreads.run { () throws(StoreError) in
            let opened = try DiskFile(path, O_RDONLY)
            guard try opened.stamp() == file.tag else { throw Upload.changed(path) }
            return opened
        }
        let key = key ?? target.prefix + file.path
        if file.bytes <= tuning.part {
            try await sendWhole(file, opened, key, lane)
        } else {
            try await PartsUpload(file, opened, key, self).run(lane)
        }
    }

    private func sendWhole(
        _ file: StoredFile, _ opened: DiskFile, _ key: String, _ lane: SendingLane
    ) async throws(StoreError) {
        let (bytes, digest) = try await DiskThreads.run { () throws(StoreError) in
            let bytes = try opened.read(file.bytes, at: 0)
            guard bytes.count == file.bytes, try opened.stamp() == file.tag else { throw Upload.changed(opened.path) }
            return (bytes, SHA256.digest(bytes))
        }
        let notes = notes(digest.hexadecimal)
        try state?.attempt(file)
        try await lane.add { [target] () async throws(StoreError) in
            let object = try await target.bucket.put(key, bytes, digest: digest, notes: notes)
            try await self.done(file, tag: object.tag, sha256: digest.hexadecimal, bytes: bytes.count)
        }
    }

    /// One object has its checksum beside it; those of a folder have theirs in the manifest.
    func notes(_ sha256: String) -> [String: String] { key == nil ? [:] : ["sha256": sha256] }

    /// A file has become an object.
    func done(_ file: StoredFile, tag: String, sha256: String, bytes: Int) throws(StoreError) {
        try state?.finish(file, tag: tag, sha256: sha256)
        digests[file.path] = sha256
        progress.count {
            $0.bytes += bytes
            $0.files += 1
        }
    }

    static func changed(_ path: String) -> StoreError {
        StoreError(.conflict, "\(path) has changed while it was uploaded", help: "upload it when nobody writes to it")
    }

    // MARK: The end

    /// Removes what is not of the folder, compares what is there with what was sent, and says that it is whole.
    private func finish(_ manifest: Manifest, _ isReplacing: Bool) async throws(StoreError) {
        let found = try await target.files()
        let sizes = Dictionary(files.map { ($0.path, $0.bytes) }) { $1 }
        for object in found where sizes[object.path] == nil && isReplacing {
            try await target.bucket.delete(target.prefix + object.path)
        }
        let arrived = Dictionary(found.map { ($0.path, $0.bytes) }) { $1 }
        for file in files where arrived[file.path] != file.bytes {
            throw StoreError(
                .conflict, "\"\(file.path)\" is not at \(target.address) as it was sent",
                help: "does another program write there? say the same again")
        }
        try await put(manifest)
    }

    private func put(_ manifest: Manifest) async throws(StoreError) {
        let key = target.prefix + Manifest.name
        do throws(StoreError) {
            try await target.bucket.put(key, Array(manifest.text.utf8), if: .absent, type: "application/json")
        } catch {
            guard error.code == .conflict else { throw error }
            // An answer that was lost leaves our own manifest there.
            let (_, bytes) = try await target.bucket.get(key)
            guard try Manifest(bytes, at: key).files == manifest.files else {
                throw StoreError(.conflict, "another upload has finished at \(target.address) meanwhile")
            }
        }
    }
}
