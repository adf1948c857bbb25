import Depot
import Language
import Model

extension Command {
    static let upload = Command(
        Signature(
            "upload", .keep, "Send a folder or a file to a bucket or another folder",
            [uploadSource.form, .word("to"), uploadTarget.form], clauses: Transferring.uploadClauses,
            details: """
                The target is s3://bucket/prefix/, s3://bucket/object, or file:///folder. A folder ends with its manifest,
                vecsh-manifest.json, which has the SHA-256 of every file: without that it is no whole one. The same line
                goes on with one that was stopped, and sends nothing twice; where the same folder is there already, it
                says so.
                """,
            examples: [
                Example("upload ./export to file:///srv/snapshots/export", "A folder, with its manifest."),
                Example("plan upload ./export to s3://chroma-bucket/words/new/", "To a bucket; only shown."),
            ], destroys: { $0.word(in: "if exists") == "replace" }), effect: .acts
    ) { call, session in try await session.runUpload(call) }
}

private let uploadSource = Parameter<Located<String>>.path("source", "A folder or a file")
private let uploadTarget = Parameter<Located<String>>.text(
    "target", kind: .uri(of: .folder), "s3://bucket/prefix/ or file:///folder")

extension Session {
    fileprivate func runUpload(_ call: Call) async throws {
        let (source, target) = (try call[uploadSource], try call[uploadTarget])
        let path = expanded(source.value)
        let isFile = !isFolder(path)
        let local = isFile ? DiskFolder(file: path) : DiskFolder(path)
        let files = try await blaming(source.span) { try await listed(local, isFile: isFile) }
        let place = try address(target)
        try await blaming(target.span) { () async throws -> Void in
            switch place {
            case .disk(let path):
                let located = Located(path, at: target.span)
                try await land(
                    FolderContent(files: files), local, at: located, isFile: isFile, leavesManifest: !isFile, call)
            case .bucket(let name, let key):
                try await upload(files, local, isFile: isFile, to: name, key, call)
            }
        }
    }

    /// What is to be sent; a manifest that came with a folder is made anew.
    fileprivate func listed(_ local: DiskFolder, isFile: Bool) async throws(StoreError) -> [StoredFile] {
        let content = isFile ? try await FolderContent(file: local) : try await FolderContent(of: local, isWhole: false)
        return content.files
    }

    fileprivate func upload(
        _ files: [StoredFile], _ local: DiskFolder, isFile: Bool, to name: String, _ key: String, _ call: Call
    ) async throws {
        let options = try call.optional(Transferring.options) ?? Options()
        let bucket = try await bucket(name, options)
        defer { bucket.close() }
        let whole = key.isEmpty || key.hasSuffix("/") ? key + (files.first?.path ?? "") : key
        let folder = S3Folder(bucket, prefix: isFile ? "" : key)
        let upload = Upload(
            files, of: local, to: folder, key: isFile ? whole : nil, home: invocation.home, try tuning(options))
        let address = isFile ? "s3://\(name)/\(whole)" : folder.address
        switch try await standing(upload, address, call) {
        case nil: break
        case let isReplacing?:
            let run = TransferRun(
                source: local.address, target: address, proof: "verified", progress: upload.progress
            ) { () async throws(StoreError) in try await upload.run(isReplacing: isReplacing) }
            try await carryOut(run, call)
        }
        warnOfClock(bucket)
    }

    /// Whether what stands at the target is to be replaced; nil where nothing is to be done.
    private func standing(_ upload: Upload, _ address: String, _ call: Call) async throws -> Bool? {
        let policy = try call.optional(Transferring.policy)?.value ?? "fail"
        switch try await upload.standing() {
        case .free: return false
        case .same:
            say(call, "\(address) is there already, and the same")
            return nil
        case .other(isWhole: true) where policy == "skip":
            say(call, "\(address) is there already")
            return nil
        case .other:
            guard policy == "replace" else { return false }
            try await confirm(call, "replace \(address)", byTyping: Transferring.name(of: address))
            return true
        }
    }
}
