import CSQLite
import Files
import Glibc
import Model

/// The database of a folder at one moment, opened so that nothing in the folder changes.
final class ChromaDirectoryFiles: Sendable {
    let place: ChromaDirectoryPlace
    /// Differs whenever something was written to the database.
    let stamp: String
    private let hand: ChromaDirectoryHand
    private let chain: Int
    private let way: Way

    private enum Way: Sendable {
        /// SQLite's own locks keep a program that writes away while a statement runs.
        case locked
        /// There are no locks: what is beside the file would be made or changed by taking them.
        case frozen
        /// What an unfinished write has left must be applied or undone first: in a copy, in a folder of its own.
        case copied(String)
    }

    init(_ place: ChromaDirectoryPlace) throws(StoreError) {
        self.place = place
        try place.check()
        hand = .of(place)
        (chain, stamp) = try hand.look(place)
        way = try Self.way(place, stamp)
    }

    deinit { if case .copied(let folder) = way { try? Disk.removeFolder(folder) } }

    private static func way(_ place: ChromaDirectoryPlace, _ stamp: String) throws(StoreError) -> Way {
        let header = try DiskFile(place.path, O_RDONLY).read(100, at: 0)
        let isLogged = header.count == 100 && (header[18] == 2 || header[19] == 2)
        let log = try place.size("-wal")
        if let log, log > 0 { return try copied(place, stamp) }
        if isLogged || log != nil { return .frozen }
        do {
            try place.file.connectForReading().prepareForReading()
            return .locked
        } catch {
            guard let journal = try place.size("-journal"), journal > 0, error.code == .unauthorized else {
                throw error
            }
            return try copied(place, stamp)
        }
    }

    private static func copied(_ place: ChromaDirectoryPlace, _ stamp: String) throws(StoreError) -> Way {
        let folder = try Disk.temporaryFolder("vecsh-chroma")
        do throws(StoreError) {
            for end in ["", "-wal", "-journal"] where try place.size(end) != nil {
                try Disk.copy(place.path + end, to: "\(folder)/\(ChromaDirectoryPlace.databaseFile)\(end)")
            }
            guard try place.stamp() == stamp else { throw place.isWritten }
            let file = SQLiteFile(path: "\(folder)/\(ChromaDirectoryPlace.databaseFile)", mayCreate: false)
            try SQLiteConnection(file, flags: SQLITE_OPEN_READWRITE).prepareForReading()
            guard try DiskFile(file.path, O_RDONLY).size() > 0 else {
                throw StoreError.chroma(
                    broken: place.path, "is empty once what its journal has kept is undone: nothing was ever finished")
            }
        } catch {
            try? Disk.removeFolder(folder)
            throw error
        }
        return .copied(folder)
    }

    func connect() throws(StoreError) -> SQLiteConnection {
        let connection: SQLiteConnection
        switch way {
        case .locked: connection = try place.file.connectForReading()
        case .frozen: connection = try place.file.frozen()
        case .copied(let folder):
            let file = SQLiteFile(path: "\(folder)/\(ChromaDirectoryPlace.databaseFile)", mayCreate: false)
            connection = try SQLiteConnection(file, flags: SQLITE_OPEN_READWRITE)
        }
        try connection.prepareForReading()
        return connection
    }

    /// Throws if another program has written since this was opened: then nothing that is known of it holds.
    func checkUnchanged() throws(StoreError) {
        guard try hand.isUnchanged(place, since: chain) else { throw place.isWritten }
    }
}

extension SQLiteConnection {
    /// Looks whether this is a database at all.
    fileprivate func prepareForReading() throws(StoreError) {
        try run("PRAGMA cache_size = -4096")
        try run("PRAGMA temp_store = MEMORY")
        // Folders come from anywhere: what is written in a schema is not to be run, and damaged pages are to be seen.
        try run("PRAGMA trusted_schema = OFF")
        try run("PRAGMA cell_size_check = ON")
        try run("SELECT count(*) FROM sqlite_schema")
        try run("PRAGMA query_only = ON")
    }
}

extension ChromaDirectoryPlace {
    var file: SQLiteFile { SQLiteFile(path: path, mayCreate: false, timeout: timeout) }

    var isWritten: StoreError {
        StoreError(
            .expired, "\(root) was written to while it was being read",
            help: "wait until Chroma has finished, or stop it, then say the same again")
    }

    /// The size of a file beside the database; nil where there is none.
    func size(_ end: String) throws(StoreError) -> Int? {
        guard Disk.exists(path + end) else { return nil }
        return try DiskFile(path + end, O_RDONLY).size()
    }

    /// The database's own count of changes is in it, as clocks are coarse.
    func stamp() throws(StoreError) -> String {
        let file = try DiskFile(path, O_RDONLY)
        var stamp = try file.stamp()
        for byte in try file.read(4, at: 24) { stamp += ".\(byte)" }
        for end in ["-wal", "-journal"] where Disk.exists(path + end) {
            stamp += try " " + DiskFile(path + end, O_RDONLY).stamp()
        }
        return stamp
    }

    // MARK: What may be there instead

    /// Throws unless a database of Chroma's is there.
    func check() throws(StoreError) {
        guard Disk.exists(root) else { throw StoreError(.notFound, "there is no folder \(root)", help: making) }
        guard Disk.isFolder(root) else {
            throw StoreError(.rejected, "\(root) is a file", help: "name the folder that it lies in")
        }
        guard Disk.exists(path) else { throw try nothing() }
        let file = try DiskFile(path, O_RDONLY)
        guard try file.size() > 0 else {
            throw .chroma(broken: path, "is empty", help: "bring it back from a backup, or from where it was copied")
        }
        if let pointer = try file.pointer() { throw .chroma(broken: path, pointer, help: "run `git lfs pull` there") }
    }

    private var making: String {
        "name the folder that Chroma was told to keep its data in; the Chroma that is to use a new one makes it: "
            + "python3 -c 'import chromadb; chromadb.PersistentClient(\"\(root)\")'"
    }

    private func nothing() throws(StoreError) -> StoreError {
        let names = try Disk.names(in: root)
        if names.contains(where: { $0.hasPrefix("chroma-") && $0.hasSuffix(".parquet") }) {
            return StoreError(
                .unsupported, "\(root) was written by Chroma 0.3, which kept its records in Parquet files",
                help: "bring it to 0.4 by Chroma's own `chroma-migrate`, then open the new folder")
        }
        let inner = names.sorted().filter { Disk.exists("\(root)/\($0)/\(Self.databaseFile)") }
        return StoreError(
            .notFound, "\(root) holds no \(Self.databaseFile)",
            help: inner.isEmpty
                ? making
                : "there is one in \(inner.map { "\(root)/\($0)" }.joined(separator: ", "))")
    }
}

extension DiskFile {
    /// What is wrong if this is what Git LFS leaves in a file's place.
    func pointer() throws(StoreError) -> String? {
        let start = try read(24, at: 0)
        return start.starts(with: "version https://git-lfs".utf8)
            ? "is a Git LFS pointer, and not the file itself" : nil
    }
}
