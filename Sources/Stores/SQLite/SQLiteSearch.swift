import CSQLite
import Model

/// Exact nearest neighbours: SQLite asks a function of ours for every vector and keeps the best.
extension SQLiteStore: Searching {
    package func nearest(
        _ queries: Column, count: Int, field: String, in name: String, metric: Metric?, where filter: Filter?,
        limit: Int
    ) async throws(StoreError) -> [[Hit]] {
        let reading = try reading(name, at: nil)
        do {
            let hits = try await reading.nearest(
                queries, count: count, field: field, metric: metric, where: filter, limit: limit)
            await reading.close()
            return hits
        } catch {
            await reading.close()
            throw error
        }
    }
}

extension SQLiteReading {
    /// One query at a time; several share a pass over the records instead.
    nonisolated func nearest(
        _ queries: Column, count: Int, field name: String, metric: Metric?, where filter: Filter?, limit: Int
    ) async throws(StoreError) -> [[Hit]] {
        let field = try description.collection.vector(named: name)
        let conjuncts = filter?.conjuncts ?? []
        guard case .dense(let bytes) = queries.values, field.layout == .dense, count == 1,
            conjuncts.allSatisfy(answers)
        else {
            return try await ExactSearch(self)
                .nearest(queries, count: count, field: name, metric: metric, where: filter, limit: limit)
        }
        return [try await nearest(Distance(field.metric(or: metric), field, to: bytes), field, filter, limit: limit)]
    }

    private func nearest(
        _ distance: Distance, _ field: VectorField, _ filter: Filter?, limit: Int
    ) throws(StoreError) -> [Hit] {
        let table = self.table
        guard let place = table.collection.vectors.firstIndex(of: field) else { return [] }
        let condition = try condition(filter)
        let order = distance.metric.prefersLarger ? "DESC" : "ASC"
        let statement = try connected().prepared(
            """
            SELECT _vecsh_score(?, \(table.columns.vectors[place].quoted)) AS score, \(table.columns.key.quoted) \
            FROM \(table.name.quoted) WHERE \(condition.sql) \
            ORDER BY score \(order) NULLS LAST, \(table.keyOrder) LIMIT ?
            """)
        defer { statement.reset() }
        try SQLiteScore.bind(SQLiteScore(distance, field), to: statement)
        try statement.bind(condition.values + [.integer(Int64(max(0, limit)))], from: 2)
        var hits: [Hit] = []
        while try statement.step(), statement.type(0) != SQLITE_NULL {
            hits.append(Hit(key: try table.key(statement, 1), score: Float(statement.double(0))))
        }
        return hits
    }
}

extension SQLiteTable {
    /// The order of ``Key``; the texts of large numbers and of UUIDs differ in length.
    fileprivate var keyOrder: String {
        let key = columns.key.quoted
        return collection.key.type == .id ? "length(\(key)), \(key)" : key
    }
}

/// What `_vecsh_score(query, vector)` compares with: its first argument, a pointer that only we can make.
final class SQLiteScore {
    private let distance: Distance
    private let size: Int

    private static let label: StaticString = "vecsh"

    init(_ distance: Distance, _ field: VectorField) {
        self.distance = distance
        size = field.stride
    }

    static func register(in connection: SQLiteConnection) throws(StoreError) {
        let flags = SQLITE_UTF8 | SQLITE_DIRECTONLY
        let code = sqlite3_create_function_v2(
            connection.handle, "_vecsh_score", 2, flags, nil, { SQLiteScore.answer($0, $2) }, nil, nil, nil)
        guard code == SQLITE_OK else { throw connection.failure(code) }
    }

    static func bind(_ score: SQLiteScore, to statement: SQLiteStatement) throws(StoreError) {
        let pointer = Unmanaged.passRetained(score).toOpaque()
        try statement.check(
            sqlite3_bind_pointer(statement.handle, 1, pointer, name) { pointer in
                if let pointer { Unmanaged<SQLiteScore>.fromOpaque(pointer).release() }
            })
    }

    private static var name: UnsafePointer<CChar> {
        UnsafeRawPointer(label.utf8Start).assumingMemoryBound(to: CChar.self)
    }

    /// Answers the score, or NULL where there is none.
    private static func answer(
        _ context: OpaquePointer?, _ arguments: UnsafeMutablePointer<OpaquePointer?>?
    ) {
        guard let arguments, let pointer = sqlite3_value_pointer(arguments[0], name) else {
            return sqlite3_result_error(context, "_vecsh_score is called by vecsh alone", -1)
        }
        let score = Unmanaged<SQLiteScore>.fromOpaque(pointer).takeUnretainedValue()
        guard let vector = sqlite3_value_blob(arguments[1]) else { return sqlite3_result_null(context) }
        let bytes = UnsafeRawBufferPointer(start: vector, count: Int(sqlite3_value_bytes(arguments[1])))
        guard bytes.count == score.size else {
            return sqlite3_result_error(context, "a vector has \(bytes.count) bytes, not \(score.size)", -1)
        }
        guard let value = score.distance.score(bytes) else { return sqlite3_result_null(context) }
        sqlite3_result_double(context, Double(value))
    }
}
