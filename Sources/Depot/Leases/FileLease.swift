import Files
import Glibc
import Model

/// A lease that is a file: its text says who holds it, and until when, so it works between machines that share a folder.
///
/// Whoever changes the file holds a lock on the hidden one beside it for that moment.
package struct FileLease: Leasing {
    private let path: String

    package init(_ path: String) { self.path = path }

    package func take(_ lease: Lease) async throws(StoreError) -> Lease {
        try await guarded { last throws(StoreError) in
            if let other = last.lease, !other.isOver(at: Timestamp.now) { return (other, nil) }
            let record = last.taken(by: lease)
            return (record.lease ?? lease, record)
        }
    }

    package func extend(_ lease: Lease) async throws(StoreError) -> Bool {
        try await guarded { last throws(StoreError) in
            guard last.lease?.id == lease.id else { return (false, nil) }
            return (true, LeaseRecord(lease: lease, fence: last.fence))
        }
    }

    package func release(_ lease: Lease) async throws(StoreError) {
        try await guarded { last throws(StoreError) in
            ((), last.lease?.id == lease.id ? LeaseRecord(fence: last.fence) : nil)
        }
    }

    /// Changes the file to what `change` answers, while nobody else does.
    private func guarded<Answer: Sendable>(
        _ change: @escaping @Sendable (LeaseRecord) throws(StoreError) -> (Answer, LeaseRecord?)
    ) async throws(StoreError) -> Answer {
        let path = path
        return try await DiskThreads.run { () throws(StoreError) in
            let latch = try DiskFile(Disk.hidden(path, "latch"), O_RDWR | O_CREAT)
            guard latch.lock(patience: 5) else { throw Self.stuck(path) }
            let (answer, record) = try change(try Self.record(at: path))
            if let record { try Disk.replace(path, with: Array(record.text.utf8)) }
            return answer
        }
    }

    private static func record(at path: String) throws(StoreError) -> LeaseRecord {
        guard Disk.exists(path) else { return LeaseRecord() }
        let bytes = try Disk.contents(path)
        guard let record = LeaseRecord(bytes) else {
            throw StoreError(
                .malformed, "\(path) is no lease", help: "name another file, or remove this one if nobody needs it")
        }
        return record
    }

    private static func stuck(_ path: String) -> StoreError {
        StoreError(
            .unavailable, "another program is changing \(path), and does not finish", help: "look for it with fuser")
    }
}
