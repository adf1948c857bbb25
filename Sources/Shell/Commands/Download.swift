import Depot
import Language
import Model

extension Command {
    static let download = Command(
        Signature(
            "download", .keep, "Bring a folder or a file from a bucket or another folder",
            [downloadSource.form, .word("to"), downloadTarget.form], clauses: Transferring.downloadClauses,
            details: """
                The source is s3://bucket/prefix/, s3://bucket/object, or file:///folder. The folder appears when all of it is
                there and its checksums are right, or not at all. The same line goes on with one that was stopped; where
                the same folder is there already, it says so. A prefix whose manifest is missing is incomplete, as
                `upload` writes that last; `with manifest=no` takes what another program has put there.
                """,
            examples: [
                Example("download file:///srv/snapshot to ./words", "A folder that `upload` has made."),
                Example(
                    "download file:///srv/export to ./old with manifest=no", "A folder that another program has made."),
                Example(
                    "plan download s3://chroma-bucket/words/snapshot/latest/ to ./old", "From a bucket; only shown."),
            ], destroys: { $0.word(in: "if exists") == "replace" }), effect: .acts
    ) { call, session in try await session.runDownload(call) }
}

private let downloadSource = Parameter<Located<String>>.text(
    "source", kind: .uri(of: .folder), "s3://bucket/prefix/ or file:///folder")
private let downloadTarget = Parameter<Located<String>>.path("target", "The folder or file that it becomes")

extension Session {
    fileprivate func runDownload(_ call: Call) async throws {
        let source = try call[downloadSource]
        let options = try call.optional(Transferring.options) ?? Options()
        try await blaming(source.span) {
            switch try address(source) {
            case .disk(let path):
                let isFile = !isFolder(path)
                try await download(isFile ? DiskFolder(file: path) : DiskFolder(path), isFile: isFile, options, call)
            case .bucket(let name, let key):
                try await download(name, key, options, call)
            }
        }
    }

    private func download(_ name: String, _ key: String, _ options: Options, _ call: Call) async throws {
        let bucket = try await bucket(name, options)
        defer { bucket.close() }
        let isNamed = !key.isEmpty && !key.hasSuffix("/")
        let isFile = isNamed ? try await bucket.head(key) != nil : false
        let folder = isFile ? S3Folder(bucket, object: key) : S3Folder(bucket, prefix: key)
        try await download(folder, isFile: isFile, options, call)
        warnOfClock(bucket)
    }

    private func download(
        _ folder: any ObjectFolder, isFile: Bool, _ options: Options, _ call: Call
    ) async throws {
        let isWhole = try !isFile && (options["manifest"] == nil || options.isYes("manifest"))
        let content =
            isFile ? try await FolderContent(file: folder) : try await FolderContent(of: folder, isWhole: isWhole)
        if !content.foreign.isEmpty {
            let names = content.foreign.prefix(3).joined(separator: ", ")
            messages.warn("\(content.foreign.count) files that the manifest does not name were left: \(names)")
        }
        let given = try call[downloadTarget]
        let name = isFile ? content.files.first?.path : nil
        let place = Located(path(given, for: name), at: given.span)
        try await land(content, folder, at: place, isFile: isFile, leavesManifest: false, call)
    }

    /// A file that goes into a folder keeps its name.
    private func path(_ given: Located<String>, for name: String?) -> String {
        let path = expanded(given.value)
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        guard let name, path.hasSuffix("/") || isFolder(path) else { return trimmed }
        return "\(trimmed)/\(name)"
    }

    /// Puts a content at a path of this machine, if it is not there already.
    func land(
        _ content: FolderContent, _ source: any ObjectFolder, at place: Located<String>, isFile: Bool,
        leavesManifest: Bool, _ call: Call
    ) async throws {
        let isReplacing = try await standing(
            content, source, at: place, isFile: isFile, leavesManifest: leavesManifest, call)
        guard let isReplacing else { return }
        let options = try call.optional(Transferring.options) ?? Options()
        try refuseFullDisk(content.bytes, at: place)
        let download = Download(content, from: source, to: place.value, isFile: isFile, try tuning(options))
        let proof = content.hasChecksums || leavesManifest ? "verified" : "not verified"
        let run = TransferRun(
            source: source.address, target: place.value, proof: proof, progress: download.progress
        ) { () async throws(StoreError) in
            try await download.run(isReplacing: isReplacing, leavesManifest: leavesManifest)
        }
        try await carryOut(run, call)
    }

    /// Whether what stands at the target is to be replaced; nil where nothing is to be done.
    private func standing(
        _ content: FolderContent, _ source: any ObjectFolder, at place: Located<String>, isFile: Bool,
        leavesManifest: Bool, _ call: Call
    ) async throws -> Bool? {
        guard try await DiskFolder.holdsAnything(place.value) else { return false }
        let policy = try call.optional(Transferring.policy)?.value ?? "fail"
        if policy == "skip" {
            say(call, "\(place.value) is there already")
            return nil
        }
        if try await content.isSame(asAt: place.value, as: source, isFile: isFile, hasManifest: leavesManifest) {
            say(call, "\(place.value) is there already, and the same as \(source.address)")
            return nil
        }
        guard policy == "replace" else {
            throw Failure(
                "E0502", "\(place.value) is there already, and is not what is at \(source.address)", at: place.span,
                help: ["choose another name, or say `if exists replace`"])
        }
        guard isFolder(place.value) != isFile else {
            throw Failure("E0502", "\(place.value) is a \(isFile ? "folder" : "file")", at: place.span)
        }
        try await confirm(call, "replace \(place.value)", byTyping: Transferring.name(of: place.value))
        return true
    }

    private func refuseFullDisk(_ bytes: Int, at place: Located<String>) throws {
        guard let free = Folders.freeBytes(at: place.value), free < bytes else { return }
        throw Failure(
            "E0507", "\(Megabytes.text(bytes)) are to come, and \(Megabytes.text(free)) are free at \(place.value)",
            at: place.span, help: ["make room on the disk, then try again"])
    }

    nonisolated func isFolder(_ path: String) -> Bool { DiskFolder.isFolder(path) }
}
