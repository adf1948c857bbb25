import JSON
import Model

extension PostgreSQLStore: Searching {
    package func nearest(
        _ queries: Column, count: Int, field name: String, in collection: String, metric: Metric?,
        where filter: Filter?, limit: Int
    ) async throws(StoreError) -> [[Hit]] {
        let found = try await found(collection)
        try found.table.checkReadable()
        let field = try found.table.collection.vector(named: name)
        let metric = try field.metric(or: metric)
        if let search = try PostgreSQLSearch(found.table, field, metric, filter, limit: limit, state.available),
            let texts = search.texts(queries, count: count)
        {
            return try await lanes.run { connection throws(StoreError) in try search.run(texts, connection) }
        }
        return try await PostgreSQLReading.open(server, found, at: nil).closing { reading throws(StoreError) in
            try await ExactSearch(reading)
                .nearest(queries, count: count, field: name, metric: metric, where: filter, limit: limit)
        }
    }
}

/// A search that the server does itself.
private struct PostgreSQLSearch {
    private let table: PostgreSQLTable
    private let field: VectorField
    private let column: PostgreSQLColumn
    private let metric: Metric
    private let filter: Filter?
    private let limit: Int
    private let available: PostgreSQLExtension
    private let sign: String
    /// The index that can be used, if there is one for this metric.
    private let index: Index?

    /// Indexes give no more than so many.
    private static let mostFromIndex = 1_000

    /// Nil where the server does not know such a distance, or cannot answer all of the filter.
    init?(
        _ table: PostgreSQLTable, _ field: VectorField, _ metric: Metric, _ filter: Filter?, limit: Int,
        _ available: PostgreSQLExtension
    ) throws(StoreError) {
        guard let place = table.collection.vectors.firstIndex(of: field), field.layout != .multi else { return nil }
        if let filter { _ = try BoundFilter(filter.withoutNative, table.collection) }
        let column = table.vectors[place]
        let conjuncts = filter?.conjuncts ?? []
        guard conjuncts.allSatisfy({ PostgreSQLFilter(table).condition($0) != nil }),
            let sign = PostgreSQLMetric.operator(metric, column.wire),
            available.hasHalves || [.l2, .ip, .cosine].contains(metric)
        else { return nil }
        (self.table, self.field, self.column, self.metric) = (table, field, column, metric)
        (self.filter, self.limit, self.available, self.sign) = (filter, limit, available, sign)
        index = table.collection.indexes.first { $0.field == field.name && $0.metric == metric }
    }

    /// The queries as PostgreSQL spells them; nil where one is no vector of this field.
    func texts(_ queries: Column, count: Int) -> [String]? {
        switch queries.values {
        case .dense(let bytes):
            guard field.layout == .dense, bytes.count == count * field.stride else { return nil }
            return (0..<count).map { dense(Array(bytes[$0 * field.stride..<($0 + 1) * field.stride])) }
        case .sparse(let indices, let weights):
            guard case .sparse(let dimension) = column.wire else { return nil }
            return (0..<count).map { row in
                let pairs = zip(indices[row], weights[indices.range(of: row)]).filter { $0.1 != 0 }
                return "{\(pairs.map { "\($0.0 + 1):\($0.1)" }.joined(separator: ","))}/\(dimension)"
            }
        case .bools, .integers, .floats, .bytes, .multi: return nil
        }
    }

    private func dense(_ bytes: [UInt8]) -> String {
        let values = bytes.withUnsafeBytes { field.element.floats($0, dimension: field.dimension ?? 0) }
        if field.element == .bit { return values.map { $0 == 0 ? "0" : "1" }.joined() }
        var writer = JSONWriter()
        writer.list(values) { $0.float($1) }
        return writer.text
    }

    func run(_ texts: [String], _ connection: PostgreSQLConnection) throws(StoreError) -> [[Hit]] {
        let condition = try PostgreSQLFilter(table).checked(filter, connection)
        return try connection.transaction("READ ONLY") { () throws(StoreError) in
            for setting in settings { try connection.run("SET LOCAL \(setting)") }
            var hits: [[Hit]] = []
            for text in texts { hits.append(try nearest(text, condition, connection)) }
            return hits
        }
    }

    /// So that an index looks far enough, or not at all.
    private var settings: [String] {
        guard let index else { return [] }
        guard 4 * limit <= Self.mostFromIndex else { return ["enable_indexscan = off"] }
        let isFiltered = filter != nil && available.isAtLeast(0, 8)
        if index.type == "hnsw" {
            let reach = "hnsw.ef_search = \(max(40, min(Self.mostFromIndex, 4 * limit)))"
            return [reach] + (isFiltered ? ["hnsw.iterative_scan = strict_order"] : [])
        }
        let lists = index.params["lists"]?.double ?? 100
        return ["ivfflat.probes = \(max(1, Int(lists.squareRoot().rounded(.up))))"]
            + (isFiltered ? ["ivfflat.iterative_scan = relaxed_order"] : [])
    }

    private func nearest(
        _ query: String, _ condition: String, _ connection: PostgreSQLConnection
    ) throws(StoreError) -> [Hit] {
        let rows = try connection.run(statement(query, condition)).rows
        var hits: [Hit] = []
        for row in rows {
            // A vector of zeros has no direction.
            guard let key = table.key(spelled: row.string(0)), let distance = row.text(1).flatMap(Double.init),
                !distance.isNaN
            else { continue }
            hits.append(Hit(key: key, score: PostgreSQLMetric.score(metric, distance)))
        }
        return hits.sorted { a, b in
            a.score != b.score ? (a.score > b.score) == metric.prefersLarger : a.key < b.key
        }
    }

    private func statement(_ query: String, _ condition: String) -> String {
        let name = column.name.quoted
        let value = "\(query.literal)::\(available.sqlType(column.wire))"
        let score = "\(name) \(available.sql(operator: sign)) \(value)"
        let key = "\(table.key.selection)\(table.key.columns.count == 1 ? "::text" : "")"
        let kept = "\(condition) AND \(name) IS NOT NULL"
        guard index?.params["cast"] != nil, case .vector(_, let dimension) = column.wire else {
            // With an index the order must be the distance alone.
            let order = index == nil ? "2, \(table.key.order)" : "2"
            return
                "SELECT \(key), \(score) FROM \(table.name.sql) WHERE \(kept) ORDER BY \(order) LIMIT \(max(0, limit))"
        }
        let halves = available.sqlType(.vector(.halfvec, dimension: dimension))
        let near = "\(name)::\(halves) \(available.sql(operator: sign)) \(query.literal)::\(halves)"
        return """
            SELECT \(key), \(score) FROM (SELECT * FROM \(table.name.sql) WHERE \(kept) ORDER BY \(near) \
            LIMIT \(max(0, 4 * limit))) near ORDER BY 2 LIMIT \(max(0, limit))
            """
    }
}

extension PostgreSQLTable {
    /// The key that PostgreSQL spells like this.
    fileprivate func key(spelled text: String) -> Key? { collection.key.type.key(spelled: text) }
}

extension Filter {
    /// What can be checked of it: native conditions are the server's.
    fileprivate var withoutNative: Filter {
        .all(of: conjuncts.filter { if case .native = $0 { false } else { true } })
    }
}
