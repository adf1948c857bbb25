import Model

/// What is asked of a copy.
package struct CopyRequest: Sendable {
    package var source: Site
    package var target: Site
    /// The collection to write in the target's stead.
    package var staging: String?
    package var filter: Filter?
    package var mapping: Mapping
    package var including: [String]
    package var excluding: [String]
    package var existing: ExistingPolicy
    package var tuning: Tuning

    package init(
        source: Site, target: Site, staging: String? = nil, filter: Filter? = nil, mapping: Mapping = .identity,
        including: [String] = [],
        excluding: [String] = [], existing: ExistingPolicy = .fail, tuning: Tuning = Tuning()
    ) {
        (self.source, self.target, self.filter, self.mapping) = (source, target, filter, mapping)
        self.staging = staging
        (self.including, self.excluding, self.existing, self.tuning) = (including, excluding, existing, tuning)
    }
}

extension CopyRequest {
    package var fingerprint: String {
        Context.fingerprint(source, target, isStaged: staging != nil, filter, mapping, including)
    }
}

/// Makes plans: looks at both sides, reads a little, writes nothing.
package struct Planner: Sendable {
    private let request: CopyRequest
    private let source: any Store
    private let target: any Store

    package init(_ request: CopyRequest, from source: any Store, to target: any Store) {
        (self.request, self.source, self.target) = (request, source, target)
    }

    package func plan() async throws -> Plan {
        try await source.read(request.source.collection, at: nil).closing { try await plan($0) }
    }

    private func plan(_ reading: any Reading) async throws -> Plan {
        let description = reading.description
        var wanted = try request.mapping.shape(
            of: description.collection, named: request.staging ?? request.target.collection)
        if request.excluding.contains("indexes") { wanted.indexes = [] }
        let fit = target.fit(wanted, into: try await existing())
        let pages = try FilteredReading(reading, request.filter, wanted: request.mapping.projection)
        let sample = try await sample(pages)
        let records = try await pages.isAnswered ? reading.count(matching: request.filter) : reading.count(nil)
        let slices = try await reading.slices(atMost: records < 10_000 ? 1 : request.tuning.parallel)
        var tuning = request.tuning
        tuning.page = tuning.page.limited(by: target.facts.write, memory: tuning.memory / (3 * slices.count))
        return Plan(
            context: Context(
                source: request.source, target: request.target, staging: request.staging, filter: request.filter,
                mapping: request.mapping, including: request.including, sourceIdentity: description.identity,
                shape: fit.collection, changes: fit.changes),
            moment: reading.moment, slices: slices, tuning: tuning, records: records,
            bytes: Int(Double(records) * sample.bytesPerRecord), verdicts: fit.verdicts + aliases(description),
            existing: request.existing, estimate: sample.estimate(records))
    }

    private func existing() async throws -> Collection? {
        guard request.existing != .replace, request.staging == nil else { return nil }
        do throws(StoreError) { return try await target.describe(request.target.collection).collection } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    /// Second names, where they are wanted.
    private func aliases(_ description: Description) -> [Verdict] {
        guard request.including.contains("aliases") else { return [] }
        let hasAliases = target.aliasing != nil
        return description.aliases.map {
            Verdict("alias \($0)", hasAliases ? .exact : .lossy, hasAliases ? "" : "this store has no aliases")
        }
    }

    // MARK: Sample

    private struct Sample {
        var bytesPerRecord = 0.0
        var seconds = 0.0
        var records = 0

        /// Reading and writing together take about three times as long as reading alone.
        func estimate(_ total: Int) -> Duration? {
            guard records > 0 else { return nil }
            return .milliseconds(Int64(3000 * seconds * Double(total) / Double(records)))
        }
    }

    private func sample(_ pages: FilteredReading) async throws -> Sample {
        let start = ContinuousClock.now
        guard let page = try await pages.page(.whole, Budget(records: 1_000, bytes: 4 << 20)), page.batch.count > 0
        else {
            return Sample()
        }
        let elapsed = (ContinuousClock.now - start).components
        return Sample(
            bytesPerRecord: Double(page.batch.byteCount) / Double(page.batch.count),
            seconds: Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18, records: page.batch.count)
    }
}

extension Budget {
    fileprivate func limited(by limit: Budget, memory: Int) -> Budget {
        Budget(records: min(records, limit.records), bytes: max(1 << 16, min(bytes, limit.bytes, memory)))
    }
}
