import JSON
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
    /// The most records to bring.
    package var limit: Int?
    /// The field by which a store that can do so keeps the records of tenants together.
    package var tenant: String?

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
    /// Which records are brought.
    package var condition: Filter? { mapping.condition(filter) }

    package var parts: Set<Part> { Part.brought(including: including, excluding: excluding) }

    package var fingerprint: String {
        Context.fingerprint(source, target, isStaged: staging != nil, filter, mapping, partNames, limit)
    }

    fileprivate var partNames: [String] { parts.map(\.rawValue).sorted() }
}

/// Makes plans: looks at both sides, reads a little, writes nothing.
package struct Planner: Sendable {
    private let request: CopyRequest
    private let source: any Store
    private let target: any Store

    package init(_ request: CopyRequest, from source: any Store, to target: any Store) {
        (self.request, self.source, self.target) = (request, source, target)
    }

    /// `assumed` is the target that others will have made by then, where it is not there yet.
    package func plan(into assumed: Collection? = nil) async throws -> Plan {
        try await source.read(request.source.collection, at: nil).closing { try await plan($0, into: assumed) }
    }

    private func plan(_ reading: any Reading, into assumed: Collection?) async throws -> Plan {
        let description = reading.description
        var wanted = try request.mapping.shape(
            of: description.collection, named: request.staging ?? request.target.collection)
        if !request.parts.contains(.indexes) { wanted.indexes = [] }
        if !request.parts.contains(.partitions) { wanted.partitions = [] }
        addTenantIndex(&wanted)
        let fit = try await fit(wanted, into: assumed)
        let pages = try FilteredReading(reading, request.condition, wanted: request.mapping.projection)
        let sample = try await sample(pages, request.mapping.projection.shape(of: description.collection).vectors)
        let found = try await pages.isAnswered ? reading.count(matching: request.condition) : reading.count(nil)
        let records = request.parts.contains(.data) ? min(found, request.limit ?? found) : 0
        let isNumbering = request.mapping.keys == .auto && !fit.collection.key.isInvented
        let isCutting = records >= 10_000 && request.limit == nil && !isNumbering
        let slices = try await reading.slices(atMost: isCutting ? request.tuning.parallel : 1)
        var tuning = request.tuning
        tuning.page = tuning.page.limited(by: target.facts.write, memory: tuning.memory / (3 * slices.count))
        tuning.limit(vectorBytes: description.collection.vectorBytes, payloadBytes: sample.bytesPerRecord)
        var plan = Plan(
            context: Context(
                source: request.source, target: request.target, staging: request.staging, filter: request.filter,
                mapping: request.mapping, including: request.partNames, limit: request.limit,
                sourceIdentity: description.identity, shape: fit.collection, changes: fit.changes),
            moment: reading.moment, slices: slices, tuning: tuning, records: records,
            bytes: Int(Double(records) * sample.bytesPerRecord),
            verdicts: description.losses + fit.verdicts + aliases(description) + partitions(wanted, fit.collection),
            existing: request.existing, estimate: sample.estimate(records))
        plan.notices = description.remarks + sample.notices(of: request.mapping, description.collection)
        plan.unread = try await unread(pages, records)
        plan.describeLengths(sample.lengths)
        return plan
    }

    /// What the source does not hand out, where it costs little to know; a copy tells it at its end in any case.
    private func unread(_ pages: FilteredReading, _ records: Int) async throws -> Unread {
        guard !source.facts.hasUniqueKeys, records <= Self.fewRecords, request.limit == nil else { return Unread() }
        return try await pages.unread(seen: nil)
    }

    private static let fewRecords = 100_000

    /// What the target makes of the shape; what it has stays as it is, and gets the indexes that are asked for by name.
    private func fit(_ wanted: Collection, into assumed: Collection?) async throws -> Fit {
        var existing = assumed
        if existing == nil { existing = try await self.existing() }
        guard existing != nil || request.parts.contains(.schema) else {
            throw JobError(
                "there is no \(request.target), and its schema is not brought", help: "say `including schema, data`")
        }
        var fit = target.fit(wanted, into: existing, request.mapping)
        guard existing != nil, request.including.contains(Part.indexes.rawValue) else { return fit }
        let known = Set(fit.collection.indexes.map(\.name))
        fit.collection.indexes += target.fit(wanted, into: nil).collection.indexes.filter { !known.contains($0.name) }
        return fit
    }

    /// The index that keeps tenants apart, for a store that has such a one.
    private func addTenantIndex(_ wanted: inout Collection) {
        guard let field = request.tenant, request.parts.contains(.schema),
            let kind = target.indexing?.kinds.first(where: { $0.params.contains("is_tenant") }),
            wanted.fields.contains(where: { $0.name == field && $0.type == .text(maxLength: nil) })
        else { return }
        wanted.indexes.removeAll { $0.field == field }
        wanted.indexes.append(Index(name: field, field: field, type: kind.type, params: ["is_tenant": true]))
    }

    /// Partitions that are asked for, and that the target does not have.
    private func partitions(_ wanted: Collection, _ made: Collection) -> [Verdict] {
        guard request.including.contains(Part.partitions.rawValue) else { return [] }
        return wanted.partitions.filter { !made.partitions.contains($0) }.map {
            Verdict("partition \($0)", .lossy, "this store has no partitions")
        }
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
        guard request.parts.contains(.aliases) else { return [] }
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
        /// The names of what the records carry beyond the declared fields.
        var extra: Set<Text> = []
        /// The shortest and the longest vector, by name.
        var lengths: [String: ClosedRange<Double>] = [:]

        /// Names that are asked for, and that no record of the sample has.
        func notices(of mapping: Mapping, _ collection: Collection) -> [String] {
            guard records > 0 else { return [] }
            let declared = Set(collection.vectors.map(\.name) + collection.fields.map(\.name))
            let named = (mapping.fields ?? []) + mapping.rename.keys.sorted()
            return named.filter { !declared.contains($0) && !extra.contains(Text($0)) }.map {
                "none of the first \(records) records of \(collection.name) has a field \"\($0)\""
            }
        }

        /// Reading and writing together take about three times as long as reading alone.
        func estimate(_ total: Int) -> Duration? {
            guard records > 0 else { return nil }
            return .milliseconds(Int64(3000 * seconds * Double(total) / Double(records)))
        }
    }

    private func sample(_ pages: FilteredReading, _ vectors: [VectorField]) async throws -> Sample {
        let start = ContinuousClock.now
        guard let page = try await pages.page(.whole, Budget(records: 1_000, bytes: 4 << 20)), page.batch.count > 0
        else {
            return Sample()
        }
        let elapsed = (ContinuousClock.now - start).components
        return Sample(
            bytesPerRecord: Double(page.batch.byteCount) / Double(page.batch.count),
            seconds: Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18, records: page.batch.count,
            extra: page.batch.rest?.memberNames(count: page.batch.count) ?? [],
            lengths: VectorLengths(vectors).ranges(page.batch))
    }
}

extension Budget {
    fileprivate func limited(by limit: Budget, memory: Int) -> Budget {
        Budget(records: min(records, limit.records), bytes: max(1 << 16, min(bytes, limit.bytes, memory)))
    }
}
