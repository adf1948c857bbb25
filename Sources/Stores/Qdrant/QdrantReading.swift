import JSON
import Model
import Synchronization

/// One collection, read in the order of its keys: numbers first, then UUIDs.
///
/// Qdrant reads each page as it is then. A place is the last key that was handed out, and not what the server offers:
/// that is the first key of the next page, which may be gone when it is asked for.
final class QdrantReading: Reading {
    let moment = Moment(token: "", life: .none)
    let description: Description
    let table: QdrantTable
    let server: QdrantServer
    private let rowSize = Mutex(0)

    init(_ server: QdrantServer, _ table: QdrantTable) {
        (self.server, self.table) = (server, table)
        description = table.description
    }

    private var filter: QdrantFilter { QdrantFilter(table, server.engine) }

    func answers(_ conjunct: Filter) -> Bool { filter.condition(conjunct) != nil }

    func count(_ filter: Filter?) async throws(StoreError) -> Int {
        var members: [JSONValue.Member] = [.init("exact", true)]
        if let condition = try self.filter.whole(filter) { members.append(.init("filter", condition)) }
        let result = try await server.line.result(
            "POST", QdrantServer.path(table.name, "/points/count"), .object(members), about: table.name)
        guard let count = result["count"]?.integer else {
            throw StoreError(.malformed, "\(server.line.address) does not say how many records there are")
        }
        return Int(count)
    }

    func close() {}

    // MARK: Pages

    func page(_ scan: Scan) async throws(StoreError) -> Page? {
        let last = try scan.slice.after.map(key)
        let end = try scan.slice.through.map(key)
        if let last, let end, last >= end { return nil }
        guard let first = last.map(QdrantKey.next) ?? .integer(0) else { return nil }
        let condition = try filter.whole(scan.filter)
        var batch = try await rows(from: first, through: end, condition, scan)
        if let end, let last = batch.keys.last, last > end {
            batch = batch.rows(Array(0..<(batch.keys.firstIndex { $0 > end } ?? batch.count)))
        }
        guard let last = batch.keys.last else { return nil }
        let most = min(batch.rows(within: scan.budget.bytes), max(1, scan.budget.records))
        guard most < batch.count else { return Page(batch: batch, end: Cursor(last.token)) }
        return Page(batch: batch.rows(Array(0..<most)), end: Cursor(batch.keys[most - 1].token))
    }

    private func key(_ cursor: Cursor) throws(StoreError) -> Key {
        guard let key = Key(token: cursor.token), KeyType.id.accepts(key) else {
            throw StoreError(
                .malformed, "\"\(cursor.token)\" is no place in \(table.name)", help: "begin anew: say `fresh`")
        }
        return key
    }

    /// At least as many rows as the budget has room for, or all that there are: the same ones however answers are cut.
    private func rows(
        from first: Key, through end: Key?, _ condition: JSONValue?, _ scan: Scan
    ) async throws(StoreError) -> Batch {
        let shape = scan.wanted.shape(of: description.collection)
        let most = max(1, scan.budget.records)
        var batch = BatchBuilder(shape).batch()
        var start = first
        while batch.count < most, batch.byteCount <= scan.budget.bytes {
            let limit = self.limit(most - batch.count, scan.budget.bytes - batch.byteCount, shape)
            let answer = try await scroll(from: start, limit, condition, scan.wanted)
            try checkOrder(answer.batch.keys, from: start)
            if batch.count == 0 { batch = answer.batch } else { batch.append(answer.batch) }
            guard !answer.isAtEnd, let last = answer.batch.keys.last, let next = QdrantKey.next(last) else { break }
            if let end, last >= end { break }
            start = next
        }
        return batch
    }

    /// Small enough that it is still near the processor when it is read.
    private static let answerSize = 4 << 20

    private func limit(_ rows: Int, _ bytes: Int, _ shape: Collection) -> Int {
        let seen = rowSize.withLock { $0 }
        let fixed = shape.vectors.reduce(16) { $0 + $1.stride }
        // A little more than fits, so that one answer is enough.
        let fitting = min(bytes, Self.answerSize) / max(1, max(seen, fixed))
        return max(1, min(rows, fitting + fitting / 8 + 1, table.mostRecords ?? .max))
    }

