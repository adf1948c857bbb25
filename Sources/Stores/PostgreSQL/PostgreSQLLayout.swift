import Model

/// Tables that other programs have laid out, seen as the collections of LightRAG that they hold.
///
/// Each of its tables may hold the records of several workspaces; the collections are those of one.
struct PostgreSQLLayout: Hashable, Sendable {
    enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The four tables of the HybridRAG guide.
        case hybridrag
        /// What LightRAG's own PostgreSQL storages read.
        case lightrag
    }

    let kind: Kind
    let workspace: String

    /// Nil where every table is a collection.
    init?(_ options: [String: String]) throws(StoreError) {
        let name = options["layout"] ?? "plain"
        guard name != "plain" else {
            guard options["workspace"] == nil else {
                throw StoreError(
                    .rejected, "a plain layout has no workspaces", help: "say layout=lightrag or layout=hybridrag, too")
            }
            return nil
        }
        guard let kind = Kind(rawValue: name) else {
            throw StoreError(
                .rejected, "there is no layout \"\(name)\"",
                help: "there are plain, \(Kind.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.kind = kind
        workspace = options["workspace"] ?? "default"
        guard !workspace.isEmpty, workspace.count <= 255, !workspace.utf8.contains(0) else {
            throw StoreError(.rejected, "\"\(workspace)\" is no name for a workspace: it has 1 to 255 characters")
        }
    }

    var models: [PostgreSQLModel] {
        switch kind {
        case .hybridrag: PostgreSQLModel.hybridRAG
        case .lightrag: PostgreSQLModel.lightRAG
        }
    }

    // MARK: Names

    /// The table that holds a collection, or a generation of it; nil if the layout has none.
    func table(for collection: String) -> String? {
        model(for: collection).map { $0.table + collection.dropFirst($0.collection.count) }
    }

    /// Nil for a table that is not the layout's.
    func collection(in table: String) -> String? {
        model(of: table).map { $0.collection + table.dropFirst($0.table.count) }
    }

    func model(of table: String) -> PostgreSQLModel? { model(called: table, \.table) }
    func model(for collection: String) -> PostgreSQLModel? { model(called: collection, \.collection) }

    /// `_staging` and the like belong to the collection and the table alike; what is prepared may be called after a
    /// collection and more: `vdb_chunks_restore_staging`.
    private func model(called name: String, _ own: (PostgreSQLModel) -> String) -> PostgreSQLModel? {
        guard let live = GenerationName.staged(for: name) ?? GenerationName.kept(name)?.name else {
            return models.first { own($0) == name }
        }
        return models.filter { live == own($0) || live.hasPrefix(own($0) + "_") }
            .max { own($0).utf8.count < own($1).utf8.count }
    }

    func checked(_ table: String?, for collection: String) throws(StoreError) -> String {
        if let table { return table }
        let names = models.map(\.collection).joined(separator: ", ")
        throw StoreError(
            .rejected, "layout=\(kind.rawValue) has no table for \"\(collection)\"",
            help: kind.hint(collection) ?? "it has tables for \(names)")
    }

    // MARK: Workspaces

    /// Which rows are ours.
    var scope: String { "workspace = \(workspace.literal)" }

    /// Throws where a table that is to be replaced as a whole holds somebody else's records, too.
    func checkAlone(_ table: PostgreSQLName, _ connection: PostgreSQLConnection) throws(StoreError) {
        let others = try connection.run(
            "SELECT DISTINCT workspace FROM \(table.sql) WHERE workspace IS DISTINCT FROM \(workspace.literal) LIMIT 3"
        ).rows.map { $0.text(0) ?? "NULL" }
        guard let first = others.first else { return }
        throw StoreError(
            .conflict, "\(table.table) holds records of another workspace, too: \"\(first)\"",
            help: "copy without `staged`, or keep each workspace in a schema of its own: schema=\(workspace)")
    }
}

extension PostgreSQLLayout.Kind {
    /// Where that belongs which this layout does not hold.
    func hint(_ collection: String) -> String? {
        switch self {
        case .lightrag where collection.hasPrefix("graph_"):
            "LightRAG keeps graphs in Apache AGE or in a file: leave the .graphml to its NetworkXStorage"
        case .hybridrag where PostgreSQLModel.lightRAG.contains { $0.collection == collection }:
            "layout=lightrag has one"
        case .hybridrag where collection == "graph_nodes": "layout=plain holds every collection"
        case .hybridrag, .lightrag: nil
        }
    }
}
