import JSON
import Language
import Model
import Transfer

/// What is compared with what, and by which mapping.
struct ComparisonTask {
    struct Origin {
        var place: Place
        var mapping: Mapping
        /// Which of its records count.
        var filter: Filter?
        /// The copy that made the target of it.
        var plan: Plan?
        /// Where the mapping is from.
        var words: String
    }

    /// More than one where several became one.
    var origins: [Origin]
    var target: Place
    /// Which of its records count.
    var filter: Filter?

    var words: String {
        var all: [String] = []
        for origin in origins where !all.contains(origin.words) { all.append(origin.words) }
        return all.joined(separator: ", ")
    }
}

/// Both sides of a comparison, open.
struct OpenComparison: Sendable {
    var sources: [Side]
    var target: Side
    /// What the target does to values.
    var changes: [Change]
}

extension Session {
    // MARK: What is meant

    /// One comparison for each source; where several stand against one target, one of all together.
    func comparisons(
        of target: Located<Reference>, with sources: [Located<Reference>], _ call: Call, as job: Located<String>? = nil
    ) async throws -> [ComparisonTask] {
        let originals = try await originals(sources)
        let filter = try await filter(call.optional(Shared.filter))
        if originals.count > 1, let name = target.value.name, !Pattern.isPattern(name) {
            try refuseForSeveral(call, job)
            return [try await comparison(of: place(target), with: originals, filter, call, as: nil)]
        }
        var tasks: [ComparisonTask] = []
        for original in originals {
            let place = try await place(target, paired: original)
            tasks.append(try await comparison(of: place, with: [original], filter, call, as: job))
        }
        return tasks
    }

    private struct Original {
        var place: Place
        /// What the pattern's parts stood for.
        var captured: [String: String]
    }

    private func originals(_ sources: [Located<Reference>]) async throws -> [Original] {
        var all: [Original] = []
        for source in sources {
            let captures = Captures(source.value.name ?? "*")
            for place in try await places(source) {
                all.append(Original(place: place, captured: captures.match(place.name) ?? [:]))
            }
        }
        if all.isEmpty, let source = sources.first {
            throw Failure("E0501", "no collection fits \(source.value)", at: source.span)
        }
        return all
    }

    /// The copy of one collection, by the names that a pattern gave.
    private func place(_ target: Located<Reference>, paired original: Original) async throws -> Place {
        let filled = target.value.name.map { Captures.fill($0, original.captured) }
        let name = filled.flatMap { Pattern.isPattern($0) ? nil : $0 } ?? original.place.name
        return try await place(
            Located(Reference(connection: target.value.connection, name: name), at: target.span))
    }

    private func refuseForSeveral(_ call: Call, _ job: Located<String>?) throws {
        guard job != nil || call.has("staged") else { return }
        throw Failure(
            "E0902", "a staged copy, or a job, has one source", at: job?.span ?? call.verb,
            help: ["name one collection behind `against`"])
    }

    private func comparison(
        of target: Place, with originals: [Original], _ filter: Filter?, _ call: Call, as job: Located<String>?
    ) async throws -> ComparisonTask {
        var origins: [ComparisonTask.Origin] = []
        for original in originals {
            var origin = try await origin(original, target, isMerged: originals.count > 1, call, as: job)
            origin.filter = Filter(conjuncts: [origin.filter, filter].compactMap(\.self))
            origins.append(origin)
        }
        var renamed: Filter?
        if let filter { renamed = try await self.filter(filter, behind: origins[0], at: call.span(of: Shared.filter)) }
        return ComparisonTask(origins: origins, target: target, filter: renamed)
    }

    // MARK: Mappings

    private func origin(
        _ original: Original, _ target: Place, isMerged: Bool, _ call: Call, as job: Located<String>?
    ) async throws -> ComparisonTask.Origin {
        let place = original.place
        if let given = try await givenMapping(call, original, isMerged: isMerged) {
            guard job == nil, !call.has("staged") else {
                throw Failure("E0902", "a job has its own mapping", at: job?.span ?? call.verb)
            }
            return ComparisonTask.Origin(place: place, mapping: given, words: "as given")
        }
        if let (plan, words) = try await plan(from: place, to: target, call, as: job) {
            let context = plan.context
            return ComparisonTask.Origin(
                place: place, mapping: context.mapping, filter: context.condition, plan: plan, words: words)
        }
        return ComparisonTask.Origin(place: place, mapping: .identity, words: "identity")
    }

