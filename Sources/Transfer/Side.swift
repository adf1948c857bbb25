import Model

/// One of the collections that are compared: its records as the copy's mapping makes them.
package struct Side: Sendable {
    let reading: any Reading
    let filter: Filter?
    let mapper: Mapper?
    let mapping: Mapping
    private var hash: RecordHash
    /// The shape behind the mapping.
    package let shape: Collection
    /// What hashes cannot tell.
    private var probe: VectorProbe?

    /// A collection as it is.
    package init(_ reading: any Reading, _ filter: Filter?) {
        self.reading = PatientReading(reading)
        self.filter = filter
        (mapper, mapping) = (nil, .identity)
        shape = reading.description.collection
        hash = RecordHash(shape)
    }

    /// The source of a copy, as it arrives at the other side.
    package init(_ reading: any Reading, _ filter: Filter?, _ mapping: Mapping, like other: Side) throws {
        let source = reading.description.collection
        self.reading = PatientReading(reading)
        self.filter = filter
        self.mapping = mapping
        shape = try mapping.shape(of: source, named: other.shape.name).inOrder(of: other.shape)
        mapper = try Mapper(mapping, from: source, to: shape)
        hash = RecordHash(shape)
    }

    /// The same, with values made alike; what no hash can tell is looked up in `target`.
    func alike(_ rules: ValueRules, probing target: Side? = nil) -> Side {
        var side = self
        side.hash = RecordHash(shape, rules)
        side.probe = target.flatMap { VectorProbe($0.reading, rules, shape: shape) }
        return side
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

    /// What its store does not hand out; `seen` is how many records it did.
    func unread(seen: Int?) async throws -> Unread { try await FilteredReading(reading, filter).unread(seen: seen) }

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

    struct Entry: Sendable {
        /// As this side's own collection has it.
        var key: Key
        /// Which of several sources has it.
        var origin = 0
        var count = 0
        var sum: UInt64 = 0

        init(key: Key, origin: Int = 0) { (self.key, self.origin) = (key, origin) }

        mutating func add(_ record: UInt64) {
            count += 1
            sum &+= record
        }
    }

    /// All keys with the hashes of what they become.
    func eachKey(_ body: ([Key], [UInt64]) -> Void) async throws {
        for try await page in FilteredPages(reading, filter, wanted: .keys, budget: Budget(records: 10_000)) {
            try Task.checkCancellation()
            body(page.batch.keys, (mapper?.keys(of: page.batch) ?? page.batch.keys).map(Hash.of))
        }
    }

    /// Records by their keys, as they are compared.
    func records(_ keys: [Key]) async throws -> Batch {
        let found = try await reading.fetch(keys, mapper?.projection ?? .all)
        return try mapper?.map(found) ?? found
    }

    /// The hashes of records by their keys.
    func hashes(_ keys: [Key]) async throws -> (keys: [UInt64], records: [UInt64]) {
        try await hashes(records(keys))
    }

    /// Records by their keys, as another collection takes them.
    func records(_ keys: [Key], arrivingIn target: Collection) async throws -> Batch {
        let arriving = try Mapper(mapping, from: reading.description.collection, to: shape.ordered(like: target))
        return try await arriving.map(reading.fetch(keys, mapping.projection))
    }

    private func each(_ slice: Slice, _ body: ([Key], [UInt64], [UInt64]) -> Void) async throws {
        let projection = mapper?.projection ?? .all
        let pages = FilteredPages(reading, filter, wanted: projection, slice: slice, budget: Budget(records: 10_000))
        for try await page in pages {
            try Task.checkCancellation()
            let (keys, records) = try await hashes(mapper?.map(page.batch) ?? page.batch)
            body(page.batch.keys, keys, records)
        }
    }

    private func hashes(_ batch: Batch) async throws -> (keys: [UInt64], records: [UInt64]) {
        var (keys, records) = hash.hashes(batch)
        // A record whose vectors are others gets a hash that the target's cannot have.
        for row in try await probe?.unlike(batch) ?? [] { records[row] = Hash.mix(records[row], Hash.unlike) }
        return (keys, records)
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

    /// The columns of another collection, for records of this one that are to be written there.
    func ordered(like other: Collection) -> Collection {
        var ordered = self
        ordered.vectors = other.vectors
        ordered.fields = other.fields
        ordered.isOpen = other.isOpen
        return ordered
    }
}
