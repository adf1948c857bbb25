import JSON
import Model
import Wire

extension MilvusStore {
    package func write(
        _ batch: Batch, to name: String, _ attempt: Attempt
    ) async throws(StoreError) -> Receipt {
        let table = try await table(name)
        let shape = table.collection
        try shape.check(batch)
        try check(batch, table, shape)
        let last = table.makesKeys(engine) ? batch : batch.withoutTwins()
        guard last.count > 0 else { return Receipt() }
        try await make(partition: batch.partition, of: table)
        return try await send(last, table, shape, attempt)
    }

    /// What the shape allows and this server does not.
    private func check(_ batch: Batch, _ table: MilvusTable, _ shape: Collection) throws(StoreError) {
        if !engine.readsGreatestKey, let row = batch.keys.firstIndex(of: .integer(.max)), !table.makesKeys(engine) {
            throw batch.refusal(row, "Milvus takes this key and never hands it out again")
        }
        if engine.kind == .nativeLite, let row = batch.keys.firstIndex(where: { $0.milvusText.contains(0) }) {
            throw batch.refusal(row, "Milvus Lite 2 breaks at a key with U+0000 in it")
        }
        guard engine.respellsJSON else { return }
        for (field, column) in zip(shape.fields, batch.fields) where field.type == .json {
            guard case .bytes(let rows) = column.values,
                let row = (0..<batch.count).first(where: {
                    column.mark($0) == .value && rows[$0].first { $0 > 0x20 } == UInt8(ascii: "\"")
                })
            else { continue }
            throw batch.refusal(
                row, "its field \"\(field.name)\" is a text alone, which Milvus Lite hands out as something else")
        }
    }

    private func make(partition: String?, of table: MilvusTable) async throws(StoreError) {
        guard let partition, engine.hasPartitions, !table.schema.hasPartitionKey,
            !table.partitions.contains(partition)
        else { return }
        try await server.create(partition: partition, of: table.schema.name)
        forget(table.schema.name)
    }

    private func send(
        _ batch: Batch, _ table: MilvusTable, _ shape: Collection, _ attempt: Attempt
    ) async throws(StoreError) -> Receipt {
        let makesKeys = table.makesKeys(engine)
        // Milvus Lite's own `Upsert` keeps members of the old payload; its `Insert` replaces.
        let isUpsert = attempt == .again && !makesKeys && engine.kind != .lite
        var request = server.request(table.schema.name, capacity: batch.byteCount + batch.byteCount / 8 + 1024)
        if engine.hasPartitions, !table.schema.hasPartitionKey { request.text(4, batch.partition ?? "") }
        try MilvusRecords(batch, table, shape).write(to: &request, withKeys: !makesKeys)
        guard request.count <= Self.longestMessage else {
            throw StoreError(
                .tooLarge, "\(batch.count) records make \(request.count) bytes; Milvus takes 64 MiB at once")
        }
        let answer = try await server.mutate(isUpsert ? "Upsert" : "Insert", request, table.schema.name)
        guard answer.count == batch.count else {
            throw StoreError(
                .malformed, "\(server.line.address) took \(answer.count) of \(batch.count) records",
                mayHaveWritten: true)
        }
        return Receipt(invented: makesKeys ? answer.keys : [])
    }

    private static let longestMessage = 64 << 20

    package func delete(_ keys: [Key], from name: String) async throws(StoreError) -> Int {
        let table = try await table(name)
        let reading = try await MilvusReading(server, table, residence)
        let accepted = Array(Set(keys.filter { table.keyType.accepts($0) }))
        var count = 0
        for start in stride(from: 0, to: accepted.count, by: MilvusReading.mostKeys) {
            let some = Array(accepted[start..<min(start + MilvusReading.mostKeys, accepted.count)])
            // The server counts what it was asked to delete, whether it was there or not.
            let there = try await reading.fetch(some, .keys).keys
            guard !there.isEmpty else { continue }
            try await delete(where: try reading.expression.among(there), from: table.schema.name)
            count += there.count
        }
        return count
    }

    func delete(where expression: String, from name: String) async throws(StoreError) {
        var request = server.request(name, capacity: expression.utf8.count + 128)
        request.text(5, expression)
        _ = try await server.mutate("Delete", request, name)
    }
}

extension MilvusTable {
    /// Whether the server will make up the keys of what is written now.
    func makesKeys(_ engine: MilvusEngine) -> Bool {
        guard schema.key?.isAutomatic == true else { return false }
        return engine.kind != .lite && properties["allow_insert_auto_id"] != "true"
    }
}

/// What an insert or a delete answers.
struct MilvusMutation {
    private(set) var count = 0
    private(set) var keys: [ClosedRange<Int64>] = []

    mutating func take(_ field: ProtoField) throws {
        switch field.number {
        case 2:
            var numbers: [Int64] = []
            try field.forEach { ids in
                if ids.number == 1 { try ids.forEach { if $0.number == 1 { try $0.append(to: &numbers) } } }
            }
            keys = MilvusMutation.ranges(numbers)
        case 6, 8: count = max(count, Int(try field.integer()))
        default: break
        }
    }

    private static func ranges(_ numbers: [Int64]) -> [ClosedRange<Int64>] {
        var ranges: [ClosedRange<Int64>] = []
        for number in numbers.sorted() {
            if let last = ranges.last, last.upperBound + 1 == number {
                ranges[ranges.count - 1] = last.lowerBound...number
            } else {
                ranges.append(number...number)
            }
        }
        return ranges
    }
}

extension MilvusServer {
    func mutate(_ method: String, _ request: ProtoWriter, _ name: String) async throws(StoreError) -> MilvusMutation {
        var mutation = MilvusMutation()
        try await ask(method, request, about: name) { try mutation.take($0) }
        return mutation
    }

    /// Brings what was written into its final form on the server's disk.
    func flush(_ name: String, waiting: Bool) async throws(StoreError) {
        var (segments, time): ([Int64], UInt64) = ([], 0)
        let request = ProtoWriter { writer in
            writer.text(2, database)
            writer.bytes(3, name.utf8)
        }
        try await ask("Flush", request, about: name) { field in
            switch field.number {
            case 3:
                try field.forEach { entry in
                    if entry.number == 2 { try entry.forEach { if $0.number == 1 { try $0.append(to: &segments) } } }
                }
            case 6: try field.forEach { if $0.number == 2 { time = try $0.unsigned() } }
            default: break
            }
        }
        guard waiting, engine.kind == .server else { return }
        while try await !isFlushed(name, segments, time) {
            do { try await Task.sleep(for: .milliseconds(100)) } catch {
                throw StoreError(.cancelled, "stopped while \(name) is flushed")
            }
        }
    }

    private func isFlushed(_ name: String, _ segments: [Int64], _ time: UInt64) async throws(StoreError) -> Bool {
        var isFlushed = false
        let request = ProtoWriter { writer in
            if !segments.isEmpty { writer.integers(1, segments) }
            writer.integer(2, time)
            writer.text(3, database)
            writer.text(4, name)
        }
        try await ask("GetFlushState", request, about: name) { field in
            if field.number == 2 { isFlushed = try field.bool() }
        }
        return isFlushed
    }
}
