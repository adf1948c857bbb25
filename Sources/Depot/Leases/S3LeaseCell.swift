import Model

/// A lease that is an object, changed under the condition that it still has the tag that was read.
struct S3LeaseCell: LeaseCell {
    let bucket: S3Bucket
    let key: String

    func read() async throws(StoreError) -> (record: LeaseRecord, tag: String?) {
        guard let (object, bytes) = try await bucket.getIfThere(key) else { return (LeaseRecord(), nil) }
        guard let record = LeaseRecord(bytes) else { throw .noLease("s3://\(bucket.name)/\(key)") }
        return (record, object.tag)
    }

    func write(_ record: LeaseRecord, replacing tag: String?) async throws(StoreError) -> Bool {
        let condition = tag.map { S3Condition.matches($0) } ?? .absent
        return try await bucket.putIf(key, Array(record.text.utf8), condition, type: "application/json")
    }

    func close() { bucket.close() }
}

extension S3Bucket {
    /// A small object; nil if there is none.
    func getIfThere(_ key: String) async throws(StoreError) -> (S3Object, [UInt8])? {
        do throws(StoreError) { return try await get(key) } catch {
            // Whether the bucket is missing, too, the first writing will say.
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    /// Whether the condition held, and the object is there now.
    func putIf(
        _ key: String, _ bytes: [UInt8], _ condition: S3Condition, notes: [String: String] = [:], type: String? = nil
    ) async throws(StoreError) -> Bool {
        do throws(StoreError) {
            try await put(key, bytes, if: condition, notes: notes, type: type)
            return true
        } catch {
            guard error.code == .conflict else { throw error }
            return false
        }
    }
}
