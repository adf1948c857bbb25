import Model
import Synchronization
import Wire

/// One collection, read in the order of its keys, from one timestamp on.
///
/// From Milvus 2.5 on everything is read as it was at that timestamp; before, what is written later may be seen too.
final class MilvusReading: Reading {
    let moment: Moment
    let description: Description
    let table: MilvusTable
    let server: MilvusServer
    let residence: MilvusResidence
    let expression: MilvusExpression
    /// At least what was written until then is read.
    let timestamp: UInt64
    private let rowSize = Mutex(0)

    init(_ server: MilvusServer, _ table: MilvusTable, _ residence: MilvusResidence) async throws(StoreError) {
        try await residence.prepare(table)
        (self.server, self.table, self.residence) = (server, table, residence)
        description = table.description
        expression = MilvusExpression(table, server.engine)
        let session = server.engine.hasMoments ? try await server.sessionTimestamp(table) : 0
        timestamp = session > 0 ? session : try await server.timestamp()
        moment = Moment(token: String(timestamp), life: session > 0 ? .session : .none)
    }

    func answers(_ conjunct: Filter) -> Bool { MilvusFilter(table, expression).condition(conjunct) != nil }

    func count(_ filter: Filter?) async throws(StoreError) -> Int {
        try await count(where: condition(filter), in: nil)
    }

    func close() {}

    // MARK: Pages

    func page(_ scan: Scan) async throws(StoreError) -> Page? {
        let condition = try condition(scan.filter)
        var place =
            try scan.slice.after.map { after throws(StoreError) in
                try MilvusPlace(after, in: description.collection.name)
            } ?? MilvusPlace(partitions[0], .start)
        let end = try scan.slice.through.map { through throws(StoreError) in
            try MilvusPlace(through, in: description.collection.name)
        }
        while true {
            if place.spot != .end, let page = try await page(from: place, to: end, condition, scan) { return page }
            guard place.partition != end?.partition, let next = partition(behind: place.partition) else { return nil }
            place = MilvusPlace(next, .start)
        }
    }

    /// The records behind a place, of its partition alone; nil if there are none.
    private func page(
        from place: MilvusPlace, to end: MilvusPlace?, _ condition: String, _ scan: Scan
    ) async throws(StoreError) -> Page? {
        let bound = end?.partition == place.partition ? end?.key : nil
        if let key = place.key, key == bound { return nil }
        let (rows, isAtEnd) = try await rows(behind: place, through: bound, condition, scan)
        guard let last = rows.batch.keys.last else { return nil }
        var batch = rows.batch
        batch.partition = place.partition == MilvusTable.ownPartition || place.partition.isEmpty ? nil : place.partition
        let next = MilvusPlace(place.partition, isAtEnd ? .end : .key(last))
        return Page(batch: batch, end: next.cursor)
    }

    /// As many rows as the budget has room for: the same ones however the server cuts its answers.
    private func rows(
        behind place: MilvusPlace, through bound: Key?, _ condition: String, _ scan: Scan
    ) async throws(StoreError) -> (MilvusPage, isAtEnd: Bool) {
        let shape = scan.wanted.shape(of: description.collection)
        var page = MilvusPage(table, shape)
        let most = min(max(1, scan.budget.records), Self.mostRows)
        var last = place.key
        while page.count < most, page.batch.byteCount <= scan.budget.bytes {
            let limit = self.limit(most - page.count, scan.budget.bytes - page.batch.byteCount, shape)
            let range = try range(behind: last, through: bound)
            let query = MilvusQuery(
                expression: MilvusExpression.joined([condition, range]), outputs: outputs(shape),
                partition: place.partition, limit: limit)
            guard try await take(query, into: &page, behind: last) else { break }
            last = page.batch.keys.last
            guard let last, expression.literal(last) == nil else { continue }
            // Only Milvus Lite 2 lacks a spelling, and it hands out all that there is up to the limit.
            if page.count < most, page.batch.byteCount <= scan.budget.bytes, page.count < limit { return (page, true) }
            break
        }
        page.keep(min(most, page.batch.rows(within: scan.budget.bytes)))
        try keepExpressible(&page)
        return (page, false)
    }

    /// What one query may ask for, on every server.
    static let mostRows = 16_384
    private static let answerSize = 16 << 20

    private func limit(_ rows: Int, _ bytes: Int, _ shape: Collection) -> Int {
        let seen = rowSize.withLock { $0 }
        let fixed = shape.vectors.reduce(16) { $0 + $1.stride }
        // A little more than fits, so that one answer is enough.
        let fitting = min(bytes, Self.answerSize) / max(1, max(seen, fixed))
        return max(1, min(rows, fitting + fitting / 8 + 1))
    }

    /// Adds an answer to a page; false if it was empty.
    private func take(
        _ query: MilvusQuery, into page: inout MilvusPage, behind last: Key?
    ) async throws(StoreError) -> Bool {
        let fields = try await asked(query)
        let before = page.count
        let count: Int
        do { count = try page.take(fields) } catch let error as StoreError { throw error } catch {
            throw StoreError(.malformed, "\(server.line.address): \(error)")
        }
        guard count > 0 else { return false }
        try checkOrder(page.batch.keys[before...], behind: last)
        let size = page.batch.byteCount / page.count
        rowSize.withLock { $0 = size }
        return true
    }

