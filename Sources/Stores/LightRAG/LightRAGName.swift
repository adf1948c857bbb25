import Model

/// A collection's name, which says what kind of file holds it.
struct LightRAGName: Hashable, Sendable {
    enum Kind: Sendable {
        /// `vdb_*.json`: rows, and a matrix of their vectors.
        case vectors
        /// `kv_store_*.json`: objects by their keys.
        case values
        /// `graph_*.graphml`: two collections in one file.
        case nodes, edges
    }

    /// What only our own files are called by: LightRAG does not look into it.
    static let hidden = ".vecsh"
    private static let graph = "chunk_entity_relation"

    let name: String
    let kind: Kind
    /// The file, below the working folder.
    let file: String

    /// Nil if no file of LightRAG's is called like this.
    init?(_ name: String) {
        let live = GenerationName.staged(for: name) ?? GenerationName.kept(name)?.name ?? name
        let isLive = live == name
        guard Self.isFileName(name), let kind = isLive ? Self.kind(live) : Self.kind(behind: live) else { return nil }
        self.name = name
        self.kind = kind
        switch kind {
        case .vectors, .values: file = isLive ? "\(name).json" : "\(Self.hidden)/\(name).json"
        case .nodes, .edges: file = isLive ? "\(Self.graphFile(live)).graphml" : "\(Self.hidden)/\(name).graphml"
        }
    }

    private static func isFileName(_ name: String) -> Bool {
        !name.utf8.contains(0) && !name.contains("/") && name.utf8.count <= 200
    }

    private static func kind(_ name: String) -> Kind? {
        if name.hasPrefix("vdb_"), name != "vdb_" { return .vectors }
        if name.hasPrefix("kv_store_"), name != "kv_store_" { return .values }
        guard name.hasPrefix("graph_") else { return nil }
        return name.hasSuffix("_nodes") || name == "graph_nodes"
            ? .nodes : name.hasSuffix("_edges") || name == "graph_edges" ? .edges : nil
    }

    /// What is prepared for a collection may be called after it, and more: `graph_edges_restore`.
    private static func kind(behind name: String) -> Kind? {
        if let kind = kind(name) { return kind }
        return name.lastIndex(of: "_").flatMap { kind(behind: String(name[..<$0])) }
    }

    /// LightRAG has one graph, so that the name of its file is left out.
    private static func graphFile(_ name: String) -> String {
        name == "graph_nodes" || name == "graph_edges" ? "graph_\(graph)" : String(name.dropLast("_nodes".count))
    }

    /// The other collection of a graph's file; what is not live has a file of its own.
    var sibling: LightRAGName? {
        guard isLive else { return nil }
        return switch kind {
        case .nodes: LightRAGName(name.replacing(last: "nodes", "edges"))
        case .edges: LightRAGName(name.replacing(last: "edges", "nodes"))
        case .vectors, .values: nil
        }
    }

    /// The collections that a file of this name holds; none if it is not LightRAG's.
    static func inFile(_ file: String) -> [LightRAGName] {
        if file.hasSuffix(".json") {
            return [LightRAGName(String(file.dropLast(".json".count)))].compactMap(\.self).filter { !$0.isGraph }
        }
        guard file.hasSuffix(".graphml"), file.hasPrefix("graph_") else { return [] }
        let stem = file.dropLast(".graphml".count)
        let names = stem == "graph_\(graph)" ? ["graph_nodes", "graph_edges"] : ["\(stem)_nodes", "\(stem)_edges"]
        return names.compactMap { LightRAGName($0) }.filter { $0.file == file }
    }

    var isGraph: Bool { kind == .nodes || kind == .edges }
    var isLive: Bool { !file.hasPrefix(Self.hidden) }
}

extension String {
    fileprivate func replacing(last word: String, _ other: String) -> String {
        guard let place = ranges(of: word).last else { return self }
        return replacingCharacters(in: place, with: other)
    }

    private func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}

extension StoreError {
    static func lightRAG(noName name: String) -> StoreError {
        StoreError(
            .rejected, "no file of LightRAG's is called \"\(name)\"",
            help: "it has vdb_*, kv_store_*, graph_nodes and graph_edges: copy to vdb_\(name), for instance")
    }

    /// What a file holds is not what it should.
    static func lightRAG(broken path: String, _ what: String, help: String? = nil) -> StoreError {
        StoreError(
            .malformed, "\(path): \(what)", help: help ?? "restore it from a backup, or have LightRAG write it again")
    }
}
