import Files
import Glibc
import Model

/// A lease that is a file, so it works between machines that share a folder.
///
/// Whoever changes the file holds a lock on the hidden one beside it for that moment.
struct FileLeaseCell: LeaseCell {
    let path: String

    func read() async throws(StoreError) -> (record: LeaseRecord, tag: String?) {
        try await DiskThreads.run { () throws(StoreError) in try content() }
    }

    func write(_ record: LeaseRecord, replacing tag: String?) async throws(StoreError) -> Bool {
        try await DiskThreads.run { () throws(StoreError) in
            let latch = try DiskFile(Disk.hidden(path, "latch"), O_RDWR | O_CREAT)
            guard latch.lock(patience: 5) else {
                throw StoreError(
                    .unavailable, "another program is changing \(path), and does not finish",
                    help: "look for it with fuser")
            }
            guard try content().tag == tag else { return false }
            try Disk.replace(path, with: Array(record.text.utf8))
            return true
        }
    }

    func close() {}

    private func content() throws(StoreError) -> (record: LeaseRecord, tag: String?) {
        guard Disk.exists(path) else { return (LeaseRecord(), nil) }
        let bytes = try Disk.contents(path)
        guard let record = LeaseRecord(bytes) else { throw .noLease(path) }
        return (record, String(decoding: bytes, as: UTF8.self))
    }
}
