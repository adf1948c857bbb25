import Files
import Glibc
import Model

extension DiskFolder {
    package static func isFolder(_ path: String) -> Bool { Disk.isFolder(path) }

    /// Whether something stands at a path; an empty folder is nothing.
    package static func holdsAnything(_ path: String) async throws(StoreError) -> Bool {
        try await DiskThreads.run { () throws(StoreError) in
            guard Disk.isFolder(path) else { return Disk.exists(path) }
            return try !Disk.names(in: path).isEmpty
        }
    }

    /// Removes a folder with all that is in it.
    package static func remove(_ path: String) async throws(StoreError) {
        try await DiskThreads.run { () throws(StoreError) in
            if Disk.isFolder(path) { try Disk.removeFolder(path) }
        }
    }

    /// The checksums of some of its files, as they are now.
    func manifest(of files: [StoredFile]) async throws(StoreError) -> Manifest {
        var listed: [Manifest.File] = []
        for file in files {
            let path = path(of: file)
            let sha256 = try await DiskThreads.run { () throws(StoreError) in try DiskFolder.sha256(path) }
            listed.append(Manifest.File(path: file.path, bytes: file.bytes, sha256: sha256))
        }
        return Manifest(listed, made: 0)
    }

    private static func sha256(_ path: String) throws(StoreError) -> String {
        let file = try DiskFile(path, O_RDONLY)
        var (hash, place) = (SHA256(), 0)
        while case let bytes = try file.read(1 << 20, at: place), !bytes.isEmpty {
            bytes.withUnsafeBytes { hash.add($0) }
            place += bytes.count
        }
        return hash.digest().hexadecimal
    }
}

extension FolderContent {
    /// Whether what stands at a path of this machine is this content, by its checksums.
    package func isSame(
        asAt path: String, as source: any ObjectFolder, isFile: Bool, hasManifest: Bool
    ) async throws(StoreError) -> Bool {
        guard Disk.isFolder(path) != isFile, !hasManifest || Disk.exists("\(path)/\(Manifest.name)") else {
            return false
        }
        let local = isFile ? DiskFolder(file: path) : DiskFolder(path)
        let there = try await local.files().filter { $0.path != Manifest.name }
        guard sizes(there, isFile) == sizes(files, isFile) else { return false }
        guard let expected = try await checksums(source) else { return false }
        return try await local.manifest(of: there).files.map(\.sha256) == expected
    }

    /// Those of its files, in the order of a manifest; nil where they are not to be had.
    private func checksums(_ source: any ObjectFolder) async throws(StoreError) -> [String]? {
        let known = files.compactMap { file in
            file.sha256.map { Manifest.File(path: file.path, bytes: file.bytes, sha256: $0) }
        }
        if known.count == files.count { return Manifest(known, made: 0).files.map(\.sha256) }
        return try await (source as? DiskFolder)?.manifest(of: files).files.map(\.sha256)
    }

    /// One file may have another name at its target.
    private func sizes(_ files: [StoredFile], _ isFile: Bool) -> [String: Int] {
        Dictionary(files.map { (isFile ? "" : $0.path, $0.bytes) }) { $1 }
    }
}

/// What stands where an upload is to go.
package enum UploadTarget: Hashable, Sendable {
    case free
    case same
    /// Whether it is a whole folder, or object, and not a part of one.
    case other(isWhole: Bool)
}

extension Upload {
    /// Looks at the target, and compares it with what is to be sent.
    package func standing() async throws(StoreError) -> UploadTarget {
        guard let key else { return try await standingFolder() }
        guard let there = try await target.bucket.head(key), let file = files.first else { return .free }
        guard there.bytes == file.bytes, let noted = there.notes["sha256"] else { return .other(isWhole: true) }
        let isSame = try await local.manifest(of: files).files.first?.sha256 == noted
        return isSame ? .same : .other(isWhole: true)
    }

    private func standingFolder() async throws(StoreError) -> UploadTarget {
        let found = try await target.files()
        guard !found.isEmpty else { return .free }
        guard found.contains(where: { $0.path == Manifest.name }) else { return .other(isWhole: false) }
        guard let there = try? await FolderContent(of: target, isWhole: true).manifest else {
            return .other(isWhole: false)
        }
        let sizes = Manifest(files.map { Manifest.File(path: $0.path, bytes: $0.bytes, sha256: "") }, made: 0).files
        guard there.files.map(\.path) == sizes.map(\.path), there.files.map(\.bytes) == sizes.map(\.bytes) else {
            return .other(isWhole: true)
        }
        return try await local.manifest(of: files).files == there.files ? .same : .other(isWhole: true)
    }
}
