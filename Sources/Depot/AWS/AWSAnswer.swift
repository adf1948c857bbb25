import JSON
import Wire

/// What a service answers.
package struct AWSAnswer: Sendable {
    package var response: Response
    /// Why it did not do what it was asked; nil if it did.
    package var refusal: AWSRefusal?
    /// Whether an earlier try may have had its effect already.
    package var isRepeated: Bool

    package var body: [UInt8] { response.body }

    package subscript(name: String) -> String? { response[name] }
}

/// A refusal in a service's own words.
package struct AWSRefusal: Hashable, Sendable {
    package var status: Int
    /// Like `NoSuchKey` or `ConditionalCheckFailedException`; empty where only the status says something.
    package var code = ""
    package var message = ""
    /// Where a bucket is, if it is elsewhere.
    package var region: String?
    package var endpoint: String?

    /// Nil where the answer is what was asked for.
    init?(_ response: Response, mayBeLate: Bool) {
        status = response.status
        let isGood = response.status / 100 == 2
        guard !isGood || mayBeLate else { return nil }
        let xml = XMLElement(response.body)
        if isGood, xml?.name != "Error" { return nil }
        if let error = xml?.name == "Error" ? xml : xml?.all("Error").first { read(error) } else { read(response.body) }
        region = response["x-amz-bucket-region"] ?? region
    }

    private mutating func read(_ error: XMLElement) {
        code = error["Code"] ?? ""
        message = error["Message"] ?? ""
        region = error["Region"]
        endpoint = error["Endpoint"]
    }

    /// `{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "…"}`.
    private mutating func read(_ body: [UInt8]) {
        guard let json = try? JSONValue(body) else { return }
        code = json["__type"]?.string?.split(separator: "#").last.map(String.init) ?? ""
        message = json["message"]?.string ?? json["Message"]?.string ?? ""
    }

    /// Whether the same request may succeed in a moment.
    var isPassing: Bool {
        let codes: Set = [
            "SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "Throttling", "ThrottlingException",
            "ProvisionedThroughputExceededException", "RequestLimitExceeded", "TooManyRequests", "OperationAborted",
            "ConditionalRequestConflict", "InternalServerError", "LimitExceededException",
        ]
        return codes.contains(code) || [429, 500, 502, 503, 504].contains(status)
    }

    /// Whether it is about how much is asked at once.
    var isThrottling: Bool {
        status == 429 || status == 503 || code.hasPrefix("Throttling") || code.contains("Exceeded")
    }

    /// Whether our clock may be the reason.
    var isAboutTime: Bool {
        code == "RequestTimeTooSkewed" || code == "RequestExpired"
            || message.contains("Signature expired") || message.contains("Signature not yet current")
    }

    /// Whether what lent us the key may lend us another.
    var isExpired: Bool { ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"].contains(code) }
}

extension AWSRefusal: CustomStringConvertible {
    package var description: String {
        let words = message.isEmpty ? "HTTP status \(status)" : message
        return code.isEmpty || words.contains(code) ? words : "\(words) (\(code))"
    }
}
