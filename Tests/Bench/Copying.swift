import CSQLite
import Glibc
import Model
import Stores

/// What the sqlite3 library alone reaches with the rows of an archive: one prepared statement in a loop, the same
/// pages, the same table, and a commit as durable as that of a copy at the end.
func insert(_ folder: String, into path: String) async throws {
    let archive = try ArchiveStore(at: folder, mayCreate: false)
    let reading = try await archive.read("bench", at: nil)
    var database: OpaquePointer?
    guard sqlite3_open(path, &database) == SQLITE_OK, let database else { throw problem(database) }
    defer { sqlite3_close(database) }
    let setup = """
        PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384;
        CREATE TABLE bench (id INTEGER PRIMARY KEY, page INTEGER, text TEXT, v BLOB); BEGIN
        """
    guard sqlite3_exec(database, setup, nil, nil, nil) == SQLITE_OK else { throw problem(database) }
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(database, "INSERT INTO bench VALUES (?, ?, ?, ?)", -1, &statement, nil) == SQLITE_OK else {
        throw problem(database)
    }
    defer { sqlite3_finalize(statement) }
    for try await page in FilteredPages(reading, nil, budget: Budget(records: 10_000)) {
        guard insert(page.batch, statement) else { throw problem(database) }
    }
    guard sqlite3_exec(database, "COMMIT", nil, nil, nil) == SQLITE_OK else {
        throw problem(database)
    }
}

private func insert(_ batch: Batch, _ statement: OpaquePointer?) -> Bool {
    guard case .integers(let pages) = batch.fields[0].values, case .bytes(let texts) = batch.fields[1].values,
        case .dense(let vectors) = batch.vectors[0].values
    else { return false }
    let stride = vectors.count / batch.count
    return vectors.withUnsafeBytes { vectors in
        texts.elements.withUnsafeBytes { bytes in
            batch.keys.indices.allSatisfy { row in
                guard case .integer(let key) = batch.keys[row] else { return false }
                let text = texts.range(of: row)
                let start = bytes.baseAddress?.advanced(by: text.lowerBound).assumingMemoryBound(to: CChar.self)
                sqlite3_bind_int64(statement, 1, key)
                sqlite3_bind_int64(statement, 2, pages[row])
                sqlite3_bind_text(statement, 3, start, Int32(text.count), nil)
                sqlite3_bind_blob(statement, 4, vectors.baseAddress?.advanced(by: row * stride), Int32(stride), nil)
                let isDone = sqlite3_step(statement) == SQLITE_DONE
                return sqlite3_reset(statement) == SQLITE_OK && isDone
            }
        }
    }
}

private func problem(_ database: OpaquePointer?) -> StoreError {
    StoreError(.unavailable, String(cString: sqlite3_errmsg(database)))
}
