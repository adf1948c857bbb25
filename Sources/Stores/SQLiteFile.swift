import CSQLite
import Glibc
import Model

/// Where a database is, or will be, and how it is opened.
struct SQLiteFile: Sendable {
    var path: String
    var mayCreate = true
    /// In milliseconds.
    var timeout: Int32 = 5000

    /// Whether the file is there; throws if it is no file, or if it can never be there.
    func isPresent() throws(StoreError) -> Bool {
        if let isFolder = SQLiteFile.isFolder(path) {
            guard !isFolder else {
                throw StoreError(
                    .rejected, "\(path) is a folder, not a database",
                    help: "name a file in it: sqlite://\(path)/vectors.db")
            }
            return true
        }
        try checkFolder()
        guard mayCreate else {
            throw StoreError(.notFound, "there is no file \(path)", help: "connect with create=yes to make it")
        }
        return false
    }

    private func checkFolder() throws(StoreError) {
        let folder = path.lastIndex(of: "/").map { path[..<$0].isEmpty ? "/" : String(path[..<$0]) } ?? "."
        if let isFolder = SQLiteFile.isFolder(folder) {
            guard isFolder else { throw StoreError(.rejected, "\(folder) is a file, not a folder") }
            return
        }
        throw StoreError(.notFound, "there is no folder \(folder)", help: "make it first: mkdir -p '\(folder)'")
    }

    /// Opens the file; `isNew` makes it if it is not there.
    func connect(isNew: Bool = false) throws(StoreError) -> SQLiteConnection {
        try checkLength()
        let connection = try SQLiteConnection(self, flags: SQLITE_OPEN_READWRITE | (isNew ? SQLITE_OPEN_CREATE : 0))
        do {
            try connection.run("SELECT count(*) FROM sqlite_schema")
            connection.limitCache()
            try connection.run("PRAGMA secure_delete = FAST")
            return connection
        } catch  where error.code == .unauthorized && connection.isReadOnly && !hasLog {
            return try frozen()
        }
    }

    /// Opens a file that is not to change in any way: nothing is made beside it, and what is unfinished is not undone.
    func connectForReading() throws(StoreError) -> SQLiteConnection {
        try checkLength()
        return try SQLiteConnection(self, flags: SQLITE_OPEN_READONLY)
    }

    /// A file in write-ahead mode in a folder that may not be written: SQLite reads it only on the promise that
    /// nobody changes it, and without a log beside it nobody does so now.
    func frozen() throws(StoreError) -> SQLiteConnection {
        let marks = [UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "%")]
        let bytes = path.utf8.flatMap { marks.contains($0) ? Array("%\(String($0, radix: 16))".utf8) : [$0] }
        let uri = "file:\(String(decoding: bytes, as: UTF8.self))?immutable=1"
        return try SQLiteConnection(self, uri: uri, flags: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI)
    }

    /// Throws for a file that is shorter than it says of itself: SQLite would read what is missing as zeros.
    ///
    /// With a log beside it the file may lag behind, and SQLite itself sees to it.
    private func checkLength() throws(StoreError) {
        var facts = stat()
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0, !hasLog else { return }
        defer { close(descriptor) }
        var header = [UInt8](repeating: 0, count: 100)
        guard fstat(descriptor, &facts) == 0, pread(descriptor, &header, 100, 0) == 100 else { return }
        let size = Int(header[16]) << 8 | Int(header[17])
        let page = size == 1 ? 65_536 : size
        let pages = header[28..<32].reduce(0) { $0 << 8 | Int($1) }
        guard page > 0, pages > 0, Int(facts.st_size) < page * pages else { return }
        throw StoreError(
            .malformed, "\(path) is cut short: it has \(facts.st_size) bytes of \(page * pages)",
            help: "bring the file back from a backup")
    }

    private var hasLog: Bool { access(path + "-wal", F_OK) == 0 }

    /// Nil where nothing is.
    private static func isFolder(_ path: String) -> Bool? {
        var facts = stat()
        return stat(path, &facts) == 0 ? facts.st_mode & S_IFMT == S_IFDIR : nil
    }
}
