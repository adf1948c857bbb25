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
        let connection = try SQLiteConnection(self, flags: SQLITE_OPEN_READWRITE | (isNew ? SQLITE_OPEN_CREATE : 0))
        do {
            try connection.run("SELECT count(*) FROM sqlite_schema")
            try connection.run("PRAGMA cache_size = -16384")
            try connection.run("PRAGMA secure_delete = FAST")
            return connection
        } catch  where error.code == .unauthorized && connection.isReadOnly && !hasLog {
            return try frozen()
        }
    }

    /// A file in write-ahead mode in a folder that may not be written: SQLite reads it only on the promise that
    /// nobody changes it, and without a log beside it nobody does so now.
    private func frozen() throws(StoreError) -> SQLiteConnection {
        let marks = [UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "%")]
        let bytes = path.utf8.flatMap { marks.contains($0) ? Array("%\(String($0, radix: 16))".utf8) : [$0] }
        let uri = "file:\(String(decoding: bytes, as: UTF8.self))?immutable=1"
        return try SQLiteConnection(self, uri: uri, flags: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI)
    }

    private var hasLog: Bool { access(path + "-wal", F_OK) == 0 }

    /// Nil where nothing is.
    private static func isFolder(_ path: String) -> Bool? {
        var facts = stat()
        return stat(path, &facts) == 0 ? facts.st_mode & S_IFMT == S_IFDIR : nil
    }
}
