import Files
import Glibc
import JSON
import Model

/// What a download or an upload has done, a line each, so that the next run need not do it again.
///
/// It need not survive a loss of power: whatever it says is compared with checksums in the end.
final class TransferJournal: Sendable {
    /// What stood there when it was opened.
    let events: [JSONValue]
    private let file: DiskFile

    init(_ path: String) throws(StoreError) {
        file = try DiskFile(path, O_RDWR | O_CREAT | O_APPEND)
        let bytes = try file.read(file.size(), at: 0)
        let end = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        // Half a line is what a crash leaves.
        if end < bytes.count { try file.cut(to: end) }
        events = bytes[..<end].split(separator: UInt8(ascii: "\n")).compactMap { try? JSONValue(Array($0)) }
    }

    /// One writes at a time: the actor that holds it.
    func append(_ event: JSONValue) throws(StoreError) {
        // The file grows at its end, whatever the offset is.
        try file.write(Array((event.text + "\n").utf8), at: 0)
    }
}
