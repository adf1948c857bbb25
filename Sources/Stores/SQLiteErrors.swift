import CSQLite
import Glibc
import Model

extension SQLiteFile {
    /// What a result code means here, for the person at the prompt.
    func failure(_ code: Int32, _ handle: OpaquePointer?) -> StoreError {
        let words = handle.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
        switch code & 0xFF {
        case SQLITE_BUSY, SQLITE_LOCKED: return busy
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH, SQLITE_CANTOPEN: return closed(words)
        case SQLITE_NOTADB:
            return StoreError(
                .malformed, "\(path) is no SQLite database, or an encrypted one",
                help: "check the path; `file '\(path)'` says what it is")
        case SQLITE_CORRUPT:
            return StoreError(
                .malformed, "the database \(path) is damaged or cut short: \(words)",
                help: "restore it from a backup; `sqlite3 '\(path)' .recover` saves what can be read")
        case SQLITE_FULL:
            return StoreError(.full, "no room to write to \(path): \(words)", help: "free some space on its disk")
        case SQLITE_TOOBIG:
            return StoreError(.tooLarge, "a value is larger than SQLite holds, 1,000,000,000 bytes, in \(path)")
        case SQLITE_INTERRUPT: return StoreError(.cancelled, "stopped in \(path)")
        case SQLITE_IOERR, SQLITE_NOMEM, SQLITE_PROTOCOL:
            return StoreError(.unavailable, "\(path) cannot be read or written: \(words)", help: "check its disk")
        default: return StoreError(.rejected, "SQLite refuses, in \(path): \(words)")
        }
    }

    private var busy: StoreError {
        StoreError(
            .unavailable, "\(path) is locked by another program, after a wait of \(timeout) ms",
            help: "end what is writing there, or connect with a larger busy_timeout")
    }

    private func closed(_ words: String) -> StoreError {
        let isReadable = access(path, R_OK) == 0
        let verb = isReadable ? "written" : "opened"
        return StoreError(
            .unauthorized, "\(path) may not be \(verb): \(words)",
            help: "check the permissions of the file and of its folder, where SQLite keeps two more while it works")
    }
}
