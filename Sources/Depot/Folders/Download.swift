import Files
import JSON
import Model

/// Brings files of a bucket, or of another folder, into a folder that appears when it is whole.
package actor Download {
    private let source: any ObjectFolder
    private let content: FolderContent
    private let target: String
    private let isFile: Bool
    private let tuning: TransferTuning
    package nonisolated let progress = TransferProgress()
    private let executor = BlockingQueue("download")

    private var draft: DownloadDraft?
    private var open: [Int: ArrivingFile] = [:]
    /// The checksums of files that are whole.
    private var digests: [Int: String] = [:]
    private var earlier: [Int: Set<Int>] = [:]

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// `isFile`: the content is one file, and the target its path.
    package init(
        _ content: FolderContent, from source: any ObjectFolder, to target: String, isFile: Bool,
        _ tuning: TransferTuning
    ) {
        (self.source, self.content, self.isFile, self.tuning) = (source, content, isFile, tuning)
        self.target = target.count > 1 && target.hasSuffix("/") ? String(target.dropLast()) : target
    }

    /// Goes on where an earlier run has ended; answers what is there then, with checksums.
    ///
    /// `leavesManifest`: the manifest is one of the files.
    package func run(isReplacing: Bool, leavesManifest: Bool) async throws(StoreError) -> Manifest {
        let draft = try DownloadDraft(beside: target, of: content, partBytes: tuning.part)
        self.draft = draft
        // Its lock is for as long as this runs.
        defer { (self.draft, open) = (nil, [:]) }
        resume(draft.journal.events)
        progress.count { $0.total = content.bytes }
        let group = WorkGroup(parallel: tuning.parallel) { [progress] in progress.isStopped }
        try await group.run(work()) { work async throws(StoreError) in try await self.carry(work) }
        let manifest = manifest()
        if leavesManifest { try Disk.write("\(draft.content)/\(Manifest.name)", Array(manifest.text.utf8)) }
        try draft.publish(isFile ? content.files.first : nil, isReplacing: isReplacing)
        return manifest
    }

    private func manifest() -> Manifest {
        let files = content.files.enumerated().map { index, file in
            Manifest.File(path: file.path, bytes: file.bytes, sha256: digests[index] ?? "")
        }
        return Manifest(files, made: AWSClock().now)
    }

    // MARK: Work

    private struct Work: Sendable {
        var file: Int
        var part: Int
        var range: Range<Int>
    }

    private func work() -> [Work] {
        var work: [Work] = []
        for (index, file) in content.files.enumerated() where digests[index] == nil {
            for (part, range) in tuning.parts(of: file.bytes).enumerated()
            where earlier[index]?.contains(part) != true || part == 0 {
                work.append(Work(file: index, part: part, range: range))
            }
        }
        return work
    }

    private func carry(_ work: Work) async throws(StoreError) {
        guard digests[work.file] == nil else { return }
        let (file, known) = try await arriving(work.file)
        if !known.contains(work.part) {
            let part = FilePart(file.file, work.range) { [progress] bytes in progress.count { $0.bytes += bytes } }
            try await source.fetch(file.stored, work.range, into: part)
            try part.finish()
            try draft?.journal.append(["file": .integer(Int64(work.file)), "part": .integer(Int64(work.part))])
        }
        guard try await file.arrive(work.part) else { return }
        try await finish(file, work.file)
    }

    private func finish(_ file: ArrivingFile, _ index: Int) async throws(StoreError) {
        open[index] = nil
        do throws(StoreError) { digests[index] = try await file.finish() } catch {
            // Its parts are not trusted by the next run.
            try draft?.journal.append(["file": .integer(Int64(index)), "damaged": true])
            throw error
        }
        let digest = digests[index] ?? ""
        try draft?.journal.append(["file": .integer(Int64(index)), "sha256": .string(digest)])
        progress.count { $0.files += 1 }
    }

    /// The file, open, with the parts of it that are there.
    private func arriving(_ index: Int) async throws(StoreError) -> (ArrivingFile, Set<Int>) {
        let known = earlier[index] ?? []
        if let file = open[index] { return (file, known) }
        guard let draft else { throw StoreError(.cancelled, "the download has ended") }
        let stored = content.files[index]
        let parts = tuning.parts(of: stored.bytes)
        let file = try ArrivingFile(stored, at: draft.place(of: stored), parts: parts)
        open[index] = file
        try await file.resume(known)
        return (file, known)
    }

    // MARK: Going on

    private func resume(_ events: [JSONValue]) {
        for event in events {
            guard let index = event["file"]?.integer.map({ Int($0) }), content.files.indices.contains(index) else {
                continue
            }
            if let digest = event["sha256"]?.string { digests[index] = digest }
            if let part = event["part"]?.integer { earlier[index, default: []].insert(Int(part)) }
            if event["damaged"] != nil { (earlier[index], digests[index]) = (nil, nil) }
        }
        for (index, file) in content.files.enumerated() {
            let parts = tuning.parts(of: file.bytes)
            let known = digests[index] == nil ? earlier[index] ?? [] : Set(parts.indices)
            let bytes = known.reduce(0) { $0 + (parts.indices.contains($1) ? parts[$1].count : 0) }
            progress.count {
                $0.resumed += bytes
                $0.bytes += bytes
                if digests[index] != nil { $0.files += 1 }
            }
        }
    }
}
