import Glibc

/// The file behind ``History``: appended to by any number of shells, trimmed by one at a time.
struct HistoryFile: Sendable {
    struct Problem: Error { var message: String }

    let path: String

    init(_ path: String) { self.path = path }

    func append(_ entry: History.Entry) throws(Problem) {
        let file = try open(O_RDWR | O_APPEND | O_CREAT)
        defer { close(file) }
        // A line that a crash has torn must not swallow this one.
        try write((isTorn(file) ? "\n" : "") + entry.line, to: file)
    }

    /// The newest entries; the file is cut to them when it has grown well beyond.
    func read(keepingAtMost limit: Int) throws(Problem) -> [History.Entry] {
        guard access(path, F_OK) == 0 else { return [] }
        let file = try open(O_RDWR)
        defer { close(file) }
        let lines = try contents(of: file).split(separator: UInt8(ascii: "\n"))
        let entries = lines.suffix(limit).compactMap { History.Entry(line: Array($0)) }
        if lines.count > limit + limit / 10 { try replace(with: entries) }
        return entries
    }

    /// Opens the file with a lock on it; whoever waited for the lock may find that another file has taken its place.
    private func open(_ flags: Int32) throws(Problem) -> Int32 {
        while true {
            let file = Glibc.open(path, flags | O_CLOEXEC, 0o600)
            guard file >= 0, flock(file, LOCK_EX) == 0 else { throw problem("opened") }
            var own = stat()
            var current = stat()
            fstat(file, &own)
            if stat(path, &current) == 0, own.st_ino == current.st_ino, own.st_dev == current.st_dev {
                if own.st_mode & 0o077 != 0 { fchmod(file, 0o600) }
                return file
            }
            close(file)
        }
    }

    private func isTorn(_ file: Int32) -> Bool {
        let end = lseek(file, 0, SEEK_END)
        var last: UInt8 = 0
        return end > 0 && pread(file, &last, 1, end - 1) == 1 && last != UInt8(ascii: "\n")
    }

    private func contents(of file: Int32) throws(Problem) -> [UInt8] {
        var bytes: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(file, &room, room.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw problem("read") }
            if count == 0 { return bytes }
            bytes += room[..<count]
        }
    }

    /// Puts a new file in the place of the old one, so that a crash leaves one or the other.
    private func replace(with entries: [History.Entry]) throws(Problem) {
        let new = "\(path).\(getpid())"
        let file = Glibc.open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw problem("shortened") }
        defer { close(file) }
        do {
            try write(entries.map(\.line).joined(), to: file)
        } catch {
            unlink(new)
            throw error
        }
        guard fsync(file) == 0, rename(new, path) == 0 else { throw problem("shortened") }
    }

    private func write(_ text: String, to file: Int32) throws(Problem) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { throw problem("written") }
            bytes = bytes.dropFirst(max(0, count))
        }
    }

    private func problem(_ what: String) -> Problem {
        Problem(message: "the history '\(path)' cannot be \(what): \(String(cString: strerror(errno)))")
    }
}
