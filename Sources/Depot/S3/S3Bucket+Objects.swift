import Model

extension S3Bucket {
    /// What there is to know of an object; nil if there is none.
    package func head(_ key: String, version: String? = nil) async throws(StoreError) -> S3Object? {
        let answer = try await answer(to: AWSRequest("HEAD", query: versioned(version)), key: key)
        // The answer has no body, so that a bucket that is not there looks the same.
        guard answer.refusal?.status != 404 else { return nil }
        try check(answer, key)
        return S3Object(key, answer)
    }

    /// An object and its content, which is held in memory.
    package func get(_ key: String, version: String? = nil) async throws(StoreError) -> (S3Object, [UInt8]) {
        let answer = try await answer(to: AWSRequest("GET", query: versioned(version)), key: key)
        try check(answer, key)
        return (S3Object(key, answer), answer.body)
    }

    /// Hands a part of an object to a sink; throws a conflict if it is not the one with this tag any more.
    package func get(
        _ key: String, _ range: Range<Int>, tag: String, into sink: any BodySink
    ) async throws(StoreError) {
        var request = AWSRequest(
            "GET", headers: [("range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)"), ("if-match", tag)])
        request.sink = sink
        request.timeout = .seconds(300)
        let answer = try await answer(to: request, key: key)
        guard answer.refusal?.status != 412 else {
            throw StoreError(.conflict, "s3://\(name)/\(key) has changed while it was read")
        }
        try check(answer, key)
    }

    /// Writes a whole object, which appears in one step; throws a conflict if the condition does not hold.
    ///
    /// Where an earlier try may have written, the conflict says so in `mayHaveWritten`: then it may be our own.
    @discardableResult
    package func put(
        _ key: String, _ bytes: [UInt8], digest: [UInt8]? = nil, if condition: S3Condition? = nil,
        notes: [String: String] = [:], type: String? = nil
    ) async throws(StoreError) -> S3Object {
        var headers = S3Bucket.headers(notes, type)
        if let condition { headers.append(condition.header) }
        var request = AWSRequest("PUT", headers: headers, body: bytes)
        request.digest = digest
        request.timeout = .seconds(300)
        let answer = try await answer(to: request, key: key)
        try check(answer, key)
        try check(answer, got: bytes, key)
        return S3Object(
            key: key, bytes: bytes.count, tag: answer["etag"] ?? "", version: answer["x-amz-version-id"], notes: notes)
    }

    static func headers(_ notes: [String: String], _ type: String?) -> [(name: String, value: String)] {
        let lines = notes.sorted { $0.key < $1.key }.map { (name: "x-amz-meta-\($0.key)", value: $0.value) }
        return lines + (type.map { [(name: "content-type", value: $0)] } ?? [])
    }

    /// Copies an object within the bucket, if it is still the one with this tag.
    @discardableResult
    package func copy(_ key: String, to newKey: String, tag: String? = nil) async throws(StoreError) -> S3Object {
        var headers = [(name: "x-amz-copy-source", value: "/\(name)/\(key)".percentEncoded(keepingSlashes: true))]
        if let tag { headers.append(("x-amz-copy-source-if-match", tag)) }
        var request = AWSRequest("PUT", headers: headers)
        request.mayFailLate = true
        request.timeout = .seconds(300)
        let answer = try await answer(to: request, key: newKey)
        try check(answer, key)
        let result = XMLElement(answer.body)
        return S3Object(
            key: newKey, bytes: 0, tag: result?["ETag"] ?? "", version: answer["x-amz-version-id"])
    }

    /// Deletes an object, or one version of it for good; one that is not there is no error.
    package func delete(_ key: String, version: String? = nil, tag: String? = nil) async throws(StoreError) {
        let headers = tag.map { [S3Condition.matches($0).header] } ?? []
        let request = AWSRequest("DELETE", query: versioned(version), headers: headers)
        let answer = try await answer(to: request, key: key)
        guard answer.refusal?.code != "NoSuchKey" else { return }
        try check(answer, key)
    }

    private func versioned(_ version: String?) -> [(name: String, value: String)] {
        version.map { [("versionId", $0)] } ?? []
    }
}
