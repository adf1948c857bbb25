import Model

/// One of two collections that are compared: its records as the copy's mapping makes them.
package struct Side: Sendable {
    let reading: any Reading
    let filter: Filter?
    let mapper: Mapper?
    let hash: RecordHash
    /// The shape behind the mapping.
    let shape: Collection

    /// A collection as it is.
    package init(_ reading: any Reading, _ filter: Filter?) {
        self.reading = reading
        self.filter = filter
        mapper = nil
        shape = reading.description.collection
        hash = RecordHash(shape)
    }

    /// The source of a copy, as it arrives at the other side.
    package init(_ reading: any Reading, _ filter: Filter?, _ mapping: Mapping, like other: Side) throws {
        let source = reading.description.collection
        self.reading = reading
        self.filter = filter
        shape = try mapping.shape(of: source, named: other.shape.name).inOrder(of: other.shape)
        mapper = try Mapper(mapping, from: source, to: shape)
        hash = RecordHash(shape)
    }

    func sketch() async throws -> Sketch {
        try await withThrowingTaskGroup(of: Sketch.self) { group in
            for slice in try await reading.slices(atMost: 2) {
                group.addTask {
                    var sketch = Sketch()
                    try await each(slice) { sketch.add($1, $2) }
                    return sketch
                }
            }
            return try await group.reduce(Sketch(), +)
        }
    }

    /// Keys and hashes of the records whose bucket is wanted.
    func records(in wanted: Set<Int>) async throws -> [UInt64: Entry] {
        var found: [UInt64: Entry] = [:]
        try await each(.whole) { original, keys, records in
            for (row, key) in keys.enumerated() where wanted.contains(Sketch.bucket(key)) {
                found[key, default: Entry(key: original[row])].add(records[row])
            }
        }
        return found
    }

    struct Entry {
        /// As this side's own collection has it.
        var key: Key
        var count = 0
        var sum: UInt64 = 0

        init(key: Key) { self.key = key }

        mutating func add(_ record: UInt64) {
            count += 1
            sum &+= record
        }
    }

    /// One record by its key as this side has it, for the reason why it differs.
    func record(_ key: Key) async throws -> Batch { try await records([key]) }

    /// Records by their keys, as they are on this side.
    func records(_ keys: [Key]) async throws -> Batch {
        let found = try await reading.fetch(keys, mapper?.projection ?? .all)
        return mapper?.map(found) ?? found
    }

    private func each(_ slice: Slice, _ body: ([Key], [UInt64], [UInt64]) -> Void) async throws {
        let projection = mapper?.projection ?? .all
        let pages = FilteredPages(reading, filter, wanted: projection, slice: slice, budget: Budget(records: 10_000))
        for try await page in pages {
            try Task.checkCancellation()
            let batch = mapper?.map(page.batch) ?? page.batch
            let (keys, records) = hash.hashes(batch)
            body(page.batch.keys, keys, records)
        }
    }
}

extension Collection {
    /// The same columns in another collection's order, if they are the same, so that records fit both.
    fileprivate func inOrder(of other: Collection) -> Collection {
        guard Set(vectors) == Set(other.vectors), Set(fields) == Set(other.fields) else { return self }
        var ordered = self
        (ordered.vectors, ordered.fields) = (other.vectors, other.fields)
        return ordered
    }
}
