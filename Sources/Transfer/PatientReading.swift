import Model

/// A reading that asks again while a failure may pass: a page is known by its place, and is the same when it is asked for
/// again.
struct PatientReading: Reading {
    private let reading: any Reading
    private let patience: Patience
    private let progress: Progress

    init(_ reading: any Reading, _ patience: Patience = Patience(), _ progress: Progress = Progress(total: 0)) {
        (self.reading, self.patience, self.progress) = (reading, patience, progress)
    }

    var moment: Moment { reading.moment }
    var description: Description { reading.description }
    var revision: String? { reading.revision }

    func answers(_ conjunct: Filter) -> Bool { reading.answers(conjunct) }

    func count(_ filter: Filter?) async throws(StoreError) -> Int {
        try await patience.repeating(progress) { _ throws(StoreError) in try await reading.count(filter) }
    }

    func unread(_ filter: Filter?, seen: Int?) async throws(StoreError) -> Unread {
        try await patience.repeating(progress) { _ throws(StoreError) in
            try await reading.unread(filter, seen: seen)
        }
    }

    func slices(atMost count: Int) async throws(StoreError) -> [Slice] {
        try await patience.repeating(progress) { _ throws(StoreError) in try await reading.slices(atMost: count) }
    }

    func page(_ scan: Scan) async throws(StoreError) -> Page? {
        try await patience.repeating(progress) { _ throws(StoreError) in try await reading.page(scan) }
    }

    func fetch(_ keys: [Key], _ wanted: Projection) async throws(StoreError) -> Batch {
        try await patience.repeating(progress) { _ throws(StoreError) in try await reading.fetch(keys, wanted) }
    }

    func close() async { await reading.close() }
}
