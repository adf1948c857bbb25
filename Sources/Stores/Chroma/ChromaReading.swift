import JSON
import Model
import Synchronization

/// One collection, read in the order of its ids; what is written meanwhile may be seen.
final class ChromaReading: Reading {
    let moment = Moment(token: "", life: .none)
    let description: Description
    let server: ChromaServer
    let table: ChromaTable
    /// Listed when they are first needed.
    private let listed = Mutex<[ChromaCondition: ChromaKeys]>([:])
    /// Of the last page, in bytes.
    private let rowSize = Mutex(0)

    init(_ server: ChromaServer, _ table: ChromaTable) {
        (self.server, self.table) = (server, table)
        description = table.description(server.engine)
    }

    func answers(_ conjunct: Filter) -> Bool { ChromaCondition(conjunct, self) != nil }

    func count(_ filter: Filter?) async throws(StoreError) -> Int {
        let condition = try condition(filter)
        guard condition.isEmpty else { return try await keys(condition).count }
        let count = try await server.line.answer("GET", server.path(table, "count"), about: table.name)
        return count.integer.map { Int($0) } ?? 0
    }

    func close() { listed.withLock { $0.removeAll() } }

    // MARK: Ids

    private func condition(_ filter: Filter?) throws(StoreError) -> ChromaCondition {
        guard let filter else { return ChromaCondition() }
        guard let condition = ChromaCondition(filter, self) else {
            throw StoreError(.unsupported, "Chroma does not answer this filter", help: "ask for the parts it answers")
        }
        return condition
    }

    private func keys(_ condition: ChromaCondition) async throws(StoreError) -> ChromaKeys {
        if let keys = listed.withLock({ $0[condition] }) { return keys }
        var keys = ChromaKeys()
        while true {
            let before = keys.count
            let answer = try await server.records(
                of: table, [], where: condition, limit: Self.mostIDs, offset: before)
            do { for id in try answer.ids() { keys.append(id.utf8) } } catch { throw server.line.malformed(error) }
            if keys.count - before < Self.mostIDs { break }
        }
        keys.sort()
        // Those of one condition beside those of all are enough, as they may be many.
        listed.withLock { listed in
            if !condition.isEmpty { listed = listed.filter(\.key.isEmpty) }
            listed[condition] = keys
        }
        return keys
    }

    private static let mostIDs = 50_000
    /// What one call may name, on every server.
    static let mostKeys = 1_000

    func slices(atMost count: Int) async throws(StoreError) -> [Slice] {
        let keys = try await keys(ChromaCondition())
        let pieces = max(1, min(count, keys.count))
        return (0..<pieces).map { piece in
            let (first, last) = (keys.count * piece / pieces, keys.count * (piece + 1) / pieces - 1)
            return Slice(
                index: piece, after: piece == 0 ? nil : Self.cursor(keys[first - 1]),
                through: piece == pieces - 1 ? nil : Self.cursor(keys[last]))
        }
    }

    /// Texts may hold what is no Unicode nowhere else, so that their bytes are kept.
    private static func cursor(_ id: Text) -> Cursor { Cursor("t" + id.description) }

    private static func id(_ cursor: Cursor) -> Text { Text(utf8: Array(cursor.token.utf8.dropFirst())) }

    // MARK: Pages

    func page(_ scan: Scan) async throws(StoreError) -> Page? { try await part(scan)?.page }

    /// What has no vector where all should have one: Chroma lists such records, and their vectors are lost.
    func unread(_ filter: Filter?, seen: Int?) async throws(StoreError) -> Unread {
        if let seen, try await count(filter) <= seen { return Unread() }
        var scan = Scan(filter: filter, wanted: Projection(fields: [], rest: false))
        var unread = Unread()
        while let part = try await part(scan) {
            let keys = part.unread.compactMap { try? description.collection.key(spelled: $0) }
            unread = unread + Unread(count: part.unread.count, keys: keys)
            scan.slice.after = part.page.end
        }
        return unread
    }

    /// A page, and the ids of those records in it that have no vector.
    private func part(_ scan: Scan) async throws(StoreError) -> (page: Page, unread: [Text])? {
        let keys = try await keys(condition(scan.filter))
        let start = keys.place(behind: scan.slice.after.map(Self.id))
        let through = scan.slice.through.map { keys.place(behind: Self.id($0)) } ?? keys.count
        guard start < through else { return nil }
        let shape = scan.wanted.shape(of: description.collection)
        let most = min(through - start, max(1, min(scan.budget.records, limit(scan.budget.bytes, shape))))
        let wanted = (start..<start + most).map { keys[$0] }
        var page = try await page(wanted, shape)
        note(page.batch)
        let kept = page.batch.rows(within: scan.budget.bytes)
        var end = wanted[most - 1]
        if kept < page.batch.count {
            end = Text(utf8: page.batch.keys[kept - 1].chromaText)
            page.batch = page.batch.rows(Array(0..<kept))
        }
        return (Page(batch: page.batch, end: Self.cursor(end)), page.unread.filter { $0 <= end })
    }

    private func note(_ batch: Batch) {
        guard batch.count > 0 else { return }
        let size = batch.byteCount / batch.count
        rowSize.withLock { $0 = size }
    }

    private func limit(_ bytes: Int, _ shape: Collection) -> Int {
        let fixed = shape.vectors.reduce(16) { $0 + $1.stride }
        // A little more than fits, so that one answer is enough.
        let fitting = bytes / max(1, max(rowSize.withLock { $0 }, fixed))
        return max(1, min(Self.mostKeys, fitting + fitting / 8 + 1))
    }

    func fetch(_ keys: [Key], _ wanted: Projection) async throws(StoreError) -> Batch {
        let shape = wanted.shape(of: description.collection)
        let ids = server.engine.ids(keys, of: description.collection).sorted()
        var batches: [Batch] = []
        for start in stride(from: 0, to: ids.count, by: Self.mostKeys) {
            let some = Array(ids[start..<min(start + Self.mostKeys, ids.count)])
            batches.append(try await page(some, shape).batch)
        }
        return Batch(joining: batches) ?? BatchBuilder(shape).batch()
    }

    private func page(_ ids: [Text], _ shape: Collection) async throws(StoreError) -> ChromaPage {
        let columns = (shape.vectors.isEmpty ? [] : ["embeddings"]) + ChromaPage.columns(shape)
        let answer = try await server.records(
            of: table, ids, columns, dimension: shape.vectors.first?.dimension ?? 0)
        do { return try ChromaPage(answer, shape, ids) } catch let error as StoreError { throw error } catch {
            throw StoreError(.malformed, "\(server.line.address): \(error)")
        }
    }
}

extension ChromaEngine {
    /// The ids of those keys that may be there.
    func ids(_ keys: [Key], of shape: Collection) -> Set<Text> {
        Set(
            keys.filter(shape.key.type.accepts).map { Text(utf8: $0.chromaText) }
                .filter { takesEmptyKeys || !$0.utf8.isEmpty })
    }
}
