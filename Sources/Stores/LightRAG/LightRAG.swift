import Glibc
import Model

/// The working folder of LightRAG, with the files of nano-vectordb: `vdb_*.json`, `kv_store_*.json`, `graph_*.graphml`.
package enum LightRAG {
    package static let kind = StoreKind(
        scheme: "lightrag", summary: "The working folder of LightRAG, files of nano-vectordb",
        address: "lightrag:///path/to/folder",
        options: [
            StoreOption("workspace", "the workspace, a folder in the working folder", isPlace: true),
            StoreOption("create", "make the folder when the first collection is created: yes or no", fallback: "yes"),
        ]
    ) { endpoint, options throws(StoreError) in
        let store = try LightRAGStore(
            at: folder(endpoint, options["workspace"]), mayCreate: isYes(options["create"] ?? "yes"),
            dimension: dimension())
        try await store.check()
        return store
    }

    private static func folder(_ endpoint: Endpoint, _ workspace: String?) throws(StoreError) -> String {
        guard endpoint.host.isEmpty, !endpoint.path.isEmpty else {
            throw StoreError(
                .rejected, "\(endpoint) names no folder",
                help: "write lightrag:///absolute/path or lightrag://./relative/path")
        }
        guard let workspace, !workspace.isEmpty else { return endpoint.path }
        guard !workspace.contains("/"), workspace != ".." else {
            throw StoreError(.rejected, "workspace=\(workspace) is no folder's name")
        }
        return "\(endpoint.path)/\(workspace)"
    }

    private static func isYes(_ word: String) throws(StoreError) -> Bool {
        switch word {
        case "yes", "true": return true
        case "no", "false": return false
        default: throw StoreError(.rejected, "create=\(word) is not understood", help: "say yes or no")
        }
    }

    /// What LightRAG itself is told about vectors that its files do not tell.
    private static func dimension() throws(StoreError) -> Int? {
        guard let text = getenv("LIGHTRAG_EMBEDDING_DIM").map({ String(cString: $0) }), !text.isEmpty else {
            return nil
        }
        guard let number = Int(text), number > 0 else {
            throw StoreError(.rejected, "LIGHTRAG_EMBEDDING_DIM is \"\(text)\", and no dimension")
        }
        return number
    }
}
