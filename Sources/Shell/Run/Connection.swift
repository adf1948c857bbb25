import Language
import Model
import Stores

/// A store under a name.
struct Connection: Sendable {
    let name: String
    let endpoint: Endpoint
    let kind: StoreKind
    let options: [String: String]
    let isReadOnly: Bool
    /// Nil until it is first used.
    var store: (any Store)?

    /// Where the database is, written in one way however it was typed: so jobs and plans find it again.
    var address: String {
        var endpoint = endpoint
        endpoint.password = nil
        if kind.isLocal {
            if !endpoint.path.isEmpty { endpoint.path = Folders.real(endpoint.path) }
        } else {
            endpoint.host = endpoint.host.lowercased()
            endpoint.port = endpoint.port ?? kind.port
        }
        let said = kind.options.filter(\.isPlace)
            .compactMap { option in options[option.name].map { "\(option.name)=\($0)" } }
        return endpoint.description + (said.isEmpty ? "" : " with \(said.joined(separator: ", "))")
    }

    func opened() async throws(StoreError) -> any Store {
        let store = try await kind.open(endpoint, options)
        return isReadOnly ? ReadOnlyStore(store, name: name) : store
    }
}

/// One collection of one connection, and who named it.
struct Place: Sendable {
    let connection: String
    let name: String
    let store: any Store
    let span: Span

    var description: String { "\(connection):\(name)" }

    /// Runs store calls on this collection; what goes wrong is shown under its name.
    func use<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: (any Store, String) async throws -> Result
    ) async throws -> Result {
        do { return try await body(store, name) } catch let error as StoreError { throw Failure(error, at: span) }
    }

    /// Opens the collection for as long as `body` runs.
    func reading<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: (any Reading) async throws -> Result
    ) async throws -> Result {
        try await use { store, name in
            try await store.read(name, at: nil).closing(body)
        }
    }
}
