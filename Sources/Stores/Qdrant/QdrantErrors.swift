import JSON
import Model
import Wire

extension StoreError {
    /// A refusal in Qdrant's own words becomes one in ours; `sent` is how many bytes it was sent.
    init(qdrant response: Response, _ address: String, _ name: String, sent: Int) {
        let words = StoreError.words(response)
        let said = "\(address): \(words.isEmpty ? "status \(response.status)" : words)"
        switch response.status {
        case 401, 403:
            self.init(
                .unauthorized, said, help: "say `password …` or `with api_key=…`, or ask for a key that may do this")
        case 404 where !name.isEmpty && words.contains("Collection"): self = .noCollection(name)
        case 404: self.init(.notFound, said, help: "is this a Qdrant, and does the address name its path?")
        case 409: self.init(.conflict, said)
        case 413: self = StoreError.tooLarge(said, sent)
        case 429:
            self.init(.throttled, said, retryAfter: response.pause ?? .seconds(1))
        case 400 where words.contains("larger than allowed"): self = StoreError.tooLarge(said, sent)
        case 400, 405, 406, 415, 422: self.init(.rejected, said)
        case 501: self.init(.unsupported, said)
        case 507,
            500 where words.contains("No space left"), 500 where words.contains("disk"):
            self.init(.full, said, help: "free space on the server", mayHaveWritten: true)
        case 408, 500...599:
            self.init(.unavailable, said, mayHaveWritten: true, retryAfter: response.pause)
        default: self.init(.malformed, said, help: "is this a Qdrant?", mayHaveWritten: true)
        }
    }

    private static func tooLarge(_ said: String, _ sent: Int) -> StoreError {
        StoreError(
            .tooLarge, "\(said) (it was sent \(sent) bytes)",
            help: "the server takes what `service.max_request_size_mb` says, 32 MB by default; fewer records at once: "
                + "`with batch_bytes=4MB`")
    }

    /// An answer about a key, a limit or a proxy is plain text, and not JSON.
    private static func words(_ response: Response) -> String {
        if let json = try? JSONValue(response.body) {
            return json["status"]?["error"]?.string ?? json["status"]?.string ?? json["error"]?.string ?? ""
        }
        let text = String(decoding: response.body.prefix(300), as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    init(qdrant error: WireError, _ address: String) {
        let said = "\(address): \(error)"
        let mayHaveWritten = error.mayHaveArrived
        switch error.code {
        case .unreachable: self.init(.unavailable, "no answer from \(said)", help: "is Qdrant running there?")
        case .untrusted: self.init(.unauthorized, said, help: "name its authority's file: `with ca=PATH`")
        case .timedOut, .broken: self.init(.unavailable, said, mayHaveWritten: mayHaveWritten)
        case .cancelled: self.init(.cancelled, said, mayHaveWritten: mayHaveWritten)
        case .malformed: self.init(.malformed, said, help: "is this a Qdrant?", mayHaveWritten: mayHaveWritten)
        case .tooLarge: self.init(.tooLarge, said, mayHaveWritten: mayHaveWritten)
        case .unequipped: self.init(.unsupported, "\(error)")
        }
    }
}

extension Response {
    /// How long the server asks to be left alone.
    fileprivate var pause: Duration? { self["retry-after"].flatMap { Int64($0) }.map { .seconds(max(0, $0)) } }
}
