import Model

/// Collections in one SQLite file, which the `sqlite3` shell and the sqlite-vec extension can read.
package enum SQLite {
    package static let kind = StoreKind(
        scheme: "sqlite", summary: "Collections in one SQLite file", address: "sqlite:///path/to/file.db",
        options: [
            StoreOption("create", "whether a file that is not there is made: yes or no", fallback: "yes"),
            StoreOption("busy_timeout", "how many milliseconds to wait for another program's lock", fallback: "5000"),
        ]
    ) { endpoint, options throws(StoreError) in
        let store = SQLiteStore(try file(endpoint, options))
        try await store.check()
        return store
    }

    private static func file(_ endpoint: Endpoint, _ options: [String: String]) throws(StoreError) -> SQLiteFile {
        guard endpoint.host.isEmpty, !endpoint.path.isEmpty else {
            throw StoreError(
                .rejected, "\"\(endpoint)\" names no file",
                help: "say sqlite:///absolute/path.db, sqlite://./relative.db or sqlite://~/in/home.db")
        }
        return SQLiteFile(
            path: endpoint.path, mayCreate: try mayCreate(options["create"] ?? "yes"),
            timeout: try milliseconds(options["busy_timeout"] ?? "5000"))
    }

    private static func mayCreate(_ word: String) throws(StoreError) -> Bool {
        switch word {
        case "yes", "true": return true
        case "no", "false": return false
        default: throw StoreError(.rejected, "create=\(word) means nothing", help: "say create=yes or create=no")
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
