import Model

/// The places for leases that are no database.
package enum LeasePlace {
    package static let schemes = ["file", "s3", "dynamodb"]

    /// Nil if the scheme is none of these.
    package static func open(
        _ endpoint: Endpoint, _ environment: [String: String]
    ) async throws(StoreError) -> (any Leasing)? {
        switch endpoint.scheme {
        case "file": return CellLease(cell: FileLeaseCell(path: endpoint.path))
        case "s3":
            let (bucket, key) = try await S3Bucket.object(endpoint, environment)
            return CellLease(cell: S3LeaseCell(bucket: bucket, key: key))
        case "dynamodb":
            let settings = try await AWSSettings(
                service: "DYNAMODB", profile: endpoint.parameter("profile"), environment)
            let key = String(endpoint.path.dropFirst())
            guard !endpoint.host.isEmpty, !key.isEmpty else {
                throw StoreError(.rejected, "a table and a key are needed", help: "write dynamodb://TABLE/KEY")
            }
            let line = AWSLine(service: "dynamodb", settings)
            return CellLease(cell: try await DynamoDBLeaseCell(line, table: endpoint.host, key: key))
        default: return nil
        }
    }
}

extension S3Bucket {
    /// The bucket and the key that a URI means.
    static func object(
        _ endpoint: Endpoint, _ environment: [String: String]
    ) async throws(StoreError) -> (S3Bucket, String) {
        let key = String(endpoint.path.dropFirst())
        guard !endpoint.host.isEmpty, !key.isEmpty else {
            throw StoreError(.rejected, "a bucket and a key are needed", help: "write s3://BUCKET/KEY")
        }
        let settings = try await AWSSettings(service: "S3", profile: endpoint.parameter("profile"), environment)
        return (S3Bucket(endpoint.host, settings), key)
    }
}
