import Files
import Model

/// One collection as it was when the reading began, or was last committed.
struct ArchiveReading: Reading {
    private let snapshot: ArchiveSnapshot
    let description: Description

    init(_ snapshot: ArchiveSnapshot, _ description: Description) {
        self.snapshot = snapshot
        self.description = description
    }

    var moment: Moment { Moment(token: snapshot.fingerprint, life: .durable) }

    func answers(_ conjunct: Filter) -> Bool { false }

    func count(_ filter: Filter?) -> Int { snapshot.manifest.records }

    func slices(atMost count: Int) async throws(StoreError) -> [Slice] {
        try await DiskThreads.run { () throws(StoreError) in try snapshot.slices(atMost: count) }
    }

    func page(_ scan: Scan) async throws(StoreError) -> Page? {
        try await DiskThreads.run { () throws(StoreError) in try snapshot.page(scan) }
    }

    func fetch(_ keys: [Key], _ wanted: Projection) async throws(StoreError) -> Batch {
        try await DiskThreads.run { () throws(StoreError) in try snapshot.fetch(keys, wanted) }
    }

    /// What is mapped goes with the last one who holds it.
    func close() {}
}

extension ArchiveSnapshot {
    fileprivate func slices(atMost count: Int) throws(StoreError) -> [Slice] {
        let pieces = max(1, min(count, manifest.rows))
        var lines = ArchiveLines(self)
        var slices: [Slice] = []
        var after: Cursor?
        for piece in 1...pieces {
            var through: Cursor?
            if piece < pieces {
                try lines.move(to: manifest.rows / pieces * piece + manifest.rows % pieces * piece / pieces)
                through = lines.place.cursor
            }
            slices.append(Slice(index: piece - 1, after: after, through: through))
            after = through
        }
        return slices
    }

    fileprivate func page(_ scan: Scan) throws(StoreError) -> Page? {
        var lines = ArchiveLines(self)
        if let after = scan.slice.after { try lines.move(to: ArchivePlace(after)) }
        let start = lines.offset
        let stop = try scan.slice.through.map { through throws(StoreError) in try ArchivePlace(through).row }
        var page = ArchivePage(self, scan.wanted)
        while try gather(&page, &lines, before: min(stop ?? .max, manifest.rows), scan.budget) {}
        guard page.count > 0 else { return nil }
        self.lines.forget(start..<lines.offset)
        return Page(batch: try page.batch(isPassing: true), end: lines.place.cursor)
    }

    /// Takes the next run of living rows; false when the page is full or the slice has ended.
    private func gather(
        _ page: inout ArchivePage, _ lines: inout ArchiveLines, before stop: Int, _ budget: Budget
    ) throws(StoreError) -> Bool {
        let run = manifest.dead.gap(from: lines.row, before: stop)
        guard !run.isEmpty else { return false }
        try lines.move(to: run.lowerBound)
        while lines.row < run.upperBound {
            let (before, row) = (lines, lines.row)
            let line = try lines.next()
            guard page.hasRoom(for: line, budget) else {
                lines = before
                return false
            }
            try page.append(line, row: row)
        }
        return true
    }

    fileprivate func fetch(_ wanted: [Key], _ projection: Projection) throws(StoreError) -> Batch {
        let keys = try keys()
        var places: [ArchivePlace] = []
        var lines = ArchiveLines(self)
        var reader = ArchiveKeyReader(manifest.collection)
        for key in Set(wanted) {
            let place = try keys.place(of: key) { place throws(StoreError) in
                try lines.move(to: place)
                return try reader.key(in: lines.next(), of: self.lines.path, row: place.row) == key
            }
            if let place { places.append(place) }
        }
        var page = ArchivePage(self, projection)
        for place in places.sorted(by: { $0.row < $1.row }) {
            try lines.move(to: place)
            try page.append(lines.next(), row: place.row)
        }
        return try page.batch(isPassing: false)
    }
}
