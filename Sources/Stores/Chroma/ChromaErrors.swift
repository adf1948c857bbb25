import JSON
import Model
import Wire

extension StoreError {
    /// A refusal in Chroma's own words becomes one in ours.
    init(chroma response: Response, _ address: String, _ name: String) {
        let words = ChromaRefusal(response)
        let said = "\(address): \(words.text)"
        switch response.status {
        case 401, 403:
            self.init(.unauthorized, said, help: "say `user NAME password …`, or `with token=…`")
        case 404 where !name.isEmpty, 400 where words.isMissingCollection && !name.isEmpty: self = .noCollection(name)
        case 404: self.init(.notFound, said)
        case 409: self.init(.conflict, said)
        case 413: self.init(.tooLarge, said)
        case 408, 429:
            self.init(.throttled, said, retryAfter: response["retry-after"].flatMap { Int($0) }.map { .seconds($0) })
        case 501: self.init(.unsupported, said)
        case 500 where words.isConflict: self.init(.conflict, said)
        case 500 where words.says("disk is full"):
            self.init(.full, said, help: "free room on the server's disk", mayHaveWritten: true)
        case 500 where words.says("dimension"): self.init(.rejected, said)
        case 500...: self.init(.unavailable, said, mayHaveWritten: true)
        case 300..<400: self.init(.malformed, said, help: "is this a Chroma?")
        default: self.init(.rejected, said)
        }
    }

    init(chroma error: WireError, _ address: String) {
        let said = "\(address): \(error)"
        let mayHaveWritten = error.mayHaveArrived
        switch error.code {
        case .unreachable: self.init(.unavailable, "no answer from \(said)", help: "is Chroma running there?")
        case .untrusted: self.init(.unauthorized, said, help: "name its authority's file: `with ca=PATH`")
        case .timedOut, .broken: self.init(.unavailable, said, mayHaveWritten: mayHaveWritten)
        case .cancelled: self.init(.cancelled, said, mayHaveWritten: mayHaveWritten)
        case .malformed: self.init(.malformed, said, help: "is this a Chroma?", mayHaveWritten: mayHaveWritten)
        case .tooLarge: self.init(.tooLarge, said, mayHaveWritten: mayHaveWritten)
        case .unequipped: self.init(.unsupported, "\(error)")
        }
    }
}

/// What the body of a refusal says.
struct ChromaRefusal {
    private(set) var kind = ""
    private(set) var text: String

    /// `{"error":…,"message":…}` from servers in Rust, `{"error":…}` or `{"detail":…}` from those in Python.
    init(_ response: Response) {
        text = String(decoding: response.body.prefix(300), as: UTF8.self)
        if let json = try? JSONValue(response.body) {
            kind = json["error"]?.string ?? ""
            text = json["message"]?.string ?? json["error"]?.string ?? json["detail"]?.text ?? text
        }
        if text.isEmpty { text = "HTTP status \(response.status)" }
    }

    func says(_ part: String) -> Bool { (kind + text).lowercased().contains(part) }

    var isMissingCollection: Bool {
        kind == "InvalidCollection" || says("collection") && (says("does not exist") || says("not found"))
    }

    var isConflict: Bool { says("unique constraint") }
}
