import Files
import Glibc
import Model

/// A folder of a disk, or one file.
package struct DiskFolder: ObjectFolder {
    private let folder: String
    private let only: String?

    package init(_ folder: String) { (self.folder, only) = (folder, nil) }

    package init(file path: String) {
        let slash = path.lastIndex(of: "/")
        folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        only = String(path[(slash.map { path.index(after: $0) } ?? path.startIndex)...])
    }

    package var address: String { only.map { "\(folder)/\($0)" } ?? folder }

    package func path(of file: StoredFile) -> String { "\(folder)/\(file.path)" }

    package func files() async throws(StoreError) -> [StoredFile] {
        let (folder, only) = (folder, only)
        return try await DiskThreads.run { () throws(StoreError) in
            if let only { return [try DiskFolder.file(only, folder)] }
            return try DiskFolder.files("", folder)
        }
    }

    private static func files(_ inner: String, _ folder: String) throws(StoreError) -> [StoredFile] {
        var found: [StoredFile] = []
        for name in try Disk.names(in: inner.isEmpty ? folder : "\(folder)/\(inner)").sorted() {
            let path = inner.isEmpty ? name : "\(inner)/\(name)"
            if try kind("\(folder)/\(path)") == S_IFDIR {
                found += try files(path, folder)
            } else {
                found.append(try file(path, folder))
            }
        }
        return found
    }

    private static func kind(_ path: String) throws(StoreError) -> mode_t {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw .disk(cannot: "read", path) }
        return status.st_mode & S_IFMT
    }

    private static func file(_ path: String, _ folder: String) throws(StoreError) -> StoredFile {
        let whole = "\(folder)/\(path)"
        guard try kind(whole) == S_IFREG else {
            throw StoreError(.unsupported, "\(whole) is a link or a device, and no file", help: "move it elsewhere")
        }
        let file = try DiskFile(whole, O_RDONLY)
        return StoredFile(path: path, bytes: try file.size(), tag: try file.stamp())
    }

    package func read(_ path: String) async throws(StoreError) -> [UInt8]? {
        let whole = "\(folder)/\(path)"
        return try await DiskThreads.run { () throws(StoreError) in
            Disk.exists(whole) ? try Disk.contents(whole) : nil
        }
    }

    package func fetch(_ file: StoredFile, _ range: Range<Int>, into part: FilePart) async throws(StoreError) {
        let whole = path(of: file)
        try await DiskThreads.run { () throws(StoreError) in
            let source = try DiskFile(whole, O_RDONLY)
            part.begin()
            for start in stride(from: range.lowerBound, to: range.upperBound, by: 1 << 20) {
                let bytes = try source.read(min(1 << 20, range.upperBound - start), at: start)
                guard bytes.withUnsafeBytes({ part.take(status: 206, $0) }) else { break }
            }
            if let failure = part.failure { throw failure }
            guard try source.stamp() == file.tag else {
                throw StoreError(.conflict, "\(whole) has changed while it was read")
            }
        }
    }
}
