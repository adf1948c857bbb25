import Model

/// The folder in which Chroma keeps its collections: read without Chroma, of every version since 0.4; of 1.5 written, too.
package enum ChromaDirectory {
    package static let kind = StoreKind(
        scheme: "chroma-dir", summary: "The folder that Chroma writes, of every version since 0.4, without Chroma",
        address: "chroma-dir:///path/to/folder",
        options: [
            StoreOption("tenant", "only the collections of this tenant, without its name", isPlace: true),
            StoreOption("database", "only the collections of this database, without its name", isPlace: true),
            StoreOption(
                "infinite", "what becomes of metadata that is an infinite number: refuse or drop", fallback: "refuse"),
            StoreOption("busy_timeout", "how many milliseconds to wait for another program's lock", fallback: "5000"),
        ]
    ) { endpoint, options throws(StoreError) in
        let store = ChromaDirectoryStore(try place(endpoint, options))
        try await store.check()
        return store
    }

    private static func place(
        _ endpoint: Endpoint, _ options: [String: String]
    ) throws(StoreError) -> ChromaDirectoryPlace {
        guard endpoint.host.isEmpty, !endpoint.path.isEmpty else {
            throw StoreError(
                .rejected, "\(endpoint) names no folder",
                help: "write chroma-dir:///absolute/path or chroma-dir://./relative/path")
        }
        var place = ChromaDirectoryPlace(root: endpoint.path)
        place.tenant = options["tenant"].flatMap { $0.isEmpty ? nil : $0 }
        place.database = options["database"].flatMap { $0.isEmpty ? nil : $0 }
        place.dropsInfinite = try dropsInfinite(options["infinite"] ?? "refuse")
        place.timeout = try milliseconds(options["busy_timeout"] ?? "5000")
        return place
    }

    private static func dropsInfinite(_ word: String) throws(StoreError) -> Bool {
        switch word {
        case "refuse": return false
        case "drop": return true
        default: throw StoreError(.rejected, "infinite=\(word) is not understood", help: "say refuse or drop")
        }
    }

    private static func milliseconds(_ word: String) throws(StoreError) -> Int32 {
        guard let number = Int32(word), number >= 0 else {
            throw StoreError(
                .rejected, "busy_timeout=\(word) is no number of milliseconds", help: "say for instance 5000")
        }
        return number
    }
}

/// Which collections are meant, and how they are read.
struct ChromaDirectoryPlace: Sendable {
    var root: String
    /// Nil is all of them.
    var tenant: String?
    var database: String?
    var dropsInfinite = false
    var timeout: Int32 = 5000

    static let databaseFile = "chroma.sqlite3"

    var path: String { "\(root)/\(Self.databaseFile)" }
}

extension StoreError {
    static func chroma(broken path: String, _ what: String, help: String? = nil) -> StoreError {
        StoreError(.malformed, "\(path) \(what)", help: help)
    }
}
