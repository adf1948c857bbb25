import Glibc

/// Keeps a second migration away from a collection that one is writing; it is let go when the process dies.
package final class TargetLock: Sendable {
    private let descriptor: Int32

    /// Throws if another process writes there, and names what that is doing. Slices of one plan share a target.
    package init(_ target: Site, for work: String, isShared: Bool = false, in home: String) throws(JobError) {
        let folder = home + "/targets"
        for path in [home, folder] { try JobFolder.makeFolder(path) }
        let name = Checksum.hexadecimal(Array("\(target.endpoint)\n\(target.collection)".utf8), count: 24)
        let path = "\(folder)/\(name)"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("lock", path) }
        while flock(descriptor, (isShared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            guard errno == EWOULDBLOCK else { throw .system("lock", path) }
            throw JobError(
                "\(holder) is writing \(target) in another process",
                help: "wait for its end: `jobs` shows how far it is")
        }
        note(work)
    }

    deinit { close(descriptor) }

    /// Says what is being done now, for whoever comes second.
    package func note(_ work: String) {
        let text = Array((work + "\n").utf8)
        pwrite(descriptor, text, text.count, 0)
        ftruncate(descriptor, off_t(text.count))
    }

    private var holder: String {
        var text = [UInt8](repeating: 0, count: 200)
        let count = max(0, pread(descriptor, &text, text.count, 0))
        let words = String(decoding: text[..<count], as: UTF8.self).split(separator: "\n").first
        return words.map(String.init) ?? "another copy"
    }
}
