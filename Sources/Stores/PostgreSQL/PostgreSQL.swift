import Model

/// Tables in a PostgreSQL database, with pgvector's types for vectors.
package enum PostgreSQL {
    package static let kind = made("postgres", "Tables in a PostgreSQL database, vectors as pgvector has them")
    package static let longKind = made("postgresql", "The same as postgres://")

    private static func made(_ scheme: String, _ summary: String) -> StoreKind {
        StoreKind(
            scheme: scheme, summary: summary, address: "\(scheme)://user@host:5432/database", isLocal: false,
            options: [
                StoreOption(
                    "schema", "where tables are whose name has no schema", fallback: "the first of search_path",
                    isPlace: true),
                StoreOption(
                    "layout", "whose tables they are: plain, lightrag or hybridrag", fallback: "plain", isPlace: true),
                StoreOption(
                    "workspace", "whose records, in a layout of LightRAG's", fallback: "default", isPlace: true),
                StoreOption("sslmode", "how the connection is encrypted, as libpq has it", fallback: "prefer"),
                StoreOption("service", "an entry of the service file", fallback: "none", isPlace: true),
                StoreOption("connect_timeout", "how many seconds to wait for a connection", fallback: "10"),
                StoreOption(
                    "extension", "whether pgvector is made available where it is not: yes or no", fallback: "yes"),
            ], leasing: { endpoint throws(StoreError) in try await PostgreSQLLease.open(endpoint) }
        ) { endpoint, options throws(StoreError) in
            let server = try PostgreSQLServer(endpoint, options)
            return try await PostgreSQLStore.open(server)
        }
    }
}

/// Which server, as whom, and what is wanted of it.
struct PostgreSQLServer: Sendable {
    /// What libpq is told; the rest it finds in its environment, its password file and its service file.
    let keywords: [(String, String)]
    let schema: String?
    let layout: PostgreSQLLayout?
    /// Whether pgvector may be created where a collection needs it.
    let mayExtend: Bool
    /// For messages, without the password.
    let description: String

    init(_ endpoint: Endpoint, _ options: [String: String]) throws(StoreError) {
        var place = endpoint
        (place.user, place.password) = (nil, nil)
        let address = place.host + (place.port.map { ":\($0)" } ?? "")
        let query = place.query.isEmpty ? "" : "?\(place.query)"
        var keywords = [("dbname", "postgresql://\(address)\(place.path)\(query)")]
        if let user = endpoint.user, !user.isEmpty { keywords.append(("user", user)) }
        if let password = endpoint.password { keywords.append(("password", password)) }
        for name in ["sslmode", "service", "connect_timeout", "tcp_user_timeout"] {
            if let value = options[name] { keywords.append((name, value)) }
        }
        self.keywords = keywords
        schema = options["schema"]
        layout = try PostgreSQLLayout(options)
        mayExtend = try PostgreSQLServer.truth("extension", options["extension"] ?? "yes")
        description = "\(endpoint)"
    }

    private static func truth(_ name: String, _ word: String) throws(StoreError) -> Bool {
        switch word {
        case "yes", "true": return true
        case "no", "false": return false
        default: throw StoreError(.rejected, "\(name)=\(word) means nothing", help: "say \(name)=yes or \(name)=no")
        }
    }
}
