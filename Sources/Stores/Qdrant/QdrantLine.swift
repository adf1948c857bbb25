import JSON
import Model
import Wire

/// The way to a server: what is said on it is answered, or an error.
struct QdrantLine: Sendable {
    let http: HTTP
    /// For messages.
    let address: String

    /// The body of a good answer; `name` is the collection that it is about.
    func bytes(
        _ method: String, _ path: String, _ body: [UInt8]? = nil, about name: String = ""
    ) async throws(StoreError) -> [UInt8] {
        let response: Response
        do throws(WireError) {
            response = try await http.send(
                method, path, headers: body == nil ? [] : ["content-type: application/json"], body: body)
        } catch { throw StoreError(qdrant: error, address) }
        guard (200..<300).contains(response.status) else {
            throw StoreError(qdrant: response, address, name, sent: body?.count ?? 0)
        }
        return response.body
    }

    /// What a small answer says.
    func answer(
        _ method: String, _ path: String, _ body: JSONValue? = nil, about name: String = ""
    ) async throws(StoreError) -> JSONValue {
        let bytes = try await bytes(method, path, body.map { Array($0.text.utf8) }, about: name)
        do { return try JSONValue(bytes) } catch { throw malformed(error) }
    }

    /// What stands under `result` in it.
    func result(
        _ method: String, _ path: String, _ body: JSONValue? = nil, about name: String = ""
    ) async throws(StoreError) -> JSONValue {
        guard let result = try await answer(method, path, body, about: name)["result"] else {
            throw StoreError(.malformed, "\(address) answers without a result", help: "is this a Qdrant?")
        }
        return result
    }

    func malformed(_ error: JSONError) -> StoreError {
        StoreError(
            .malformed, "\(address) answers what is no answer: \(error)",
            help: "is this a Qdrant, and nothing between that cuts its answers?", mayHaveWritten: true)
    }
}

extension String {
    /// As one step of a path in a URL.
    var pathStep: String {
        var text = ""
        for byte in utf8 {
            let scalar = Unicode.Scalar(byte)
            let isPlain =
                scalar.properties.isAlphabetic || scalar.properties.numericType != nil || "-_.~".utf8.contains(byte)
            if byte < 0x80, isPlain {
                text.unicodeScalars.append(scalar)
            } else {
                text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return text
    }
}
