import JSON
import Model
import Wire

extension ChromaStore {
    package func write(_ batch: Batch, to name: String, _ attempt: Attempt) async throws(StoreError) -> Receipt {
        let table = try await table(name)
        let shape = ChromaTable.filled(table.collection(engine), by: batch)
        try shape.check(batch)
        try check(batch, shape)
        let last = batch.withoutTwins()
        guard last.count > 0 else { return Receipt() }
        // An upsert leaves what the new record does not have.
        let old = attempt == .again ? try await traces(last.keys, table) : [:]
        var records = ChromaRecords(last, shape, engine)
        let body = try records.body(replacing: old)
        guard body.count <= engine.longestRequest else {
            throw StoreError(
                .tooLarge,
                "\(last.count) records make \(body.count) bytes; Chroma takes \(engine.longestRequest) at once")
        }
        if !records.outdated.isEmpty { try await remove(records.outdated, table) }
        _ = try await server.line.bytes("POST", server.path(table, "upsert"), body, about: name)
        learn(shape, of: table)
        return Receipt()
    }

    // MARK: What the shape allows and Chroma does not

    private func check(_ batch: Batch, _ shape: Collection) throws(StoreError) {
        if !engine.takesEmptyKeys, let row = batch.keys.firstIndex(where: { $0.chromaText.isEmpty }) {
            throw batch.refusal(row, "Chroma takes no empty id")
        }
        if let vector = shape.vectors.first { try batch.checkVectors(vector) }
    }

    // MARK: What stood there before

    private func traces(_ keys: [Key], _ table: ChromaTable) async throws(StoreError) -> [Text: ChromaTraces] {
        let ids = keys.map { Text(utf8: $0.chromaText) }
        var traces: [Text: ChromaTraces] = [:]
        for start in stride(from: 0, to: ids.count, by: ChromaReading.mostKeys) {
            let some = Array(ids[start..<min(start + ChromaReading.mostKeys, ids.count)])
            let answer = try await server.records(of: table, some, ["metadatas", "documents", "uris"])
            do { for (id, found) in try answer.traces() { traces[id] = found } } catch {
                throw server.line.malformed(error)
            }
        }
        return traces
    }

    package func delete(_ keys: [Key], from name: String) async throws(StoreError) -> Int {
        let table = try await table(name)
        let ids = Array(engine.ids(keys, of: table.collection(engine)))
        var count = 0
        for start in stride(from: 0, to: ids.count, by: ChromaReading.mostKeys) {
            // The server counts what it was asked to delete, whether it was there or not.
            let some = Array(ids[start..<min(start + ChromaReading.mostKeys, ids.count)])
            let there = try await server.records(of: table, some, []).count
            guard there > 0 else { continue }
            try await remove(some, table)
            count += there
        }
        return count
    }

    private func remove(_ ids: [Text], _ table: ChromaTable) async throws(StoreError) {
        var body = JSONWriter()
        body.raw(#"{"ids":"#)
        body.list(ids) { $0.string($1.utf8) }
        body.raw("}")
        _ = try await server.line.bytes("POST", server.path(table, "delete"), body.bytes, about: table.name)
    }
}
