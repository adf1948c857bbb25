import Files
import Model

/// A file on its way into an object, in parts; those that have arrived in an earlier run are not sent again.
actor PartsUpload {
    private let file: StoredFile
    private let opened: DiskFile
    private let key: String
    private let upload: Upload
    private var tags: [Int: String] = [:]
    private var sha256 = ""

    init(_ file: StoredFile, _ opened: DiskFile, _ key: String, _ upload: Upload) {
        (self.file, self.opened, self.key, self.upload) = (file, opened, key, upload)
    }

    func run(_ lane: SendingLane) async throws(StoreError) {
        let parts = upload.tuning.parts(of: file.bytes)
        let (draft, known) = try await draft()
        tags = known
        var hash = SHA256()
        for (index, range) in parts.enumerated() {
            if upload.progress.isStopped { throw StoreError(.cancelled, "interrupted") }
            let (bytes, grown) = try await read(range, hash)
            hash = grown
            if index == parts.count - 1 { sha256 = hash.digest().hexadecimal }
            guard tags[index + 1] == nil else {
                upload.progress.count {
                    $0.bytes += bytes.count
                    $0.resumed += bytes.count
                }
                continue
            }
            try await lane.add { () async throws(StoreError) in
                try await self.send(bytes, index + 1, draft, of: parts.count)
            }
        }
        try await completeIfWhole(draft, parts.count)
    }

    private func read(_ range: Range<Int>, _ hash: SHA256) async throws(StoreError) -> ([UInt8], SHA256) {
        let (opened, file) = (opened, file)
        return try await DiskThreads.run { () throws(StoreError) in
            var hash = hash
            let bytes = try opened.read(range.count, at: range.lowerBound)
            guard bytes.count == range.count, try opened.stamp() == file.tag else { throw Upload.changed(opened.path) }
            bytes.withUnsafeBytes { hash.add($0) }
            return (bytes, hash)
        }
    }

    private func send(_ bytes: [UInt8], _ number: Int, _ draft: S3Draft, of count: Int) async throws(StoreError) {
        let tag = try await upload.target.bucket.put(part: number, of: draft, bytes, digest: digest(bytes))
        try await upload.note(part: number, tag: tag, of: file)
        upload.progress.count { $0.bytes += bytes.count }
        tags[number] = tag
        try await completeIfWhole(draft, count)
    }

    private nonisolated func digest(_ bytes: [UInt8]) async -> [UInt8] { SHA256.digest(bytes) }

    private var isCompleted = false

    private func completeIfWhole(_ draft: S3Draft, _ count: Int) async throws(StoreError) {
        guard tags.count == count, !sha256.isEmpty, !isCompleted else { return }
        isCompleted = true
        let tags = (1...count).map { self.tags[$0] ?? "" }
        try await upload.target.bucket.complete(draft, tags: tags)
        let written = try await upload.target.bucket.head(key)
        guard let written, written.bytes == file.bytes else {
            throw StoreError(.unavailable, "s3://\(upload.target.bucket.name)/\(key) is not as it was sent")
        }
        try await upload.done(file, tag: written.tag, sha256: sha256, bytes: 0)
    }

    // MARK: The draft

    /// The draft of an earlier run with what of it is there, or a new one.
    private func draft() async throws(StoreError) -> (S3Draft, [Int: String]) {
        let size = upload.tuning.partSize(of: file.bytes)
        if let begun = await upload.begun(file), begun.stamp == file.tag, begun.partBytes == size {
            let draft = S3Draft(key: key, id: begun.id)
            if let there = try await upload.target.bucket.parts(of: draft) {
                return (draft, begun.tags.filter { MD5.isSame($1, there[$0]) })
            }
        }
        let notes = upload.key == nil ? [:] : await upload.notes(try await wholeDigest())
        let draft = try await upload.target.bucket.begin(key, notes: notes)
        try await upload.begin(file, draft, partBytes: size)
        return (draft, [:])
    }

    /// One object has its checksum beside it, which has to be known before the first part.
    private func wholeDigest() async throws(StoreError) -> String {
        var hash = SHA256()
        for range in upload.tuning.parts(of: file.bytes) { hash = try await read(range, hash).1 }
        return hash.digest().hexadecimal
    }
}

extension Upload {
    func begun(_ file: StoredFile) -> UploadState.Begun? { state?.begun[file.path] }

    func begin(_ file: StoredFile, _ draft: S3Draft, partBytes: Int) throws(StoreError) {
        try state?.begin(file, draft, partBytes: partBytes)
    }

    func note(part: Int, tag: String, of file: StoredFile) throws(StoreError) {
        try state?.note(part: part, tag: tag, of: file)
    }
}

extension MD5 {
    /// Tags are written with quotes by some, and without by others.
    fileprivate static func isSame(_ tag: String, _ other: String?) -> Bool {
        other.map { $0.filter { $0 != "\"" } == tag.filter { $0 != "\"" } } ?? false
    }
}
