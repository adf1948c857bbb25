import Glibc
import JSON
import Model

/// A job's events on disk: one line each, with a checksum before it, never rewritten.
///
/// When ``append(_:)`` returns, the event survives a crash. It is text, so `cat` shows it.
package actor Journal {
    private let descriptor: Int32
    private let path: String
    private var length: off_t
    package private(set) var state: JobState
    private nonisolated let executor: BlockingQueue

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Opens or begins a journal; lines behind the first damaged one, as a crash leaves them, are cut off.
    package init(path: String) throws(JobError) {
        self.path = path
        executor = BlockingQueue("journal")
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("open", path) }
        let (state, length) = try Journal.replay(descriptor, path)
        self.state = state
        self.length = off_t(length)
        guard ftruncate(descriptor, self.length) == 0, fsync(descriptor) == 0 else { throw .system("write", path) }
        try Journal.syncFolder(of: path)
    }

    deinit { close(descriptor) }

    /// The state that a journal holds, without opening it for writing.
    package static func state(at path: String) throws(JobError) -> JobState {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open", path) }
        defer { close(descriptor) }
        return try replay(descriptor, path).0
    }

    package func append(_ event: Event) throws(JobError) { try append([event]) }

    /// Records events in one go.
    package func append(_ events: [Event]) throws(JobError) {
        let bytes = events.flatMap { Journal.line($0) }
        guard pwriteAll(bytes), fdatasync(descriptor) == 0 else {
            let error = JobError.system("write", path)
            // What a failed call left must not be glued to the next line.
            ftruncate(descriptor, length)
            throw error
        }
        length += off_t(bytes.count)
        for event in events { state.apply(event) }
    }

    private func pwriteAll(_ bytes: [UInt8]) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress, $0.count, length + off_t(done))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    private static func line(_ event: Event) -> [UInt8] {
        let text = Array(event.json.text.utf8)
        return Array(Checksum.hexadecimal(text, count: 8).utf8) + [UInt8(ascii: " ")] + text + [UInt8(ascii: "\n")]
    }

    /// The events of all whole lines, and how many bytes those are.
    private static func replay(_ descriptor: Int32, _ path: String) throws(JobError) -> (JobState, Int) {
        var state = JobState()
        var length = 0
        let bytes = try read(descriptor, path)
        while let end = bytes[length...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = bytes[length..<end]
            guard line.count > 9, isWhole(line) else { break }
            guard let event = (try? JSONValue(Array(line.dropFirst(9)))).flatMap(Event.init(json:)) else {
                throw JobError("\(path) holds an event that this version does not know", help: "use the newer version")
            }
            state.apply(event)
            length = end + 1
        }
        return (state, length)
    }

    private static func isWhole(_ line: ArraySlice<UInt8>) -> Bool {
        let sum = Checksum.hexadecimal(Array(line.dropFirst(9)), count: 8) + " "
        return line.prefix(9).elementsEqual(sum.utf8)
    }

    private static func read(_ descriptor: Int32, _ path: String) throws(JobError) -> [UInt8] {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw .system("read", path) }
        var bytes = [UInt8](repeating: 0, count: Int(facts.st_size))
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress, $0.count, off_t(done))
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .system("read", path) }
            if count == 0 { return Array(bytes[..<done]) }
            done += count
        }
        return bytes
    }

    /// A new file survives a crash only once its folder has been synced too.
    private static func syncFolder(of path: String) throws(JobError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("write", folder) }
    }
}

extension JobError {
    /// A system call about a file has failed.
    static func system(_ doing: String, _ path: String) -> JobError {
        JobError("cannot \(doing) \(path): \(String(cString: strerror(errno)))")
    }
}
