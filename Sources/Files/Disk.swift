import Glibc
import Model

/// Files and folders by path.
package enum Disk {
    package static func isFolder(_ path: String) -> Bool { mode(path) == S_IFDIR }

    package static func exists(_ path: String) -> Bool { mode(path) != nil }

    private static func mode(_ path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }

    package static func contents(_ path: String) throws(StoreError) -> [UInt8] {
        let file = try DiskFile(path, O_RDONLY)
        return try file.read(file.size(), at: 0)
    }

    /// Puts a whole new file in the place of the old one: whoever reads sees one or the other.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(StoreError) {
        try write(path + ".new", bytes)
        try move(path + ".new", to: path)
        try syncFolder(of: path)
    }

    package static func write(_ path: String, _ bytes: [UInt8]) throws(StoreError) {
        let file = try DiskFile(path, O_RDWR | O_CREAT | O_TRUNC)
        try file.write(bytes, at: 0)
        try file.sync()
    }

    package static func move(_ path: String, to newPath: String) throws(StoreError) {
        guard rename(path, newPath) == 0 else { throw .disk(cannot: "rename", path) }
    }

    /// Gives a file a second name.
    package static func link(_ path: String, _ other: String) throws(StoreError) {
        guard Glibc.link(path, other) == 0 else { throw .disk(cannot: "give a second name to", path) }
    }

    /// What a symbolic link says; nil if there is none at the path.
    package static func linkTarget(_ path: String) -> String? {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &target, target.count)
        guard count >= 0 else { return nil }
        return String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    package static func makeLink(_ path: String, to target: String) throws(StoreError) {
        guard symlink(target, path) == 0 else { throw .disk(cannot: "make the link", path) }
    }

    /// The hidden file beside one that belongs to it.
    package static func hidden(_ path: String, _ purpose: String) -> String {
        let name = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        return "\(path[..<name]).\(path[name...]).\(purpose)"
    }

    /// Makes the names in the folder that holds `path` survive a loss of power.
    package static func syncFolder(of path: String) throws(StoreError) {
        try DiskFile(parent(path), O_RDONLY | O_DIRECTORY).sync()
    }

    package static func makeFolder(_ path: String) throws(StoreError) {
        guard !isFolder(path) else { return }
        if !exists(parent(path)) { try makeFolder(parent(path)) }
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw .disk(cannot: "make the folder", path) }
        try syncFolder(of: path)
    }

    package static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    package static func names(in folder: String) throws(StoreError) -> [String] {
        guard let stream = opendir(folder) else { throw .disk(cannot: "list", folder) }
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

    /// A new folder that no one else can enter, for what is needed while this program runs.
    package static func temporaryFolder(_ name: String) throws(StoreError) -> String {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var path = Array("\(parent)/\(name)-XXXXXX".utf8CString)
        guard mkdtemp(&path) != nil else { throw .disk(cannot: "make a folder in", parent) }
        return String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    package static func copy(_ path: String, to copy: String) throws(StoreError) {
        let (source, target) = (try DiskFile(path, O_RDONLY), try DiskFile(copy, O_RDWR | O_CREAT | O_TRUNC))
        var offset = 0
        while case let piece = try source.read(1 << 20, at: offset), !piece.isEmpty {
            try target.write(piece, at: offset)
            offset += piece.count
        }
    }

    package static func remove(_ path: String) { _ = unlink(path) }

    package static func removeFolder(_ path: String) throws(StoreError) {
        for name in try names(in: path) {
            let inner = "\(path)/\(name)"
            // A link to a folder is no folder: what it leads to stays.
            if linkTarget(inner) == nil, isFolder(inner) { try removeFolder(inner) } else { remove(inner) }
        }
        guard rmdir(path) == 0 else { throw .disk(cannot: "remove", path) }
    }
}

extension StoreError {
    /// What the system said last, in words.
    package static func disk(cannot verb: String, _ path: String) -> StoreError {
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
