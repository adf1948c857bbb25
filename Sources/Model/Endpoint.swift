/// The parts of a store's URI.
package struct Endpoint: Hashable, Sendable {
    package var scheme: String
    package var user: String?
    package var password: String?
    package var host: String
    package var port: Int?
    /// Absolute, or relative to where the program runs; empty if the URI has none.
    package var path: String
    package var query: String

    /// Nil unless the text is `scheme://…`.
    package init?(_ uri: String) {
        guard let colon = uri.firstRange(of: "://") else { return nil }
        scheme = uri[..<colon.lowerBound].lowercased()
        var rest = uri[colon.upperBound...]
        query = ""
        if let mark = rest.firstIndex(of: "?") {
            query = String(rest[rest.index(after: mark)...])
            rest = rest[..<mark]
        }
        let authority = rest.prefix { $0 != "/" }
        path = Endpoint.path(authority: authority, behind: rest[authority.endIndex...])
        host = ""
        readAuthority(authority)
    }

    private static func path(authority: Substring, behind: Substring) -> String {
        let collapsed = behind.split(separator: "/").joined(separator: "/")
        return switch authority {
        case ".", "..", "~": authority + "/" + collapsed
        default: behind.isEmpty ? "" : "/" + collapsed
        }
    }

    private mutating func readAuthority(_ text: Substring) {
        guard ![".", "..", "~"].contains(text) else { return }
        var place = text
        if let at = text.lastIndex(of: "@") {
            let parts = text[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = parts[0].percentDecoded
            password = parts.count > 1 ? parts[1].percentDecoded : nil
            place = text[text.index(after: at)...]
        }
        if let colon = place.lastIndex(of: ":"), let number = Int(place[place.index(after: colon)...]) {
            port = number
            place = place[..<colon]
        }
        host = String(place)
    }
}

// MARK: What stands behind the question mark

extension Endpoint {
    private var pairs: [Substring] { query.split(separator: "&") }

    /// `b` for `a` where the URI ends in `?a=b`.
    package func parameter(_ name: String) -> String? {
        pairs.last { $0.hasPrefix("\(name)=") }.map { $0.dropFirst(name.utf8.count + 1).percentDecoded }
    }

    package func queryWithout(_ names: [String]) -> String {
        pairs.filter { pair in !names.contains { pair.hasPrefix("\($0)=") } }.joined(separator: "&")
    }
}

extension Endpoint: CustomStringConvertible {
    /// The URI again; a password in it shows as `•••`.
    package var description: String {
        let secret = password == nil ? "" : ":•••"
        let name = user.map { "\($0.percentEncoded)\(secret)@" } ?? ""
        let place = host + (port.map { ":\($0)" } ?? "")
        return "\(scheme)://\(name)\(place)\(path)\(query.isEmpty ? "" : "?" + shownQuery)"
    }

    private var shownQuery: String {
        query.split(separator: "&", omittingEmptySubsequences: false).map { pair in
            let name = pair.prefix { $0 != "=" }
            return name.lowercased().contains("password") ? "\(name)=•••" : String(pair)
        }.joined(separator: "&")
    }
}

extension StringProtocol {
    /// With the bytes that `%41` and the like stand for; what stands for none stays.
    package var percentDecoded: String {
        var bytes: [UInt8] = []
        var rest = Array(utf8)[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard byte == UInt8(ascii: "%"), digits.utf8.count == 2, let value = UInt8(digits, radix: 16) else {
                bytes.append(byte)
                continue
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// With `%41` and the like for what has a meaning in a URI.
    fileprivate var percentEncoded: String {
        map {
            "%:/?#@ ".contains($0) ? $0.utf8.map { "%" + String($0, radix: 16, uppercase: true) }.joined() : String($0)
        }
        .joined()
    }
}
