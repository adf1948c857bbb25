import Model

/// A collection copied into a new one, in one go, and compared.
struct WholeCopy: Sendable {
    let source: any Store
    let name: String
    let target: any Store
    let newName: String
    private static let budget = Budget(records: 10_000, bytes: 8 << 20)

    /// What `target` would make of the collection.
    func fit() async throws(StoreError) -> Fit {
        var wanted = try await source.describe(name).collection
        wanted.name = newName
        wanted.native = wanted.nativeTypes
        return target.fit(wanted, into: nil)
    }

    struct Arrived: Sendable {
        /// Of the collection that was made.
        var identity: Identity
        /// Of what was read.
        var digest: Digest
    }

    /// When this returns, all of it has arrived and is on disk; when it throws, nothing is left of it.
    func run() async throws -> Arrived {
        try await source.read(name, at: nil).closing { try await run($0) }
    }

    private func run(_ reading: any Reading) async throws -> Arrived {
        if let loss = reading.description.losses.first {
            throw JobError("not all of \(name) can be read: \(loss.subject) (\(loss.detail))")
        }
        let fit = try await fit()
        var bare = fit.collection
        bare.indexes = []
        guard try await !target.collections().contains(newName) else { throw StoreError.isCollection(newName) }
        let identity = try await target.create(bare)
        do { return Arrived(identity: identity, digest: try await fill(reading, fit)) } catch {
            // The reason why it is dropped is what the person has to know.
            try? await target.drop(newName, being: identity)
            throw error
        }
    }

    private func fill(_ reading: any Reading, _ fit: Fit) async throws -> Digest {
        let actual = try await target.describe(newName).collection
        let (read, written) = try await copy(reading, to: actual)
        for index in fit.collection.indexes { try await target.indexing?.create(index, on: newName) }
        try await target.settle(newName)
        // What the target changes has another digest than what was written.
        guard fit.changes.isEmpty else {
            try await verify(reading, fit.changes)
            return read
        }
        let arrived = try await Self.digest(target, newName)
        guard arrived == written else { throw isNotWhole(arrived.count, of: written.count) }
        return read
    }

    private func verify(_ reading: any Reading, _ changes: [Change]) async throws {
        try await target.read(newName, at: nil).closing { copied in
            let likeness = Likeness(changes: changes)
            let verify = Verify([Side(reading, nil)], against: Side(copied, nil), likeness: likeness, mostExamples: 0)
            let result = try await verify.run()
            guard result.isEqual else { throw isNotWhole(result.targetCount, of: result.sourceCount) }
        }
    }

    private func isNotWhole(_ arrived: Int, of written: Int) -> JobError {
        JobError(
            "\(newName) does not hold what was written to it: \(arrived) of \(written) records are there, or some differ"
        )
    }

    private func copy(_ reading: any Reading, to actual: Collection) async throws -> (read: Digest, written: Digest) {
        let shape = reading.description.collection
        let mapper = try Mapper(.identity, from: shape, to: actual)
        let (before, after) = (RecordHash(shape), RecordHash(actual))
        let writer = PatientWriter(
            store: target, collection: newName, gate: Gate(1), progress: Progress(total: 0, done: 0, rejected: 0),
            rejects: nil, patience: Patience())
        let pages = try FilteredReading(PatientReading(reading), nil)
        var (slice, read, written) = (Slice.whole, Digest(), Digest())
        var page = try await pages.page(slice, budget)
        while let current = page {
            try Task.checkCancellation()
            slice.after = current.end
            let rest = slice
            async let following = pages.page(rest, budget)
            let batch = try mapper.map(current.batch)
            _ = try await writer.write(batch, .first)
            read = read + before.digest(current.batch)
            written = written + after.digest(batch)
            page = try await following
        }
        let unread = try await pages.unread(seen: read.count)
        guard unread.count == 0 else { throw JobError("\(unread.count) records of \(name) \(unread.words)") }
        return (read, written)
    }

    private var budget: Budget {
        let limit = target.facts.write
        return Budget(
            records: min(Self.budget.records, limit.records), bytes: max(1 << 16, min(Self.budget.bytes, limit.bytes)))
    }

    /// What a collection holds.
    static func digest(_ store: any Store, _ name: String) async throws -> Digest {
        try await store.read(name, at: nil).closing { try await Side($0, nil).sketch().total }
    }
}
