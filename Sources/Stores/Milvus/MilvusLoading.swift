import Model
import Wire

extension MilvusStore: Flushing {
    package func flush(_ name: String) async throws(StoreError) {
        try await server.flush(try await table(name).schema.name, waiting: true)
    }
}

/// A collection that makes up its keys takes given ones for the time of a load, where its server can.
extension MilvusStore: Loading {
    private static let given = "allow_insert_auto_id"

    package func begin(_ name: String, for job: String) async throws(StoreError) {
        let table = try await fresh(name)
        guard engine.kind == .server, engine.takesGivenKeys, table.schema.key?.isAutomatic == true,
            table.properties[Self.given] != "true"
        else { return }
        var request = server.request(table.schema.name)
        // The second is the mark that `finish` is to put it back.
        request.pairs(5, [Self.given: "true", MilvusMark.given: table.properties[Self.given] ?? ""])
        try await server.order("AlterCollection", request, about: name)
        forget(name)
    }

    package func finish(_ name: String, for job: String) async throws(StoreError) {
        let table = try await fresh(name)
        if let before = table.properties[MilvusMark.given] {
            var request = server.request(table.schema.name)
            if !before.isEmpty { request.pairs(5, [Self.given: before]) }
            try await server.order("AlterCollection", request, about: name)
            var removal = server.request(table.schema.name)
            for name in [MilvusMark.given] + (before.isEmpty ? [Self.given] : []) { removal.text(6, name) }
            try await server.order("AlterCollection", removal, about: name)
            forget(name)
        }
        // What was acknowledged is safe; that it is sealed need not be waited for.
        try await server.flush(table.schema.name, waiting: false)
    }
}

/// What is in memory is counted; of the rest Milvus knows how much it has sealed.
extension MilvusStore: Counting {
    package func tally(_ name: String) async throws(StoreError) -> Tally {
        let table = try await fresh(name)
        if try await server.loadState(table.schema.name) == .loaded {
            return Tally(try await MilvusReading(server, table, residence).count(nil), isExact: true)
        }
        return Tally(try await server.rowCount(table.schema.name), isExact: false)
    }
}

extension MilvusServer {
    fileprivate func rowCount(_ name: String) async throws(StoreError) -> Int {
        var rows = 0
        try await ask("GetCollectionStatistics", request(name), about: name) { field in
            if field.number == 2 { try field.forEachPair { if $0 == "row_count" { rows = Int($1) ?? 0 } } }
        }
        return rows
    }
}

extension MilvusStore: Inventing {
    package func discard(
        from name: String, except ranges: [ClosedRange<Int64>]
    ) async throws(StoreError) -> Int {
        let table = try await fresh(name)
        guard table.makesKeys(engine), table.schema.key?.type == .int64 else { return 0 }
        let reading = try await MilvusReading(server, table, residence)
        var count = 0
        for gap in Self.gaps(ranges) { count += try await delete(gap, reading) }
        return count
    }

    private func delete(_ gap: ClosedRange<Int64>, _ reading: MilvusReading) async throws(StoreError) -> Int {
        var last = gap.lowerBound == .min ? nil : Key.integer(gap.lowerBound - 1)
        var count = 0
        while case let keys = try await reading.keys(behind: last, through: .integer(gap.upperBound)), !keys.isEmpty {
            for start in stride(from: 0, to: keys.count, by: MilvusReading.mostKeys) {
                let some = Array(keys[start..<min(start + MilvusReading.mostKeys, keys.count)])
                try await delete(where: try reading.expression.among(some), from: reading.table.schema.name)
            }
            count += keys.count
            last = keys.last
        }
        return count
    }

    /// What lies between the ranges, before and behind them.
    static func gaps(_ ranges: [ClosedRange<Int64>]) -> [ClosedRange<Int64>] {
        var gaps: [ClosedRange<Int64>] = []
        var start = Int64.min
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound > start { gaps.append(start...range.lowerBound - 1) }
            guard range.upperBound < .max else { return gaps }
            start = max(start, range.upperBound + 1)
        }
        return gaps + [start ... .max]
    }
}
