import Files
import Model

/// A place that holds one record, which is changed only by who has seen what it is: a file, an object, an item.
protocol LeaseCell: Sendable {
    /// The record, and what tells it from every other one; an empty place has no tag.
    func read() async throws(StoreError) -> (record: LeaseRecord, tag: String?)
    /// Whether the record with this tag still stood there, and the new one now does.
    func write(_ record: LeaseRecord, replacing tag: String?) async throws(StoreError) -> Bool
    func close()
}

/// A lease in such a place.
struct CellLease<Cell: LeaseCell>: Leasing {
    let cell: Cell

    func take(_ lease: Lease) async throws(StoreError) -> Lease {
        while true {
            let (last, tag) = try await cell.read()
            // An answer that was lost may have been a good one.
            if let there = last.lease, there.id == lease.id || !there.isOver(at: Timestamp.now) { return there }
            let record = last.taken(by: lease)
            if try await cell.write(record, replacing: tag) { return record.lease ?? lease }
        }
    }

    func extend(_ lease: Lease) async throws(StoreError) -> Bool {
        while true {
            let (last, tag) = try await cell.read()
            guard last.lease?.id == lease.id else { return false }
            if try await cell.write(LeaseRecord(lease: lease, fence: last.fence), replacing: tag) { return true }
        }
    }

    func release(_ lease: Lease) async throws(StoreError) {
        while true {
            let (last, tag) = try await cell.read()
            guard last.lease?.id == lease.id else { return }
            // The count stays, so that a holder who comes late is known as one.
            if try await cell.write(LeaseRecord(fence: last.fence), replacing: tag) { return }
        }
    }

    func close() async { cell.close() }
}

extension StoreError {
    static func noLease(_ place: String) -> StoreError {
        StoreError(
            .malformed, "\(place) is no lease", help: "name another place, or remove this one if nobody needs it")
    }
}
