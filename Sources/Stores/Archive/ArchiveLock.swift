import Glibc
import Model

/// The right to change an archive, which one program has at a time; it ends with its holder.
final class ArchiveLock {
    private let file: ArchiveFile

    init(_ root: String) throws(StoreError) {
        file = try ArchiveFile("\(root)/.lock", O_RDWR | O_CREAT)
        guard file.lock() else {
            let holder = String(decoding: (try? file.read(20, at: 0)) ?? [], as: UTF8.self)
            throw StoreError(
                .unavailable, "another program (process \(holder)) is writing to the archive \(root)",
                help: "wait until it has finished; reading is possible meanwhile")
        }
        try file.cut(to: 0)
        try file.write(Array("\(getpid())".utf8), at: 0)
    }
}
