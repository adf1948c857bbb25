import Model

/// Makes a target equal to its source by moving only what differs.
package struct Sync: Sendable {
    private let source: Side
    private let target: Side
    private let comparison: Verify
    private let store: any Store
    private let deletes: Bool
    private let patience: Patience
    private let progress: Progress
    private static let batch = 1_000

    /// `store` holds the target.
    package init(
        source: Side, target: Side, in store: any Store, likeness: Likeness = .exact, deleting: Bool,
        patience: Patience = Patience(), progress: Progress = Progress(total: 0)
    ) {
        (self.patience, self.progress) = (patience, progress)
        comparison = Verify([source], against: target, likeness: likeness)
        self.source = source
        self.target = target
        self.store = store
        deletes = deleting
    }

    package struct Result: Sendable {
        package var inserted = 0
        package var changed = 0
        package var deleted = 0
        /// Records that only the target has, and keeps.
        package var extra = 0
        package var bytes = 0
    }

    package func run() async throws -> Result {
        let result = try await result(isWriting: true)
        try await writer.settle()
        return result
    }

    /// What ``run()`` would do.
    package func forecast() async throws -> Result { try await result(isWriting: false) }

    private func result(isWriting: Bool) async throws -> Result {
        var result = Result()
        guard comparison.hasKeys else {
            throw JobError(
                "\(target.shape.name) makes keys of its own, so none of its records can be replaced",
                help: "copy it anew with `if exists replace`")
        }
        for round in try await comparison.rounds() {
            try await mend(round, isWriting: isWriting, &result)
        }
        return result
    }

    private var writer: PatientWriter {
        PatientWriter(
            store: store, collection: target.shape.name, gate: Gate(1), progress: progress, rejects: nil,
            patience: patience)
    }

    private func mend(_ buckets: Set<Int>, isWriting: Bool, _ result: inout Result) async throws {
        let left = try await comparison.records(in: buckets)
        let right = try await comparison.target.records(in: buckets)
        var wanted: [Key] = []
        for (hash, entry) in left {
            guard let other = right[hash] else {
                result.inserted += 1
                wanted.append(entry.key)
                continue
            }
            guard entry.sum != other.sum || entry.count != other.count else { continue }
            result.changed += 1
            wanted.append(entry.key)
        }
        let extra = right.filter { left[$0.key] == nil }.map(\.value.key)
        guard isWriting else {
            if deletes { result.deleted += extra.count } else { result.extra += extra.count }
            return
        }
        try await write(wanted, &result)
        try await delete(extra, &result)
    }

    private func write(_ keys: [Key], _ result: inout Result) async throws {
        for start in stride(from: 0, to: keys.count, by: Sync.batch) {
            try Task.checkCancellation()
            let batch = try await source.records(
                Array(keys[start..<min(start + Sync.batch, keys.count)]), arrivingIn: target.shape)
            _ = try await writer.write(batch, .again)
            result.bytes += batch.byteCount
        }
    }

    private func delete(_ keys: [Key], _ result: inout Result) async throws {
        guard deletes, !keys.isEmpty else { return result.extra += keys.count }
        result.deleted += try await patience.repeating(progress) { _ throws(StoreError) in
            try await store.delete(keys, from: target.shape.name)
        }
    }
}
