/// What is asked of one of AWS' services, before it is signed.
package struct AWSRequest: Sendable {
    package var method: String
    /// Absolute, every character as itself.
    package var path: String
    package var query: [(name: String, value: String)]
    /// Names in small letters.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// The SHA-256 of the body, where it is known already.
    package var digest: [UInt8]?
    /// Takes the body of a good answer.
    package var sink: (any BodySink)?
    package var timeout = Duration.seconds(60)
    /// Whether a good status may have an error in its body.
    package var mayFailLate = false

    package init(
        _ method: String, _ path: String = "/", query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [], body: [UInt8] = []
    ) {
        (self.method, self.path, self.query, self.headers, self.body) = (method, path, query, headers, body)
    }

    /// The path as it goes over the line.
    var encodedPath: String { path.percentEncoded(keepingSlashes: true) }

    /// The query as it goes over the line, in the order in which it is signed.
    var encodedQuery: String {
        query.map { ($0.name.percentEncoded(), $0.value.percentEncoded()) }
            .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }
}

extension String {
    /// Every byte but letters, digits and `-._~` as `%41`, RFC 3986.
    package func percentEncoded(keepingSlashes: Bool = false) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in utf8 {
            switch byte {
            case 0x41...0x5A, 0x61...0x7A, 0x30...0x39, 0x2D, 0x2E, 0x5F, 0x7E: encoded.append(byte)
            case 0x2F where keepingSlashes: encoded.append(byte)
            default: encoded += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
