/// A database that this program can open: everything the rest of the program knows about it.
package struct StoreKind: Sendable {
    package var scheme: String
    package var summary: String
    /// What stands behind `scheme://`, for people: `/path/to/file.db`.
    package var address: String
    package var isLocal: Bool
    /// The port of a server whose address names none.
    package var port: Int?
    package var options: [StoreOption]
    /// How a lock in the database is reached; nil where it has none.
    package var leasing: (@Sendable (Endpoint) async throws(StoreError) -> any Leasing)?
    package var open: @Sendable (Endpoint, [String: String]) async throws(StoreError) -> any Store

    package init(
        scheme: String, summary: String, address: String, isLocal: Bool = true, port: Int? = nil,
        options: [StoreOption] = [],
        leasing: (@Sendable (Endpoint) async throws(StoreError) -> any Leasing)? = nil,
        open: @escaping @Sendable (Endpoint, [String: String]) async throws(StoreError) -> any Store
    ) {
        self.scheme = scheme
        self.summary = summary
        self.address = address
        self.isLocal = isLocal
        self.port = port
        self.options = options
        self.leasing = leasing
        self.open = open
    }
}

/// Something that may be said after `with` when connecting.
package struct StoreOption: Sendable {
    package var name: String
    package var summary: String
    package var fallback: String
    package var isSecret: Bool
    /// Whether it says which data are meant: connections that differ in it see different collections.
    package var isPlace: Bool

    package init(
        _ name: String, _ summary: String, fallback: String = "", isSecret: Bool = false, isPlace: Bool = false
    ) {
        self.name = name
        self.summary = summary
        self.fallback = fallback
        self.isSecret = isSecret
        self.isPlace = isPlace
    }
}
