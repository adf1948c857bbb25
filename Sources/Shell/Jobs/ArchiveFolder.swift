import Model
import Stores

/// Archives at a path, whatever characters it holds.
enum ArchiveFolder {
    static let open: @Sendable (String) async throws -> any Store = { path in
        guard let kind = storeKinds.first(where: { $0.scheme == "archive" }), var endpoint = Endpoint("archive://")
        else {
            throw StoreError(.unsupported, "this program has no archives")
        }
        endpoint.path = path
        return try await kind.open(endpoint, [:])
    }
}
