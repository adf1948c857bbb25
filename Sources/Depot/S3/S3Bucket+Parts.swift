import Model

/// An object that is written in parts, and appears when all are there.
package struct S3Draft: Hashable, Sendable {
    package var key: String
    package var id: String

    package init(key: String, id: String) { (self.key, self.id) = (key, id) }
}

extension S3Bucket {
    package func begin(_ key: String, notes: [String: String] = [:]) async throws(StoreError) -> S3Draft {
        let headers = S3Bucket.headers(notes, nil)
        let request = AWSRequest("POST", query: [("uploads", "")], headers: headers)
        let answer = try await document("InitiateMultipartUploadResult", request, key)
        guard let id = answer["UploadId"], !id.isEmpty else {
            throw StoreError(.malformed, "s3://\(name)/\(key): no id for an upload in parts")
        }
        return S3Draft(key: key, id: id)
    }

    /// Writes one of the parts, which are counted from 1; answers its tag.
    package func put(
        part number: Int, of draft: S3Draft, _ bytes: [UInt8], digest: [UInt8]? = nil
    ) async throws(StoreError) -> String {
        var request = AWSRequest("PUT", query: [("partNumber", "\(number)"), ("uploadId", draft.id)], body: bytes)
        request.digest = digest
        request.timeout = .seconds(300)
        let answer = try await answer(to: request, key: draft.key)
        try check(answer, draft.key)
        try check(answer, got: bytes, draft.key)
        return answer["etag"] ?? ""
    }

    /// Makes the object of its parts, in one step; throws a conflict if the condition does not hold.
    @discardableResult
    package func complete(
        _ draft: S3Draft, tags: [String], if condition: S3Condition? = nil
    ) async throws(StoreError) -> S3Object {
        let parts = tags.enumerated().map { "<Part><PartNumber>\($0 + 1)</PartNumber><ETag>\($1)</ETag></Part>" }
        let text = "<CompleteMultipartUpload>\(parts.joined())</CompleteMultipartUpload>"
        var request = AWSRequest("POST", query: [("uploadId", draft.id)], body: Array(text.utf8))
        request.headers = [("content-type", "application/xml")] + (condition.map { [$0.header] } ?? [])
        request.timeout = .seconds(600)
        let result = try await document("CompleteMultipartUploadResult", request, draft.key)
        return S3Object(key: draft.key, bytes: 0, tag: result["ETag"] ?? "")
    }

    /// Which parts have arrived: their tags by their numbers; nil if the draft is no more.
    package func parts(of draft: S3Draft) async throws(StoreError) -> [Int: String]? {
        var (found, marker): ([Int: String], String?) = ([:], "0")
        while let after = marker {
            let query = [(name: "uploadId", value: draft.id), ("part-number-marker", after)]
            var request = AWSRequest("GET", query: query)
            request.mayFailLate = true
            let answer = try await answer(to: request, key: draft.key)
            guard answer.refusal?.code != "NoSuchUpload" else { return nil }
            try check(answer, draft.key)
            let list = XMLElement(answer.body)
            for part in list?.all("Part") ?? [] {
                if let number = part["PartNumber"].flatMap({ Int($0) }) { found[number] = part["ETag"] ?? "" }
            }
            marker = list?["IsTruncated"] == "true" ? list?["NextPartNumberMarker"] : nil
        }
        return found
    }

    /// Throws the parts away.
    package func abandon(_ draft: S3Draft) async throws(StoreError) {
        let answer = try await answer(to: AWSRequest("DELETE", query: [("uploadId", draft.id)]), key: draft.key)
        guard answer.refusal?.code != "NoSuchUpload" else { return }
        try check(answer, draft.key)
    }
}
