import Model
import Wire

/// Qdrant, by REST.
package enum Qdrant {
    package static let kind = kind("qdrant", "Collections in Qdrant, by REST", "qdrant://localhost:6333")
    package static let secureKind = kind(
        "qdrant+https", "Collections in Qdrant or Qdrant Cloud, by REST over TLS", "qdrant+https://host:6333",
        StoreOption.trust)

    private static let options = [
        StoreOption("api_key", "the server's API key, or a token made from it", isSecret: true),
        StoreOption(
            "types", "whether the types of fields that vecsh has noted in a collection hold: yes or no", fallback: "yes"
        ),
        StoreOption("timeout", "how many seconds one call may take", fallback: "60"),
    ]

    private static func kind(
        _ scheme: String, _ summary: String, _ address: String, _ more: [StoreOption] = []
    ) -> StoreKind {
        StoreKind(
            scheme: scheme, summary: summary, address: address, isLocal: false, port: port, options: options + more
        ) { endpoint, options throws(StoreError) in try await open(endpoint, options) }
    }

    private static let port = 6333

    private static func open(
        _ endpoint: Endpoint, _ options: [String: String]
    ) async throws(StoreError) -> any Store {
        guard !endpoint.host.isEmpty else {
            throw StoreError(
                .rejected, "\"\(endpoint)\" names no host", help: "say for instance qdrant://localhost:6333")
        }
        let address = "\(endpoint.host):\(endpoint.port ?? port)"
        let secret = options["api_key"] ?? endpoint.password
        var http = HTTP(
            (endpoint.scheme == "qdrant" ? "http://" : "https://") + address + endpoint.path,
            headers: secret.map { ["api-key: \($0)"] } ?? [], trust: try options.trust)
        http.timeout = try options.seconds("timeout", fallback: 60)
        let hasTypes = try options.isYes("types", fallback: true)
        do throws(StoreError) {
            let line = QdrantLine(http: http, address: address)
            return QdrantStore(try await QdrantServer.reached(line, hasTypes: hasTypes))
        } catch {
            http.close()
            throw error
        }
    }
}
