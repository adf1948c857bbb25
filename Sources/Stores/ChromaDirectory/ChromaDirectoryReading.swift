import Files
import Model

/// One collection as its folder was when the reading was opened.
struct ChromaDirectoryReading: Reading {
    private let snapshot: ChromaDirectorySnapshot

    init(_ snapshot: ChromaDirectorySnapshot) { self.snapshot = snapshot }

    var moment: Moment { Moment(token: snapshot.stamp, life: .durable) }
    var description: Description { snapshot.description }

    func answers(_ conjunct: Filter) -> Bool { false }

    func count(_ filter: Filter?) -> Int { snapshot.rows.count }

    func slices(atMost count: Int) -> [Slice] {
        let rows = snapshot.rows.count
        let pieces = max(1, min(count, rows))
        return (0..<pieces).map { piece in
            Slice(
                index: piece, after: piece == 0 ? nil : Cursor(String(rows * piece / pieces)),
                through: piece == pieces - 1 ? nil : Cursor(String(rows * (piece + 1) / pieces)))
        }
    }

    func page(_ scan: Scan) async throws(StoreError) -> Page? {
        let start = try scan.slice.after.map { cursor throws(StoreError) in try position(cursor) } ?? 0
        let end =
            try scan.slice.through.map { cursor throws(StoreError) in try position(cursor) } ?? snapshot.rows.count
        return try await DiskThreads.run { () throws(StoreError) in
            let range = start..<max(start, end)
            guard let batch = try snapshot.page(range, scan.wanted, scan.budget) else { return nil }
            return Page(batch: batch, end: Cursor(String(start + batch.count)))
        }
    }

    func fetch(_ keys: [Key], _ wanted: Projection) async throws(StoreError) -> Batch {
        try await DiskThreads.run { () throws(StoreError) in try snapshot.fetch(keys, wanted) }
    }

    /// What is open goes with the last one who holds it.
    func close() {}

    private func position(_ cursor: Cursor) throws(StoreError) -> Int {
        guard let position = Int(cursor.token), (0...snapshot.rows.count).contains(position) else {
            throw StoreError(
                .malformed, "\"\(cursor.token)\" is no place in \(snapshot.entry.name)", help: "start anew")
        }
        return position
    }
}
