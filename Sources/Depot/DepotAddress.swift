import Model

/// A place that is no database: a bucket's object or prefix, a file or a folder.
package enum DepotAddress: Hashable, Sendable {
    case bucket(String, key: String)
    /// Absolute, or relative to where the program runs.
    case disk(path: String)

    package static let schemes = ["s3", "file"]

    package init(_ text: String) throws(StoreError) {
        let known = "it is like s3://bucket/prefix/ or file:///srv/folder"
        guard let endpoint = Endpoint(text), let colon = text.firstRange(of: "://") else {
            throw StoreError(.rejected, "\"\(text)\" is no address", help: known)
        }
        switch endpoint.scheme {
        case "s3":
            let rest = text[colon.upperBound...]
            let name = rest.prefix { $0 != "/" }
            guard !name.isEmpty, !name.contains("@"), !name.contains(":") else {
                throw StoreError(.rejected, "\"\(text)\" names no bucket", help: known)
            }
            self = .bucket(String(name), key: String(rest.dropFirst(name.count + 1)))
        case "file":
            guard endpoint.host.isEmpty, !endpoint.path.isEmpty else {
                throw StoreError(.rejected, "\"\(text)\" names no path", help: known)
            }
            self = .disk(path: endpoint.path)
        default: throw StoreError(.rejected, "what is at \(endpoint.scheme):// cannot be read here", help: known)
        }
    }

    package static func isBucket(_ text: String) -> Bool { text.lowercased().hasPrefix("s3://") }
}
