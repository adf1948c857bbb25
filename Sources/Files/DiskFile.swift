import CFiles
import Dispatch
import Glibc
import Model

/// An open file, closed when no one holds it any more.
package final class DiskFile: Sendable {
    package let path: String
    private let descriptor: Int32

    package init(_ path: String, _ flags: Int32) throws(StoreError) {
        self.path = path
        descriptor = open(path, flags | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .disk(cannot: "open", path) }
    }

    deinit { close(descriptor) }

    package func size() throws(StoreError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .disk(cannot: "read", path) }
        return Int(status.st_size)
    }

    /// Differs whenever the file has been written to, or another file is this one's.
    package func stamp() throws(StoreError) -> String {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .disk(cannot: "read", path) }
        let time = status.st_mtim
        return "\(status.st_dev):\(status.st_ino):\(status.st_size):\(time.tv_sec).\(time.tv_nsec)"
    }

    /// Tells this file from every other one, by whatever names they go.
    package func number() throws(StoreError) -> String {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .disk(cannot: "read", path) }
        return "\(status.st_dev):\(status.st_ino)"
    }

    /// At most so many bytes from an offset; fewer where the file ends.
    package func read(_ count: Int, at offset: Int) throws(StoreError) -> [UInt8] {
        var failure: StoreError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(StoreError) { filled = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset) } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Fills the buffer from an offset on; answers how many bytes there were.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(StoreError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let got = pread(descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled, offset + filled)
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw .disk(cannot: "read", path) }
            guard got > 0 else { break }
            filled += got
        }
        return filled
    }

    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(StoreError) {
        var done = 0
        while done < bytes.count {
            let put = pwrite(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, offset + done)
            if put < 0, errno == EINTR { continue }
            guard put > 0 else { throw .disk(cannot: "write", path) }
            done += put
        }
    }

    package func write(_ bytes: [UInt8], at offset: Int) throws(StoreError) {
        try bytes.withUnsafeBufferPointer { buffer throws(StoreError) in
            try write(UnsafeRawBufferPointer(buffer), at: offset)
        }
    }

    package func cut(to size: Int) throws(StoreError) {
        guard ftruncate(descriptor, size) == 0 else { throw .disk(cannot: "cut", path) }
    }

    /// On return what was written survives a loss of power.
    package func sync() throws(StoreError) {
        guard fdatasync(descriptor) == 0 else { throw .disk(cannot: "write", path) }
    }

    /// Has the system bring to the disk what was written, while others go on: ``sync()`` waits for less then.
    package func beginSync() {
        Self.writing.async { [self] in files_begin_writing(descriptor) }
    }

    private static let writing = DispatchQueue(label: "writing to the disk")

    /// Whether no one else held the lock.
    package func lock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

    /// Whether no one else holds the lock after so many seconds.
    package func lock(patience seconds: Int) -> Bool {
        for _ in 0..<seconds * 50 {
            if lock() { return true }
            usleep(20_000)
        }
        return lock()
    }

    package func map(_ length: Int) throws(StoreError) -> UnsafeRawPointer {
        guard let start = mmap(nil, length, PROT_READ, MAP_SHARED, descriptor, 0), start != MAP_FAILED else {
            throw .disk(cannot: "map", path)
        }
        return UnsafeRawPointer(start)
    }

    /// Tells the system whether the file will be needed soon.
    package func advise(isNeeded: Bool) {
        _ = posix_fadvise(descriptor, 0, 0, isNeeded ? POSIX_FADV_WILLNEED : POSIX_FADV_DONTNEED)
    }
}
