import Files
import Model

/// One collection as its file was when the reading was opened.
struct LightRAGReading: Reading {
    private let snapshot: LightRAGSnapshot

    init(_ snapshot: LightRAGSnapshot) { self.snapshot = snapshot }

    var moment: Moment { Moment(token: snapshot.stamp, life: .durable) }
    var description: Description { snapshot.description }

    func answers(_ conjunct: Filter) -> Bool { false }

    func count(_ filter: Filter?) -> Int { snapshot.outline.rows.count }

    func slices(atMost count: Int) -> [Slice] {
        let rows = snapshot.outline.rows.count
        let pieces = max(1, min(count, rows))
        return (0..<pieces).map { piece in
            Slice(
                index: piece, after: piece == 0 ? nil : Cursor(row: rows * piece / pieces),
                through: piece == pieces - 1 ? nil : Cursor(row: rows * (piece + 1) / pieces))
        }
    }

    func page(_ scan: Scan) async throws(StoreError) -> Page? {
        let start = try scan.slice.after?.row(of: snapshot) ?? 0
        let end = try scan.slice.through?.row(of: snapshot) ?? snapshot.outline.rows.count
        return try await DiskThreads.run { () throws(StoreError) in
            let rows = start..<max(start, end)
            guard let batch = try snapshot.page(rows, scan.wanted, scan.budget) else { return nil }
            return Page(batch: batch, end: Cursor(row: start + batch.count))
        }
    }

    func fetch(_ keys: [Key], _ wanted: Projection) async throws(StoreError) -> Batch {
        try await DiskThreads.run { () throws(StoreError) in
            try snapshot.checkUnchanged()
            return try snapshot.batch(snapshot.rows(of: keys), wanted)
        }
    }

    /// What is open goes with the last one who holds it.
    func close() {}
}

extension LightRAGSnapshot {
    var description: Description {
        var description = Description(collection: collection, identity: identity, bytes: bytes)
        if let found = embedding?.dimension, let expected, found != expected, !outline.rows.isEmpty {
            description.remarks = [
                "\(name.name) has vectors of dimension \(found), and LIGHTRAG_EMBEDDING_DIM says \(expected): the file counts"
            ]
        }
        return description
    }
}

extension Cursor {
    /// The place behind so many rows.
    fileprivate init(row: Int) { self.init(String(row)) }

    fileprivate func row(of snapshot: LightRAGSnapshot) throws(StoreError) -> Int {
        guard let row = Int(token), (0...snapshot.outline.rows.count).contains(row) else {
            throw StoreError(.malformed, "\"\(token)\" is no place in \(snapshot.name.name)", help: "start anew")
        }
        return row
    }
}
