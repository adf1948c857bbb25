import CSHA256
import Files
import Glibc
import Model

/// The SHA-256 of bytes that come in pieces.
struct FileHash {
    private var state = sha256_state()

    init() { sha256_begin(&state) }

    mutating func add(_ bytes: UnsafeRawBufferPointer) { sha256_add(&state, bytes.baseAddress, bytes.count) }

    func hexadecimal() -> String {
        var (last, digest) = (state, [UInt8](repeating: 0, count: 32))
        sha256_end(&last, &digest)
        return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    static func hexadecimal(of text: String) -> String {
        var hash = FileHash()
        Array(text.utf8).withUnsafeBytes { hash.add($0) }
        return hash.hexadecimal()
    }
}

/// An open file, closed when no one holds it any more.
final class BackupFile {
    let path: String
    let descriptor: Int32
    private static let piece = 1 << 18

    init(_ path: String, _ flags: Int32) throws(JobError) {
        self.path = path
        descriptor = open(path, flags | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .system("open", path) }
    }

    deinit { close(descriptor) }

    /// Hands the rest of the file to `body`, piece by piece; stops when the task is cancelled.
    func each(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.piece, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            try Task.checkCancellation()
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw JobError.system("read", path) }
            guard count > 0 else { return }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(JobError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = UnsafeRawBufferPointer(rebasing: rest).withMemoryRebound(to: UInt8.self) {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system("write", path) }
            rest = rest.dropFirst(count)
        }
    }

    /// On return what was written survives a loss of power.
    func sync() throws(JobError) {
        guard fsync(descriptor) == 0 else { throw .system("write", path) }
    }

    /// Whether no one else held the lock, which ends with this process.
    func lock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }
}

/// Files and folders by path.
enum BackupFiles {
    static func mode(_ path: String) -> mode_t? {
        var facts = stat()
        return lstat(path, &facts) == 0 ? facts.st_mode & S_IFMT : nil
    }

    static func exists(_ path: String) -> Bool { mode(path) != nil }
    static func isFolder(_ path: String) -> Bool { mode(path) == S_IFDIR }

    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) throws(JobError) {
        try onDisk { () throws(StoreError) in try Disk.makeFolder(path) }
    }

    /// Makes the names in a folder survive a loss of power.
    static func syncFolder(_ path: String) throws(JobError) { try BackupFile(path, O_RDONLY | O_DIRECTORY).sync() }

    static func move(_ path: String, to newPath: String) throws(JobError) {
        try onDisk { () throws(StoreError) in try Disk.move(path, to: newPath) }
    }

    /// The names in a folder, sorted.
    static func names(in folder: String) throws(JobError) -> [String] {
        try onDisk { () throws(StoreError) in try Disk.names(in: folder).sorted() }
    }

    private static func onDisk<Value>(_ body: () throws(StoreError) -> Value) throws(JobError) -> Value {
        do throws(StoreError) { return try body() } catch { throw JobError(error.message, help: error.help) }
    }

    /// Every file below a folder, by its path from there.
    static func files(below folder: String) throws(JobError) -> [String] {
        var found: [String] = []
        for name in try names(in: folder) {
            let path = "\(folder)/\(name)"
            if isFolder(path) {
                for inner in try files(below: path) { found.append("\(name)/\(inner)") }
            } else {
                found.append(name)
            }
        }
        return found
    }

    static func contents(_ path: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try BackupFile(path, O_RDONLY).each { bytes += $0 }
        return bytes
    }

    static func write(_ text: String, to path: String) throws(JobError) {
        let file = try BackupFile(path, O_WRONLY | O_CREAT | O_TRUNC)
        do { try Array(text.utf8).withUnsafeBytes { try file.write($0) } } catch { throw .system("write", path) }
        try file.sync()
    }

    static func checksum(_ path: String) throws -> (bytes: Int, sha256: String) {
        var (hash, count) = (FileHash(), 0)
        try BackupFile(path, O_RDONLY | O_NOFOLLOW).each {
            hash.add($0)
            count += $0.count
        }
        return (count, hash.hexadecimal())
    }

    /// Removes a file, or a folder with all that is in it.
    static func remove(_ path: String) throws(JobError) {
        guard isFolder(path) else {
            guard unlink(path) == 0 || errno == ENOENT else { throw .system("remove", path) }
            return
        }
        for name in try names(in: path) { try remove("\(path)/\(name)") }
        guard rmdir(path) == 0 else { throw .system("remove", path) }
    }
}
