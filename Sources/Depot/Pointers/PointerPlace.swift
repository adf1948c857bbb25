import Model

/// The places for pointers.
package enum PointerPlace {
    package static let schemes = ["file", "s3"]

    /// `kind` is what a file is made as that is not there yet. Nil if the scheme is none of these.
    package static func open(
        _ endpoint: Endpoint, kind: FilePointer.Kind?, _ environment: [String: String]
    ) async throws(StoreError) -> (any Pointing)? {
        switch endpoint.scheme {
        case "file" where !endpoint.path.isEmpty: return FilePointer(endpoint.path, as: kind ?? .file)
        case "s3":
            let (bucket, key) = try await S3Bucket.object(endpoint, environment)
            return S3Pointer(bucket: bucket, key: key)
        default: return nil
        }
    }
}
