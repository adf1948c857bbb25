import JSON
import Model
import Wire

/// The way to a server: what is said on it is answered, or an error.
struct ChromaLine: Sendable {
    let http: HTTP
    /// For messages.
    let address: String

    /// The answer, good or bad.
    func response(_ method: String, _ path: String, _ body: [UInt8]? = nil) async throws(StoreError) -> Response {
        do throws(WireError) {
            return try await http.send(
                method, path, headers: body == nil ? [] : ["content-type: application/json"], body: body)
        } catch { throw StoreError(chroma: error, address) }
    }

    /// The body of a good answer; `name` is the collection that it is about.
    func bytes(
        _ method: String, _ path: String, _ body: [UInt8]? = nil, about name: String = ""
    ) async throws(StoreError) -> [UInt8] {
        let response = try await response(method, path, body)
        guard (200..<300).contains(response.status) else { throw StoreError(chroma: response, address, name) }
        return response.body
    }

    /// What a small answer says.
    func answer(
        _ method: String, _ path: String, _ body: JSONValue? = nil, about name: String = ""
    ) async throws(StoreError) -> JSONValue {
        let bytes = try await bytes(method, path, body.map { Array($0.text.utf8) }, about: name)
        do { return try JSONValue(bytes) } catch { throw malformed(error) }
    }

    func malformed(_ error: JSONError) -> StoreError {
        StoreError(
            .malformed, "\(address) answers what is no answer: \(error)",
            help: "is this a Chroma, and nothing between that cuts its answers?", mayHaveWritten: true)
    }

    static func step(_ name: String) -> String {
        name.utf8.map { byte in
            let isPlain = byte < 0x80 && (Character(Unicode.Scalar(byte)).isLetter || (0x30...0x39).contains(byte))
            if isPlain || "-_.~".utf8.contains(byte) { return String(Unicode.Scalar(byte)) }
            return (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
