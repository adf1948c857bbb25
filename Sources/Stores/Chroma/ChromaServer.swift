import JSON
import Model
import Wire

/// A Chroma that has answered, and one of its databases.
struct ChromaServer: Sendable {
    let line: ChromaLine
    let engine: ChromaEngine
    let tenant: String
    let database: String

    static func reached(
        _ line: ChromaLine, tenant: String, database: String, _ mayCreate: Bool
    ) async throws(StoreError) -> ChromaServer {
        let server = ChromaServer(
            line: line, engine: try await ChromaEngine.asked(line), tenant: tenant, database: database)
        try await server.enter(mayCreate)
        return server
    }

    /// Chroma lists no collections for a database that is not there, so it is asked for by name.
    private func enter(_ mayCreate: Bool) async throws(StoreError) {
        guard engine.hasTenants else { return }
        let missing: StoreError
        do throws(StoreError) { return _ = try await line.bytes("GET", databasePath(database)) } catch {
            guard error.code == .notFound else { throw error }
            missing = error
        }
        guard mayCreate else {
            throw StoreError(
                .notFound, "\(line.address) has no database \"\(database)\" of tenant \"\(tenant)\"",
                help: "name another one, or say `with create=yes`; the server says: \(missing.message)")
        }
        try await make("\(engine.root)/tenants", tenant)
        try await make(databasePath(nil), database)
    }

    private func make(_ path: String, _ name: String) async throws(StoreError) {
        do throws(StoreError) { _ = try await line.answer("POST", path, ["name": .string(name)]) } catch {
            guard error.code == .conflict else { throw error }
        }
    }

    // MARK: Paths

    private func databasePath(_ name: String?) -> String {
        let (tenant, name) = (ChromaLine.step(tenant), name.map { "/" + ChromaLine.step($0) } ?? "")
        return engine.api == 2
            ? "\(engine.root)/tenants/\(tenant)/databases\(name)" : "\(engine.root)/databases\(name)?tenant=\(tenant)"
    }

    /// Where collections are made, listed and called by name.
    func path(_ step: String = "", query: String = "") -> String {
        let behind = "/collections" + (step.isEmpty ? "" : "/" + ChromaLine.step(step))
        guard engine.api == 1 else {
            return databasePath(database) + behind + (query.isEmpty ? "" : "?" + query)
        }
        let place =
            engine.hasTenants
            ? ["tenant=\(ChromaLine.step(tenant))", "database=\(ChromaLine.step(database))"] : []
        let words = (place + (query.isEmpty ? [] : [query])).joined(separator: "&")
        return engine.root + behind + (words.isEmpty ? "" : "?" + words)
    }

    /// Where records are asked for and written.
    func path(_ table: ChromaTable, _ verb: String) -> String {
        let home = engine.api == 2 ? databasePath(database) : engine.root
        return "\(home)/collections/\(table.id)" + (verb.isEmpty ? "" : "/" + verb)
    }

    // MARK: Collections

    func tables() async throws(StoreError) -> [ChromaTable] {
        var tables: [ChromaTable] = []
        while true {
            let some = try await line.answer("GET", path(query: "limit=\(Self.pageSize)&offset=\(tables.count)")).array
            let found = try (some ?? []).map { json throws(StoreError) in try ChromaTable(json, line.address) }
            tables += found
            if found.count < Self.pageSize { return tables }
        }
    }

    private static let pageSize = 500

    func table(_ name: String) async throws(StoreError) -> ChromaTable {
        try ChromaTable(try await line.answer("GET", path(name), about: name), line.address)
    }

    func existing(_ name: String) async throws(StoreError) -> ChromaTable? {
        do throws(StoreError) { return try await table(name) } catch {
            guard error.code == .notFound || error.code == .rejected else { throw error }
            return nil
        }
    }
}

extension ChromaEngine {
    static func asked(_ line: ChromaLine) async throws(StoreError) -> ChromaEngine {
        let api = try await line.response("GET", "/api/v2/heartbeat").status == 200 ? 2 : 1
        let root = "/api/v\(api)"
        if api == 1 {
            let beat = try await line.answer("GET", "\(root)/heartbeat")
            guard beat["nanosecond heartbeat"] != nil else {
                throw StoreError(
                    .malformed, "\(line.address) answers, but not as Chroma does", help: "is this a Chroma?")
            }
        }
        let version = try await line.answer("GET", "\(root)/version").string ?? ""
        // Versions before 0.4.15 know neither.
        let limits = try? await line.answer("GET", "\(root)/pre-flight-checks")
        let hasTenants =
            api == 2 ? true : try await line.response("GET", "\(root)/tenants/default_tenant").status != 404
        return ChromaEngine(
            api: api, version: version, hasTenants: hasTenants,
            mostRecords: limits?["max_batch_size"]?.integer.map { max(1, Int($0)) } ?? 166,
            takesBase64: limits?["supports_base64_encoding"]?.bool ?? false,
            hasLists: api == 2 && !version.hasPrefix("0.") ? try await knowsLists(line) : false)
    }

    /// Every 1.x calls itself 1.0.0. One that has no lists refuses the record before it looks for the collection, and
    /// there is none of this number.
    private static func knowsLists(_ line: ChromaLine) async throws(StoreError) -> Bool {
        let nowhere =
            "/api/v2/tenants/\(Chroma.usualTenant)/databases/\(Chroma.usualDatabase)"
            + "/collections/00000000-0000-0000-0000-000000000000/upsert"
        let body = #"{"ids":["a"],"embeddings":[[1]],"metadatas":[{"a":["b"]}]}"#
        return try await line.response("POST", nowhere, Array(body.utf8)).status != 422
    }
}

extension ChromaServer {
    /// The records of these ids; none are all, cut out by `limit` and `offset`.
    func records(
        of table: ChromaTable, _ ids: [Text], _ columns: [String] = [], where condition: ChromaCondition = .init(),
        limit: Int? = nil, offset: Int = 0, dimension: Int = 0
    ) async throws(StoreError) -> ChromaAnswer {
        var body = JSONWriter()
        body.raw(#"{"include":"#)
        body.list(columns) { $0.string($1) }
        if !ids.isEmpty {
            body.raw(#","ids":"#)
            body.list(ids) { $0.string($1.utf8) }
        }
        condition.write(to: &body)
        if let limit { body.raw(#","limit":\#(limit),"offset":\#(offset)"#.utf8) }
        body.raw("}")
        let answer = try await line.bytes("POST", path(table, "get"), body.bytes, about: table.name)
        do { return try ChromaAnswer(answer, dimension: dimension) } catch { throw line.malformed(error) }
    }
}
