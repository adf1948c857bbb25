import Model
import Wire

/// Milvus, Milvus Lite's server and Zilliz Cloud, by gRPC.
package enum Milvus {
    package static let kind = kind(
        "milvus", "Collections in Milvus or Milvus Lite, by gRPC", "milvus://localhost:19530/database", port: 19_530)
    package static let secureKind = kind(
        "milvus+https", "Collections in Milvus or Zilliz Cloud, by gRPC over TLS", "milvus+https://host/database",
        port: 443,
        StoreOption.trust)

    private static let options = [
        StoreOption("token", "an API key, or user:password", isSecret: true),
        StoreOption("database", "the database, if the address does not name it", fallback: "default"),
        StoreOption(
            "load",
            "whether a collection that is not in memory is loaded to be read, and released at the end: yes or no",
            fallback: "yes"),
        StoreOption("timeout", "how many seconds one call may take", fallback: "60"),
    ]

    private static func kind(
        _ scheme: String, _ summary: String, _ address: String, port: Int, _ more: [StoreOption] = []
    ) -> StoreKind {
        StoreKind(scheme: scheme, summary: summary, address: address, isLocal: false, options: options + more) {
            endpoint, options throws(StoreError) in
            try await open(endpoint, options, port: port)
        }
    }

    private static func open(
        _ endpoint: Endpoint, _ options: [String: String], port: Int
    ) async throws(StoreError) -> any Store {
        guard !endpoint.host.isEmpty else {
            throw StoreError(
                .rejected, "\"\(endpoint)\" names no host", help: "say for instance milvus://localhost:19530")
        }
        let address = "\(endpoint.host):\(endpoint.port ?? port)"
        let database = try database(endpoint, options)
        let grpc = GRPC(
            (endpoint.scheme == "milvus" ? "http://" : "https://") + address,
            metadata: authorization(endpoint, options) + (database.isEmpty ? [] : ["dbname: \(database)"]),
            trust: try options.trust)
        let mayLoad = try options.isYes("load", fallback: true)
        do throws(StoreError) {
            let server = try await MilvusServer.reached(
                MilvusLine(grpc: grpc, address: address, timeout: try options.seconds("timeout", fallback: 60)),
                database: database)
            return MilvusStore(server, mayLoad: mayLoad)
        } catch {
            grpc.close()
            throw error
        }
    }

    private static func database(_ endpoint: Endpoint, _ options: [String: String]) throws(StoreError) -> String {
        let path = String(endpoint.path.drop { $0 == "/" })
        guard !path.contains("/"), path.isEmpty || options["database"] ?? path == path else {
            throw StoreError(
                .rejected, "\"\(endpoint)\" does not name one database",
                help: "say milvus://host:port/database, or `with database=NAME`")
        }
        let name = path.isEmpty ? options["database"] ?? "" : path
        return name == "default" ? "" : name
    }

    private static func authorization(_ endpoint: Endpoint, _ options: [String: String]) -> [String] {
        let user = endpoint.user.map { "\($0):\(endpoint.password ?? "")" }
        guard let secret = options["token"] ?? user else { return [] }
        return ["authorization: \(base64(secret.utf8))"]
    }
}

private let base64Digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

private func base64(_ bytes: some Swift.Collection<UInt8>) -> String {
    let all = Array(bytes)
    var text: [UInt8] = []
    for start in stride(from: 0, to: all.count, by: 3) {
        let group = all[start..<min(start + 3, all.count)]
        let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
        for place in 0...group.count { text.append(base64Digits[bits >> (18 - 6 * place) & 63]) }
        text += repeatElement(UInt8(ascii: "="), count: 3 - group.count)
    }
    return String(decoding: text, as: UTF8.self)
}
