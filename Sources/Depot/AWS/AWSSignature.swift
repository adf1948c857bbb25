import Model

/// Signature Version 4: what a request carries so that a service knows who asks, and that nobody has changed it.
package struct AWSSignature: Sendable {
    package var credentials: AWSCredentials
    package var region: String
    /// As signatures name it: `s3`, `dynamodb`.
    package var service: String

    package init(_ credentials: AWSCredentials, region: String, service: String) {
        (self.credentials, self.region, self.service) = (credentials, region, service)
    }

    /// All headers of a request to a host, signed at a time in microseconds since 1970.
    package func headers(of request: AWSRequest, to host: String, at time: Int64) -> [(name: String, value: String)] {
        let date = Self.date(time)
        let digest = (request.digest ?? SHA256.digest(request.body)).hexadecimal
        var headers = request.headers + [("host", host), ("x-amz-date", date)]
        if let token = credentials.sessionToken { headers.append(("x-amz-security-token", token)) }
        if service == "s3" { headers.append(("x-amz-content-sha256", digest)) }
        headers.sort { $0.name < $1.name }
        let names = headers.map(\.name).joined(separator: ";")
        let scope = "\(date.prefix(8))/\(region)/\(service)/aws4_request"
        let canonical = canonical(request, headers, names, digest)
        let signed = "AWS4-HMAC-SHA256\n\(date)\n\(scope)\n\(SHA256.digest(Array(canonical.utf8)).hexadecimal)"
        let signature = SHA256.code(Array(signed.utf8), key: key(date.prefix(8))).hexadecimal
        let words = "Credential=\(credentials.accessKey)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
        return headers + [("authorization", "AWS4-HMAC-SHA256 \(words)")]
    }

    private func canonical(
        _ request: AWSRequest, _ headers: [(name: String, value: String)], _ names: String, _ digest: String
    ) -> String {
        // Every service but S3 encodes what is encoded once more.
        let path = request.encodedPath
        let signedPath = service == "s3" ? path : path.percentEncoded(keepingSlashes: true)
        let lines = headers.map { "\($0.name):\(Self.plain($0.value))\n" }.joined()
        return "\(request.method)\n\(signedPath)\n\(request.encodedQuery)\n\(lines)\n\(names)\n\(digest)"
    }

    private func key(_ day: Substring) -> [UInt8] {
        [String(day), region, service, "aws4_request"].reduce(Array("AWS4\(credentials.secretKey)".utf8)) {
            SHA256.code(Array($1.utf8), key: $0)
        }
    }

    /// Without space at its ends, and with one where there are several.
    private static func plain(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }

    /// `20130524T000000Z`.
    static func date(_ microseconds: Int64) -> String {
        Timestamp.text(microseconds).prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
    }
}
