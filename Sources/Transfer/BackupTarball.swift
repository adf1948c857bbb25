import CArchive
import Files
import Glibc
import Model

/// A folder's files as one `.tar.gz`.
enum BackupTarball {
    /// Writes the file and answers what it holds; on return it survives a loss of power.
    static func pack(
        _ paths: [String], of folder: String, as base: String, into target: String, level: Int
    ) throws -> [BackupMeta.File] {
        let file = try BackupFile(target, O_WRONLY | O_CREAT | O_EXCL)
        let tarball = try OpenTarball(file, tarball_create(file.descriptor, Int32(level)))
        let files = try paths.map { try add($0, of: folder, as: base, to: tarball) }
        try tarball.check(tarball_finish(tarball.handle))
        try file.sync()
        return files
    }

    private static func add(
        _ path: String, of folder: String, as base: String, to tarball: OpenTarball
    ) throws -> BackupMeta.File {
        let file = try BackupFile("\(folder)/\(path)", O_RDONLY | O_NOFOLLOW)
        var facts = stat()
        guard fstat(file.descriptor, &facts) == 0 else { throw JobError.system("read", file.path) }
        try tarball.check(
            tarball_add(tarball.handle, "\(base)/\(path)", Int64(facts.st_size), Int64(facts.st_mtim.tv_sec)))
        var (hash, count) = (FileHash(), 0)
        try file.each {
            hash.add($0)
            count += $0.count
            try tarball.check(tarball_write(tarball.handle, $0.baseAddress, $0.count))
        }
        guard count == Int(facts.st_size) else { throw JobError("\(file.path) changed while it was packed") }
        return BackupMeta.File(path: path, bytes: count, sha256: hash.hexadecimal())
    }

    /// Unpacks what `meta` names, and compares every file with its checksum; refuses whatever else is in there.
    static func unpack(_ path: String, _ meta: BackupMeta, into folder: String) throws {
        let file = try BackupFile(path, O_RDONLY)
        let tarball = try OpenTarball(file, tarball_open(file.descriptor))
        var expected = Dictionary(meta.files.map { ("\(meta.base)/\($0.path)", $0) }) { $1 }
        while let member = try tarball.next() {
            guard let known = expected.removeValue(forKey: member.path), known.bytes == member.bytes else {
                throw JobError(
                    "\(path) is damaged: it holds \"\(member.path)\", which is not as its list of files says")
            }
            try unpack(known, tarball, to: "\(folder)/\(known.path)")
        }
        guard let missing = expected.keys.min() else { return }
        throw JobError("\(path) is damaged: \"\(missing)\" is missing")
    }

    private static func unpack(_ known: BackupMeta.File, _ tarball: OpenTarball, to target: String) throws {
        try BackupFiles.makeFolder(Disk.parent(target))
        let file = try BackupFile(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
        var hash = FileHash()
        try tarball.each {
            hash.add($0)
            try file.write($0)
        }
        guard hash.hexadecimal() == known.sha256 else {
            throw JobError("\(tarball.path) is damaged: \"\(known.path)\" differs from its checksum")
        }
    }
}

/// A file that libarchive reads or writes, closed when no one holds it any more.
private final class OpenTarball {
    private let file: BackupFile
    let handle: OpaquePointer
    private var piece = [UInt8](repeating: 0, count: 1 << 18)

    init(_ file: BackupFile, _ handle: OpaquePointer?) throws(JobError) {
        guard let handle else { throw JobError("\(file.path): \(String(cString: tarball_problem(nil)))") }
        self.file = file
        self.handle = handle
    }

    deinit { tarball_free(handle) }

    var path: String { file.path }

    func check(_ status: Int32) throws(JobError) {
        guard status == 0 else { throw problem() }
    }

    private func problem() -> JobError { JobError("\(path): \(String(cString: tarball_problem(handle)))") }

    /// The next file; throws for what is neither a file nor a folder, and for a path that may lead elsewhere.
    func next() throws(JobError) -> (path: String, bytes: Int)? {
        while true {
            var (name, bytes): (UnsafePointer<CChar>?, Int64) = (nil, 0)
            let kind = tarball_next(handle, &name, &bytes)
            guard kind != tarball_end else { return nil }
            guard kind != tarball_damaged, let name else { throw problem() }
            let member = String(cString: name)
            try SafePath.check(
                kind == tarball_folder && member.hasSuffix("/") ? String(member.dropLast()) : member, in: path)
            guard kind != tarball_other else {
                throw JobError("\(path) holds \"\(member)\", which is a link or a device: nothing was restored")
            }
            if kind == tarball_file { return (member, Int(bytes)) }
        }
    }

    /// Hands the bytes of the member to `body`, piece by piece.
    func each(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        while true {
            try Task.checkCancellation()
            let count = piece.withUnsafeMutableBytes { tarball_read(handle, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw problem() }
            guard count > 0 else { return }
            try piece[..<Int(count)].withUnsafeBytes { try body($0) }
        }
    }
}
