import Glibc
import JSON
import Model
import Synchronization

/// Records that the target refused, one JSON object a line with the reason, so that they can be mended and put.
final class RejectsFile: Sendable {
    private let descriptor: Int32
    private let path: String
    private let writer: RecordWriter
    private let lock = Mutex(())

    init(_ path: String, _ shape: Collection) throws(JobError) {
        self.path = path
        writer = RecordWriter(shape)
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("write", path) }
    }

    deinit { close(descriptor) }

    func add(_ batch: Batch, reason: String) throws(JobError) {
        var json = JSONWriter()
        for row in 0..<batch.count {
            writer.writeLine(batch, row: row, leading: [.init("reason", .string(reason))], to: &json)
        }
        let isWritten = lock.withLock { _ in
            json.bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == json.bytes.count
                && fsync(descriptor) == 0
        }
        guard isWritten else { throw .system("write", path) }
    }
}
