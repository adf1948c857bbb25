import Glibc
import Model

/// An open file, closed when no one holds it any more.
final class ArchiveFile: Sendable {
    let path: String
    private let descriptor: Int32

    init(_ path: String, _ flags: Int32) throws(StoreError) {
        self.path = path
        descriptor = open(path, flags | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .archive(cannot: "open", path) }
    }

    deinit { close(descriptor) }

    func size() throws(StoreError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .archive(cannot: "read", path) }
        return Int(status.st_size)
    }

    /// At most so many bytes from an offset; fewer where the file ends.
    func read(_ count: Int, at offset: Int) throws(StoreError) -> [UInt8] {
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, offset + filled)
                if got < 0, errno == EINTR { continue }
                failed = got < 0
                guard got > 0 else { return }
                filled += got
            }
        }
        guard !failed else { throw .archive(cannot: "read", path) }
        return bytes
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(StoreError) {
        var done = 0
        while done < bytes.count {
            let put = pwrite(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, offset + done)
            if put < 0, errno == EINTR { continue }
            guard put > 0 else { throw .archive(cannot: "write", path) }
            done += put
        }
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(StoreError) {
        try bytes.withUnsafeBufferPointer { buffer throws(StoreError) in
            try write(UnsafeRawBufferPointer(buffer), at: offset)
        }
    }

    func cut(to size: Int) throws(StoreError) {
        guard ftruncate(descriptor, size) == 0 else { throw .archive(cannot: "cut", path) }
    }

    /// On return what was written survives a loss of power.
    func sync() throws(StoreError) {
        guard fdatasync(descriptor) == 0 else { throw .archive(cannot: "write", path) }
    }

    /// Whether no one else held the lock.
    func lock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

    func map(_ length: Int) throws(StoreError) -> UnsafeRawPointer {
        guard let start = mmap(nil, length, PROT_READ, MAP_SHARED, descriptor, 0), start != MAP_FAILED else {
            throw .archive(cannot: "map", path)
        }
        return UnsafeRawPointer(start)
    }

    /// Tells the system whether the file will be needed soon.
    func advise(isNeeded: Bool) {
        _ = posix_fadvise(descriptor, 0, 0, isNeeded ? POSIX_FADV_WILLNEED : POSIX_FADV_DONTNEED)
    }
}

/// Files and folders by path.
enum ArchiveDisk {
    static func isFolder(_ path: String) -> Bool { mode(path) == S_IFDIR }

    static func exists(_ path: String) -> Bool { mode(path) != nil }

    private static func mode(_ path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }

    static func contents(_ path: String) throws(StoreError) -> [UInt8] {
        let file = try ArchiveFile(path, O_RDONLY)
        return try file.read(file.size(), at: 0)
    }

    /// Puts a whole new file in the place of the old one: whoever reads sees one or the other.
    static func replace(_ path: String, with bytes: [UInt8]) throws(StoreError) {
        try write(path + ".new", bytes)
        try move(path + ".new", to: path)
        try syncFolder(of: path)
    }

    static func write(_ path: String, _ bytes: [UInt8]) throws(StoreError) {
        let file = try ArchiveFile(path, O_RDWR | O_CREAT | O_TRUNC)
        try file.write(bytes, at: 0)
        try file.sync()
    }

    static func move(_ path: String, to newPath: String) throws(StoreError) {
        guard rename(path, newPath) == 0 else { throw .archive(cannot: "rename", path) }
    }

    /// Makes the names in the folder that holds `path` survive a loss of power.
    static func syncFolder(of path: String) throws(StoreError) {
        try ArchiveFile(parent(path), O_RDONLY | O_DIRECTORY).sync()
    }

    static func makeFolder(_ path: String) throws(StoreError) {
        guard !isFolder(path) else { return }
        if !exists(parent(path)) { try makeFolder(parent(path)) }
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw .archive(cannot: "make the folder", path) }
        try syncFolder(of: path)
    }

    private static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func names(in folder: String) throws(StoreError) -> [String] {
        guard let stream = opendir(folder) else { throw .archive(cannot: "list", folder) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    static func remove(_ path: String) { _ = unlink(path) }

    static func removeFolder(_ path: String) throws(StoreError) {
        for name in try names(in: path) {
            let inner = "\(path)/\(name)"
            if isFolder(inner) { try removeFolder(inner) } else { remove(inner) }
        }
        guard rmdir(path) == 0 else { throw .archive(cannot: "remove", path) }
    }
}

extension StoreError {
    /// What the system said last, in words.
    static func archive(cannot verb: String, _ path: String) -> StoreError {
        let number = errno
        let message = "cannot \(verb) \(path): \(String(cString: strerror(number)))"
        return switch number {
        case ENOENT: StoreError(.notFound, message)
        case EACCES, EPERM, EROFS:
            StoreError(.unauthorized, message, help: "check who owns the folder and what its permissions are")
        case ENOSPC, EDQUOT, EFBIG: StoreError(.full, message, help: "make room on the disk, then try again")
        case ENOTDIR, EISDIR, EINVAL, ENAMETOOLONG: StoreError(.rejected, message)
        default: StoreError(.unavailable, message)
        }
    }
}
