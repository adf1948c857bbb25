import Glibc
import Model

/// The right to change what lies in a folder, which one program has at a time; it ends with its holder.
package final class DiskLock {
    private let file: DiskFile

    /// `what` is for the message: `the archive /data/export`.
    package init(_ path: String, on what: String) throws(StoreError) {
        file = try DiskFile(path, O_RDWR | O_CREAT)
        guard file.lock() else {
            let holder = String(decoding: (try? file.read(20, at: 0)) ?? [], as: UTF8.self)
            throw StoreError(
                .unavailable, "another program (process \(holder)) is writing to \(what)",
                help: "wait until it has finished; reading is possible meanwhile")
        }
        try file.cut(to: 0)
        try file.write(Array("\(getpid())".utf8), at: 0)
    }
}
