import Model

/// What a folder of objects holds, as far as can be said before its files are there.
package struct FolderContent: Sendable {
    /// Each with its checksum, if that is known.
    package var files: [StoredFile]
    /// Nil where there is none, and none was wanted.
    package var manifest: Manifest?
    /// What the manifest does not name.
    package var foreign: [String] = []

    package var bytes: Int { files.reduce(0) { $0 + $1.bytes } }

    /// Looks at a folder; throws if it is not whole, where that is wanted.
    package init(of folder: any ObjectFolder, isWhole: Bool) async throws(StoreError) {
        let found = try await folder.files()
        files = found.filter { $0.path != Manifest.name }
        try FolderPath.check(files.map(\.path), in: folder.address)
        guard !found.isEmpty else { throw StoreError(.notFound, "there is nothing at \(folder.address)") }
        guard isWhole else { return }
        guard let text = try await folder.read(Manifest.name) else {
            throw FolderContent.incomplete(folder.address, files.count)
        }
        let manifest = try Manifest(text, at: "\(folder.address)\(Manifest.name)")
        self.manifest = manifest
        foreign = files.map(\.path)
        files = try FolderContent.matched(files, manifest, folder.address)
        let named = Set(files.map(\.path))
        foreign.removeAll { named.contains($0) }
    }

    package init(files: [StoredFile]) { self.files = files }

    /// One file.
    package init(file folder: any ObjectFolder) async throws(StoreError) {
        files = try await folder.files()
        try FolderPath.check(files.map(\.path), in: folder.address)
    }

    private static func incomplete(_ address: String, _ count: Int) -> StoreError {
        StoreError(
            .conflict, "\(address) is incomplete: it has no \(Manifest.name), which an upload writes last",
            help: "finish the upload; where another program wrote it, say `with manifest=no` to take all \(count) files"
        )
    }

    /// The files of a manifest, as they are there.
    private static func matched(
        _ found: [StoredFile], _ manifest: Manifest, _ address: String
    ) throws(StoreError) -> [StoredFile] {
        let byPath = Dictionary(found.map { ($0.path, $0) }) { $1 }
        var files: [StoredFile] = []
        for named in manifest.files {
            guard var file = byPath[named.path] else {
                throw StoreError(.conflict, "\(address) is incomplete: \"\(named.path)\" is missing")
            }
            guard file.bytes == named.bytes else {
                throw StoreError(
                    .malformed,
                    "\(address) is damaged: \"\(named.path)\" has \(file.bytes) bytes, and its manifest says \(named.bytes)"
                )
            }
            file.sha256 = named.sha256
            files.append(file)
        }
        return files
    }

    /// Whether there is something to compare every file with.
    package var hasChecksums: Bool { files.allSatisfy { $0.sha256 != nil || MD5(tag: $0.tag) != nil } }

    /// Tells this content from every other one.
    var fingerprint: String {
        let lines = files.map { "\($0.tag) \($0.bytes) \($0.sha256 ?? "") \($0.path)\n" }
        return SHA256.digest(Array(lines.joined().utf8)).hexadecimal
    }
}