    private func plan(
        from place: Place, to target: Place, _ call: Call, as job: Located<String>?
    ) async throws -> (Plan, String)? {
        if call.has("staged") {
            let folder = try stagedCopy(of: place, for: target, as: job).folder
            do { return (try folder.plan(), "of job \(folder.id)") } catch { throw Failure(error, at: target.span) }
        }
        if let named = try await plan(named: job) { return named }
        let last = JobFolder.last(from: site(place), to: site(target), in: invocation.home)
        return last.map { ($0.plan, "of job \($0.job.id)") }
    }

    /// A mapping that the line itself has.
    private func givenMapping(_ call: Call, _ original: Original, isMerged: Bool) async throws -> Mapping? {
        let before = variables
        defer { variables = before }
        for (name, value) in original.captured where name != "*" { variables[name] = .text(value) }
        var mapping = try await mapping(call)
        guard mapping != .identity else { return nil }
        if isMerged { mapping.tellApart(original.place.name, 0) }
        return mapping
    }

    /// The plan of a job, or one in a file.
    private func plan(named job: Located<String>?) async throws -> (Plan, String)? {
        guard let job else { return nil }
        if let folder = JobFolder.find(job.value, in: invocation.home) {
            return (try folder.plan(), "of job \(folder.id)")
        }
        guard job.value.contains("/") || job.value.hasSuffix(".json") else {
            throw Failure("E0907", "no job '\(job.value)'", at: job.span, help: ["`jobs` lists them"])
        }
        guard let json = try? JSONValue(await fileText(job)) else {
            throw Failure("E0901", "\(job.value) is no JSON", at: job.span)
        }
        do { return (try Plan(json: json), "of \(job.value)") } catch { throw Failure(error, at: job.span) }
    }

    /// The same condition in the target's names.
    private func filter(
        _ filter: Filter, behind origin: ComparisonTask.Origin, at span: Span?
    ) async throws -> Filter {
        let mapping = origin.mapping
        let key = try await origin.place.use { try await $0.describe($1).collection.key.name }
        for field in filter.fields {
            let isKey = field == "key" || field == key
            let head = field.split(separator: ".").first.map(String.init) ?? field
            let isKept =
                isKey
                ? mapping.keys == .keep && mapping.rekeyed.isEmpty
                : mapping.set[head] == nil && mapping.fields?.contains(head) ?? true
            guard isKept else {
                throw Failure(
                    "E0410", "\(field) is not what it was behind the mapping, so the target cannot be asked for it",
                    at: span, help: ["leave `where` out: the copy's own condition applies by itself"])
            }
        }
        return filter.renamingFields { $0 == key ? "key" : mapping.rename[$0] ?? $0 }
    }

    // MARK: Opening

    /// Opens both sides for as long as `body` runs.
    func comparing<Result: Sendable>(
        _ task: ComparisonTask, _ body: (OpenComparison) async throws -> Result
    ) async throws -> Result {
        try await task.target.reading { copied in
            let target = Side(copied, task.filter)
            return try await opening(task.origins[...], [], like: target) { sources in
                var changes: [Change] = []
                for (origin, side) in zip(task.origins, sources) {
                    let made =
                        origin.plan?.context.changes
                        ?? task.target.store.fit(side.shape, into: target.shape, origin.mapping).changes
                    for change in made where !changes.contains(change) { changes.append(change) }
                }
                return try await body(OpenComparison(sources: sources, target: target, changes: changes))
            }
        }
    }

    private func opening<Result: Sendable>(
        _ origins: ArraySlice<ComparisonTask.Origin>, _ sides: [Side], like target: Side,
        _ body: ([Side]) async throws -> Result
    ) async throws -> Result {
        guard let origin = origins.first else { return try await body(sides) }
        return try await origin.place.reading { reading in
            let side: Side
            do { side = try Side(reading, origin.filter, origin.mapping, like: target) } catch {
                throw Failure(error, at: origin.place.span)
            }
            return try await opening(origins.dropFirst(), sides + [side], like: target, body)
        }
    }
}
