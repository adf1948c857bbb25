import JSON
import Model

/// Removes from a target what one job has brought, and nothing else.
package struct Rollback: Sendable {
    private let plan: Plan
    private let source: any Store
    private let target: any Store
    /// What every record of the job says, and that none of another job that wrote the target says.
    private let isMarkedAlone: Bool
    /// Whether only jobs known here have written the target.
    private let isTargetOurs: Bool
    private let patience: Patience
    private let progress = Progress(total: 0)
    private static let batch = 1_000

    package init(
        of plan: Plan, from source: any Store, to target: any Store, isMarkedAlone: Bool, isTargetOurs: Bool,
        patience: Patience = Patience()
    ) {
        (self.plan, self.source, self.target, self.patience) = (plan, source, target, patience)
        (self.isMarkedAlone, self.isTargetOurs) = (isMarkedAlone, isTargetOurs)
    }

    /// Answers how many records were removed.
    package func run() async throws -> Int {
        let marks = plan.context.mapping.marks
        var count = 0
        if !plan.context.changes.contains(.rekeyed) {
            guard marks != nil || isTargetOurs else {
                throw JobError(
                    "nothing tells its records from those that stood in \(plan.context.target) before",
                    help: "say `set` with a value of its own, or go back to a backup with `restore`")
            }
            count += try await removeByKeys(marks)
        } else if !isMarkedAlone || marks == nil {
            throw JobError(
                "\(plan.context.target) makes its own keys, and no field tells which records the job has brought",
                help: "say `set` with a value of its own, or go back to a backup with `restore`")
        }
        // What has gone from the source since it was read is found by what was written into it.
        if let marks, isMarkedAlone { count += try await removeMarked(marks) }
        try await patience.repeating(progress) { _ throws(StoreError) in
            try await target.settle(plan.context.written)
        }
        return count
    }

    private func removeByKeys(_ marks: Filter?) async throws -> Int {
        var count = 0
        try await source.read(plan.context.source.collection, at: nil).closing { reading in
            for try await page in FilteredPages(
                reading, plan.context.condition, wanted: .keys, budget: Budget(records: Self.batch))
            {
                var keys = plan.context.mapping.newKeys(page.batch.keys)
                if let marks { keys = try await marked(keys, marks) }
                count += try await remove(keys)
            }
        }
        return count
    }

    /// Those of the keys whose records in the target carry the marks.
    private func marked(_ keys: [Key], _ marks: Filter) async throws -> [Key] {
        let wanted = Projection(vectors: [], fields: marks.fields, rest: true)
        return try await target.read(plan.context.written, at: nil).closing { reading in
            let found = try await reading.fetch(keys, wanted)
            let bound = try BoundFilter(marks, wanted.shape(of: reading.description.collection))
            return bound.rows(of: found).map { found.keys[$0] }
        }
    }

    private func removeMarked(_ marks: Filter) async throws -> Int {
        var keys: [Key] = []
        var count = 0
        try await target.read(plan.context.written, at: nil).closing { reading in
            for try await page in FilteredPages(reading, marks, wanted: .keys, budget: Budget(records: Self.batch)) {
                keys += page.batch.keys
            }
        }
        for start in stride(from: 0, to: keys.count, by: Self.batch) {
            count += try await remove(Array(keys[start..<min(start + Self.batch, keys.count)]))
        }
        return count
    }

    private func remove(_ keys: [Key]) async throws -> Int {
        guard !keys.isEmpty else { return 0 }
        return try await patience.repeating(progress) { _ throws(StoreError) in
            try await target.delete(keys, from: plan.context.written)
        }
    }
}

extension Mapping {
    /// What every record says that came through this mapping; nil where it says nothing that can be asked for.
    package var marks: Filter? {
        Filter(
            conjuncts: set.sorted { $0.key < $1.key }.compactMap { name, value in
                value.scalar.map { .compare(field: name, is: .equal, to: $0) }
            })
    }
}

extension JSONValue {
    fileprivate var scalar: Scalar? {
        switch self {
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .double(let value): .double(value)
        case .string(let text): .text(Text(text))
        case .null, .array, .object, .raw: nil
        }
    }
}

extension JobFolder {
    /// Notes that what the job had written is gone: the same line begins it anew.
    package func recordRolledBack() async throws(JobError) {
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        try await Journal(path: journalPath).append(.rolledBack)
    }
}
