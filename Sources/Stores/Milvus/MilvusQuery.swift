import Model
import Wire

/// What is asked of the records of one collection.
struct MilvusQuery: Sendable {
    var expression: String
    var outputs: [String]
    /// Empty for all.
    var partition = ""
    var limit: Int?
}

extension MilvusServer {
    /// The fields of the answer, as they came; at least what was written until `timestamp` is seen.
    func query(
        _ query: MilvusQuery, of table: MilvusTable, at timestamp: UInt64
    ) async throws(StoreError) -> [MilvusFieldData] {
        var request = request(table.schema.name, capacity: query.expression.utf8.count + 256)
        request.text(4, query.expression)
        for name in query.outputs { request.text(5, name) }
        request.text(6, query.partition)
        request.integer(8, timestamp)
        if let limit = query.limit {
            request.pair(9, "limit", String(limit))
            // Without these a server stops at the end of a part and calls that the end.
            request.pair(9, "reduce_stop_for_best", "True")
            request.pair(9, "iterator", "True")
        }
        if table.number != 0 { request.pair(9, "collection_id", String(table.number)) }
        request.integer(11, consistency(timestamp))
        var fields: [MilvusFieldData] = []
        try await ask("Query", request, about: table.schema.name) { field in
            if field.number == 2 { fields.append(try MilvusFieldData(field.bytes())) }
        }
        return fields
    }

    /// `Strong` where there is no timestamp to wait for, else that of the request.
    func consistency(_ timestamp: UInt64) -> Int { timestamp == 0 ? 0 : 4 }

    /// A timestamp of now; 0 where the server has none and is never behind.
    func timestamp() async throws(StoreError) -> UInt64 {
        guard engine.kind == .server else { return 0 }
        var timestamp: UInt64 = 0
        try await ask("AllocTimestamp", ProtoWriter()) { field in
            if field.number == 2 { timestamp = try field.unsigned() }
        }
        return timestamp
    }

    /// The timestamp at which an iterator over the collection would read it.
    func sessionTimestamp(_ table: MilvusTable) async throws(StoreError) -> UInt64 {
        var request = request(table.schema.name)
        request.text(5, table.schema.key?.name ?? "")
        for (name, value) in [("limit", "1"), ("iterator", "True"), ("reduce_stop_for_best", "True")] {
            request.pair(9, name, value)
        }
        var timestamp: UInt64 = 0
        try await ask("Query", request, about: table.schema.name) { field in
            if field.number == 5 { timestamp = try field.unsigned() }
        }
        return timestamp
    }
}