    private func scroll(
        from start: Key, _ limit: Int, _ condition: JSONValue?, _ wanted: Projection
    ) async throws(StoreError) -> QdrantAnswer {
        var members: [JSONValue.Member] = [
            .init("limit", .integer(Int64(limit))), .init("offset", QdrantKey.json(start)),
        ]
        members += self.wanted(wanted)
        if let condition { members.append(.init("filter", condition)) }
        return try await answer("/points/scroll", .object(members), wanted)
    }

    func answer(
        _ path: String, _ body: JSONValue, _ wanted: Projection
    ) async throws(StoreError) -> QdrantAnswer {
        let bytes = try await server.line.bytes(
            "POST", QdrantServer.path(table.name, path), Array(body.text.utf8), about: table.name)
        do throws(JSONError) {
            let answer = try QdrantAnswer(bytes, table, wanted)
            if answer.batch.count > 0 {
                let size = answer.batch.byteCount / answer.batch.count
                rowSize.withLock { $0 = size }
            }
            return answer
        } catch {
            throw StoreError(
                .malformed, "\(table.name) at \(server.line.address) hands out what cannot be read: \(error)",
                help: error.message.contains("not of type")
                    ? "connect `with types=no`: then its payload is read as it is" : nil)
        }
    }

    /// A page out of order would lose records without a word.
    private func checkOrder(_ keys: [Key], from start: Key) throws(StoreError) {
        var last: Key?
        for key in keys {
            guard last.map({ $0 < key }) ?? (start <= key) else {
                throw StoreError(
                    .malformed, "\(server.line.address) hands out the records of \(table.name) out of order",
                    help: "another version of the server may not")
            }
            last = key
        }
    }

    // MARK: Parts

    private func wanted(_ wanted: Projection) -> [JSONValue.Member] {
        let shape = wanted.shape(of: description.collection)
        let names = shape.vectors.map { JSONValue.string($0.name == table.unnamed ? "" : $0.name) }
        let isEvery = names.count == description.collection.vectors.count
        return [
            .init("with_payload", .bool(shape.isOpen || !shape.fields.isEmpty)),
            .init("with_vector", names.isEmpty ? false : isEvery ? true : .array(names)),
        ]
    }

    // MARK: By key

    func fetch(_ keys: [Key], _ wanted: Projection) async throws(StoreError) -> Batch {
        let accepted = Array(Set(keys.filter { KeyType.id.accepts($0) })).sorted()
        var batch = BatchBuilder(wanted.shape(of: description.collection)).batch()
        for start in stride(from: 0, to: accepted.count, by: Self.mostKeys) {
            let some = accepted[start..<min(start + Self.mostKeys, accepted.count)]
            let body = JSONValue.object([.init("ids", .array(some.map(QdrantKey.json)))] + self.wanted(wanted))
            let answer = try await answer("/points", body, wanted)
            if batch.count == 0 { batch = answer.batch } else { batch.append(answer.batch) }
        }
        return batch
    }

    private static let mostKeys = 512
}

/// Qdrant's keys, in its order.
enum QdrantKey {
    /// The key behind this one; nil behind the last.
    static func next(_ key: Key) -> Key? {
        switch key {
        case .integer(let value): Key(natural: UInt64(bitPattern: value) + 1)
        case .natural(.max): .uuid(UUID(high: 0, low: 0))
        case .natural(let value): .natural(value + 1)
        case .uuid(let uuid):
            if uuid.low < .max {
                .uuid(UUID(high: uuid.high, low: uuid.low + 1))
            } else if uuid.high < .max {
                .uuid(UUID(high: uuid.high + 1, low: 0))
            } else {
                nil
            }
        case .text: nil
        }
    }

    static func read(_ scanner: inout JSONScanner) throws(JSONError) -> Key {
        let start = scanner.offset
        switch try scanner.kind() {
        case .number:
            if let number = UInt64(String(decoding: scanner.raw(try scanner.number()), as: UTF8.self)) {
                return Key(natural: number)
            }
        case .string: if let uuid = UUID(try scanner.string()) { return .uuid(uuid) }
        default: break
        }
        throw JSONError("an id that is no whole number and no UUID", at: start)
    }

    static func json(_ key: Key) -> JSONValue {
        switch key {
        case .integer(let value): .integer(value)
        case .natural(let value): .raw(Array(String(value).utf8))
        case .uuid, .text: .string(key.description)
        }
    }
}
