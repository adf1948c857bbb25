import Glibc

/// A file that is there when it is complete: until then an old one stays, and after a failure too.
struct FileSink: Sink {
    private let path: String
    /// Where the bytes go until they are complete; nil for what is no regular file, such as `/dev/null`.
    private let temporary: String?
    private var file: DescriptorSink

    var descriptor: Int32 { file.descriptor }

    init(_ path: String) throws(OutputError) {
        let target = FileSink.resolved(path)
        var found = stat()
        let exists = stat(target, &found) == 0
        let kind = found.st_mode & S_IFMT
        self.path = target
        guard !exists || kind != S_IFDIR else { throw .system("write", path, EISDIR, help: "name a file in it") }
        let isDevice = exists && kind != S_IFREG
        temporary = isDevice ? nil : FileSink.temporaryName(for: target)
        let flags = isDevice ? O_WRONLY | O_APPEND : O_WRONLY | O_CREAT | O_EXCL
        let descriptor = open(temporary ?? target, flags | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw .system(
                "write", path, errno, help: errno == ENOENT ? "make its folder first, or name another" : nil)
        }
        if !isDevice, exists { fchmod(descriptor, found.st_mode & 0o7777) }
        file = DescriptorSink(descriptor, name: path, whenClosed: isDevice ? .readerLeft : nil)
    }

    mutating func write(_ bytes: [UInt8]) throws(OutputError) { try file.write(bytes) }

    mutating func finish() throws(OutputError) {
        do throws(OutputError) {
            try file.finish()
            // Some file systems tell only now that the disk is full.
            if temporary != nil, fsync(descriptor) != 0 { throw OutputError.system("write to", file.name, errno) }
        } catch {
            abandon()
            throw error
        }
        let code = close(descriptor) == 0 ? 0 : errno
        guard let temporary else { return }
        if code == 0, rename(temporary, path) == 0 { return }
        let reason = code == 0 ? errno : code
        unlink(temporary)
        throw .system("write", file.name, reason)
    }

    mutating func abandon() {
        if temporary == nil { file.abandon() }
        close(descriptor)
        if let temporary { unlink(temporary) }
    }

    /// The file itself where `path` is a link to it, so that the link stays one.
    private static func resolved(_ path: String) -> String {
        guard let found = realpath(path, nil) else { return path }
        defer { free(found) }
        return String(cString: found)
    }

    /// In the same folder: a file can be renamed only within its file system.
    private static func temporaryName(for path: String) -> String {
        let cut = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let mark = String(UInt32.random(in: .min ... .max), radix: 36)
        return "\(path[..<cut]).\(path[cut...].prefix(100)).\(getpid())-\(mark)"
    }
}
