import Files
import Model

struct DiskSnapshots: SnapshotPlace {
    let folder: String

    func names() async throws(StoreError) -> [String] {
        let folder = folder
        return try await DiskThreads.run { () throws(StoreError) in
            try Disk.names(in: folder).filter {
                $0.first != "." && Disk.isFolder("\(folder)/\($0)") && Disk.linkTarget("\(folder)/\($0)") == nil
            }
        }
    }

    func manifest(of name: String) async throws(StoreError) -> [UInt8]? {
        try await DiskFolder("\(folder)/\(name)").read(Manifest.name)
    }

    /// From one moment to the next it is no snapshot any more; what a crash leaves of it is hidden, and goes with the next.
    func remove(_ name: String) async throws(StoreError) {
        let folder = folder
        try await DiskThreads.run { () throws(StoreError) in
            try Disk.move("\(folder)/\(name)", to: "\(folder)/.\(name)\(Self.ending)")
            try Disk.syncFolder(of: "\(folder)/\(name)")
            for left in try Disk.names(in: folder) where left.hasPrefix(".") && left.hasSuffix(Self.ending) {
                try Disk.removeFolder("\(folder)/\(left)")
            }
        }
    }

    private static let ending = ".removed"
}

struct BucketSnapshots: SnapshotPlace {
    let bucket: S3Bucket
    /// Empty, or with a slash at its end.
    let prefix: String

    func names() async throws(StoreError) -> [String] {
        var (names, next): ([String], String?) = ([], nil)
        repeat {
            let page = try await bucket.page(prefix, after: next, endingAtSlashes: true)
            names += page.prefixes.map { String($0.dropFirst(prefix.count).dropLast()) }
            next = page.next
        } while next != nil
        return names
    }

    func manifest(of name: String) async throws(StoreError) -> [UInt8]? {
        try await S3Folder(bucket, prefix: "\(prefix)\(name)/").read(Manifest.name)
    }

    /// Without its manifest it is no snapshot any more, whatever happens next.
    func remove(_ name: String) async throws(StoreError) {
        try await bucket.delete("\(prefix)\(name)/\(Manifest.name)")
        for object in try await bucket.objects("\(prefix)\(name)/") { try await bucket.delete(object.key) }
    }
}
