import Model

extension S3Bucket {
    /// Objects whose keys begin with a prefix, in the order of their keys, a thousand at most.
    ///
    /// With `endingAtSlashes` what lies below the next slash is one prefix.
    package func page(
        _ prefix: String, after token: String? = nil, endingAtSlashes: Bool = false
    ) async throws(StoreError) -> S3Page {
        var query = [(name: "list-type", value: "2"), ("prefix", prefix), ("encoding-type", "url")]
        if let token { query.append(("continuation-token", token)) }
        if endingAtSlashes { query.append(("delimiter", "/")) }
        let list = try await document("ListBucketResult", AWSRequest("GET", query: query), prefix)
        let objects = list.all("Contents").map { content in
            S3Object(
                key: content["Key"]?.formDecoded ?? "", bytes: content["Size"].flatMap { Int($0) } ?? 0,
                tag: content["ETag"] ?? "", modified: content["LastModified"].flatMap(Timestamp.microseconds))
        }
        let prefixes = list.all("CommonPrefixes").compactMap { $0["Prefix"]?.formDecoded }
        let isCut = list["IsTruncated"] == "true"
        return S3Page(objects: objects, prefixes: prefixes, next: isCut ? list["NextContinuationToken"] : nil)
    }

    /// All objects whose keys begin with a prefix.
    package func objects(_ prefix: String) async throws(StoreError) -> [S3Object] {
        var (found, next): ([S3Object], String?) = ([], nil)
        repeat {
            let page = try await page(prefix, after: next)
            found += page.objects
            next = page.next
        } while next != nil
        return found
    }

    /// What an object was and is, newest first; a bucket without versions has one.
    package func versions(of key: String) async throws(StoreError) -> [S3Version] {
        let query = [(name: "versions", value: ""), ("prefix", key), ("encoding-type", "url")]
        let list = try await document("ListVersionsResult", AWSRequest("GET", query: query), key)
        let all = list.children.filter { ["Version", "DeleteMarker"].contains($0.name) }.map {
            S3Version(
                key: $0["Key"]?.formDecoded ?? "", version: $0["VersionId"] ?? "", isLatest: $0["IsLatest"] == "true",
                isDeletion: $0.name == "DeleteMarker", tag: $0["ETag"] ?? "")
        }.filter { $0.key == key }
        // Some servers put what says that it is gone behind all that was there.
        return all.filter(\.isLatest) + all.filter { !$0.isLatest }
    }

    /// The answer to a request as the document that it should be.
    func document(_ root: String, _ request: AWSRequest, _ key: String) async throws(StoreError) -> XMLElement {
        var request = request
        request.mayFailLate = true
        let answer = try await answer(to: request, key: request.method == "GET" ? "" : key)
        try check(answer, key)
        guard let document = XMLElement(answer.body), document.name == root else {
            throw StoreError(
                .malformed, "s3://\(name)/\(key): the answer is no \(root)",
                help: "is this an S3 server? check AWS_ENDPOINT_URL", mayHaveWritten: true)
        }
        return document
    }
}

extension String {
    /// As in forms: `+` is a space, and `%2B` a plus.
    fileprivate var formDecoded: String { replacing("+", with: " ").percentDecoded }
}