    /// A query, once more if somebody has meanwhile released the collection.
    private func asked(_ query: MilvusQuery) async throws(StoreError) -> [MilvusFieldData] {
        do throws(StoreError) { return try await server.query(query, of: table, at: timestamp) } catch {
            guard error.code == .expired else { throw error }
        }
        try await residence.prepare(table)
        return try await server.query(query, of: table, at: timestamp)
    }

    /// A page out of order would lose records without a word.
    private func checkOrder(_ keys: ArraySlice<Key>, behind last: Key?) throws(StoreError) {
        var last = last
        for key in keys {
            guard last.map({ $0.precedes(key, asText: expression.isText) }) ?? true else {
                throw StoreError(
                    .malformed, "\(server.line.address) hands out the records of \(table.schema.name) out of order",
                    help: "another version of the server may not")
            }
            last = key
        }
    }

    /// A page ends where the next one can be asked for.
    private func keepExpressible(_ page: inout MilvusPage) throws(StoreError) {
        guard let last = page.batch.keys.last, expression.literal(last) == nil else { return }
        guard let place = page.batch.keys.lastIndex(where: { expression.literal($0) != nil }) else {
            throw StoreError(
                .unsupported, "Milvus Lite 2 cannot be asked for what stands behind the key \"\(last)\"",
                help: "read more records at once")
        }
        page.keep(place + 1)
    }

    // MARK: Parts

    func condition(_ filter: Filter?) throws(StoreError) -> String {
        guard let filter else { return "" }
        guard let condition = MilvusFilter(table, expression).condition(filter) else {
            throw StoreError(.unsupported, "Milvus does not answer this filter", help: "ask for the parts it answers")
        }
        return condition
    }

    func range(behind last: Key?, through bound: Key?) throws(StoreError) -> String {
        MilvusExpression.joined([
            try last.map { key throws(StoreError) in try spelled(key, expression.above(key)) },
            try bound.map { key throws(StoreError) in try spelled(key, expression.upTo(key)) },
        ])
    }

    private func spelled(_ key: Key, _ text: String?) throws(StoreError) -> String {
        guard let text else { throw StoreError(.unsupported, "Milvus cannot be asked for the key \"\(key)\"") }
        return text
    }

    func outputs(_ shape: Collection) -> [String] {
        [expression.key] + shape.vectors.map(\.name) + shape.fields.map(\.name)
            + (shape.isOpen ? [MilvusSchema.hidden] : [])
    }

    /// The partitions in the order in which they are read; one without a name where they do not matter.
    var partitions: [String] { table.partitions.isEmpty ? [""] : [MilvusTable.ownPartition] + table.partitions }

    private func partition(behind name: String) -> String? {
        partitions.firstIndex(of: name).flatMap { $0 + 1 < partitions.count ? partitions[$0 + 1] : nil }
    }

    // MARK: Counting

    func count(where condition: String, in partition: String?) async throws(StoreError) -> Int {
        let query = MilvusQuery(
            expression: condition, outputs: ["count(*)"], partition: partition ?? "", limit: nil)
        let fields = try await asked(query)
        do { return try fields.first?.integers().first.map { Int($0) } ?? 0 } catch {
            throw StoreError(.malformed, "\(server.line.address): \(error)")
        }
    }

    // MARK: By key

    func fetch(_ keys: [Key], _ wanted: Projection) async throws(StoreError) -> Batch {
        let shape = wanted.shape(of: description.collection)
        var page = MilvusPage(table, shape)
        let accepted = Array(Set(keys.filter { table.keyType.accepts($0) }))
        for start in stride(from: 0, to: accepted.count, by: Self.mostKeys) {
            let some = Array(accepted[start..<min(start + Self.mostKeys, accepted.count)])
            let query = MilvusQuery(expression: try expression.among(some), outputs: outputs(shape), limit: nil)
            let fields = try await asked(query)
            do { _ = try page.take(fields) } catch let error as StoreError { throw error } catch {
                throw StoreError(.malformed, "\(server.line.address): \(error)")
            }
        }
        return page.batch
    }

    static let mostKeys = 512

    /// The next keys of a partition, or of all together.
    func keys(
        where condition: String = "", in partition: String = "", behind last: Key?, through bound: Key? = nil
    ) async throws(StoreError) -> [Key] {
        let range = try range(behind: last, through: bound)
        let query = MilvusQuery(
            expression: MilvusExpression.joined([condition, range]), outputs: [expression.key], partition: partition,
            limit: Self.mostRows)
        var page = MilvusPage(table, Projection.keys.shape(of: description.collection))
        return try await take(query, into: &page, behind: last) ? page.batch.keys : []
    }
}

extension Key {
    /// The order in which Milvus keeps keys: texts by their bytes, also those that stand for something else.
    fileprivate func precedes(_ other: Key, asText: Bool) -> Bool {
        asText ? milvusText.lexicographicallyPrecedes(other.milvusText) : self < other
    }
}
