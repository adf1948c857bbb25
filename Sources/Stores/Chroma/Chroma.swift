import Model
import Wire

/// Chroma servers and Chroma Cloud, by HTTP.
package enum Chroma {
    package static let kind = kind(
        "chroma", "Collections in a Chroma server, by HTTP", "chroma://localhost:8000/tenant/database", port: 8000)
    package static let secureKind = kind(
        "chroma+https", "Collections in a Chroma server or Chroma Cloud, by HTTPS",
        "chroma+https://host/tenant/database",
        port: 443, StoreOption.trust)

    private static let options = [
        StoreOption("token", "an API key or a token", isSecret: true),
        StoreOption("tenant", "the tenant, if the address does not name it", fallback: usualTenant, isPlace: true),
        StoreOption(
            "database", "the database, if the address does not name it", fallback: usualDatabase, isPlace: true),
        StoreOption(
            "create", "whether a tenant and a database that are not there are made: yes or no", fallback: "no"),
        StoreOption("timeout", "how many seconds one call may take", fallback: "60"),
    ]

    static let usualTenant = "default_tenant"
    static let usualDatabase = "default_database"

    private static func kind(
        _ scheme: String, _ summary: String, _ address: String, port: Int, _ more: [StoreOption] = []
    ) -> StoreKind {
        StoreKind(
            scheme: scheme, summary: summary, address: address, isLocal: false, port: port, options: options + more
        ) { endpoint, options throws(StoreError) in try await open(endpoint, options, port: port) }
    }

    private static func open(
        _ endpoint: Endpoint, _ options: [String: String], port: Int
    ) async throws(StoreError) -> any Store {
        guard !endpoint.host.isEmpty else {
            throw StoreError(
                .rejected, "\"\(endpoint)\" names no host", help: "say for instance chroma://localhost:8000")
        }
        let place = try place(endpoint, options)
        let address = "\(endpoint.host):\(endpoint.port ?? port)"
        var http = HTTP(
            (endpoint.scheme == "chroma" ? "http://" : "https://") + address, headers: headers(endpoint, options),
            trust: try options.trust)
        http.timeout = try options.seconds("timeout", fallback: 60)
        let mayCreate = try options.isYes("create", fallback: false)
        do throws(StoreError) {
            let line = ChromaLine(http: http, address: address)
            return ChromaStore(
                try await ChromaServer.reached(line, tenant: place.tenant, database: place.database, mayCreate))
        } catch {
            http.close()
            throw error
        }
    }

    private static func place(
        _ endpoint: Endpoint, _ options: [String: String]
    ) throws(StoreError) -> (tenant: String, database: String) {
        let steps = endpoint.path.split(separator: "/").map(String.init)
        let named = (steps.count > 1 ? steps[0] : nil, steps.last)
        let isClear = (named.0 == nil || options["tenant"] == nil) && (named.1 == nil || options["database"] == nil)
        guard steps.count <= 2, isClear else {
            throw StoreError(
                .rejected, "\"\(endpoint)\" does not name one database",
                help: "say chroma://host:port/tenant/database, or `with tenant=NAME, database=NAME`")
        }
        return (named.0 ?? options["tenant"] ?? usualTenant, named.1 ?? options["database"] ?? usualDatabase)
    }

    /// Which of the two headers a server wants for a token is a matter of how it was set up.
    private static func headers(_ endpoint: Endpoint, _ options: [String: String]) -> [String] {
        var headers: [String] = []
        if let token = options["token"] {
            headers = ["x-chroma-token: \(token)"]
            if endpoint.user == nil { headers.append("authorization: Bearer \(token)") }
        }
        guard let user = endpoint.user else { return headers }
        var text: [UInt8] = []
        Array("\(user):\(endpoint.password ?? "")".utf8).withUnsafeBytes { Base64.append($0, to: &text) }
        return headers + ["authorization: Basic " + String(decoding: text, as: UTF8.self)]
    }
}
