import Model

/// Where files lie under names: below a prefix of a bucket, or in a folder of a disk.
package protocol ObjectFolder: Sendable {
    /// How messages name it.
    var address: String { get }
    /// All that is in it, however deep.
    func files() async throws(StoreError) -> [StoredFile]
    /// The whole of a small file; nil if it is not there.
    func read(_ path: String) async throws(StoreError) -> [UInt8]?
    /// Brings a part of a file; throws a conflict if the file is not the one that was listed any more.
    func fetch(_ file: StoredFile, _ range: Range<Int>, into part: FilePart) async throws(StoreError)
}

/// A file as a list has it.
package struct StoredFile: Hashable, Sendable {
    /// From the folder on.
    package var path: String
    package var bytes: Int
    /// Another one whenever the content is another.
    package var tag: String
    /// Where whoever wrote it has noted that.
    package var sha256: String?

    package init(path: String, bytes: Int, tag: String, sha256: String? = nil) {
        (self.path, self.bytes, self.tag, self.sha256) = (path, bytes, tag, sha256)
    }
}

/// What lies below a prefix of a bucket, or one object of it.
package struct S3Folder: ObjectFolder {
    package let bucket: S3Bucket
    /// Empty, or with a slash at its end.
    package let prefix: String
    /// The one object that is meant.
    private let only: String?

    package init(_ bucket: S3Bucket, prefix: String) {
        self.bucket = bucket
        self.prefix = prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/"
        only = nil
    }

    package init(_ bucket: S3Bucket, object key: String) {
        self.bucket = bucket
        let slash = key.lastIndex(of: "/").map { key.index(after: $0) } ?? key.startIndex
        (prefix, only) = (String(key[..<slash]), String(key[slash...]))
    }

    package var address: String { "s3://\(bucket.name)/\(prefix)\(only ?? "")" }

    package func files() async throws(StoreError) -> [StoredFile] {
        if let only {
            guard let object = try await bucket.head(prefix + only) else {
                throw StoreError(.notFound, "there is no \(address)")
            }
            return [StoredFile(path: only, bytes: object.bytes, tag: object.tag, sha256: object.notes["sha256"])]
        }
        // An object that ends in a slash is how some programs show a folder.
        return try await bucket.objects(prefix).filter { !$0.key.hasSuffix("/") }.map {
            StoredFile(path: String($0.key.dropFirst(prefix.count)), bytes: $0.bytes, tag: $0.tag)
        }
    }

    package func read(_ path: String) async throws(StoreError) -> [UInt8]? {
        do throws(StoreError) { return try await bucket.get(prefix + path).1 } catch {
            guard error.code == .notFound, try await bucket.head(prefix + path) == nil else { throw error }
            return nil
        }
    }

    package func fetch(_ file: StoredFile, _ range: Range<Int>, into part: FilePart) async throws(StoreError) {
        guard !range.isEmpty else { return }
        try await bucket.get(prefix + file.path, range, tag: file.tag, into: part)
    }
}
