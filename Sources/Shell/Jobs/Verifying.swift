import JSON
import Language
import Model
import Transfer

/// How much is compared, and how exactly.
struct VerifyOptions {
    var sample: Int?
    var seed: UInt64
    var vectors: Likeness.Precision
    var tolerance: Float?
    /// Nil is what the copy was to bring.
    var comparesIndexes: Bool?
    /// Queries.
    var recall: Int?

    static let choices = [
        Slot.Choice("sample", "only so many records, chosen by chance"),
        Slot.Choice("seed", "the number that a sample was chosen by, to have the same again"),
        Slot.Choice("vectors", "exact, direction or tolerance; exact"),
        Slot.Choice("tolerance", "the most by which a vector's numbers may differ"),
        Slot.Choice("indexes", "yes: all that the source has; no: none; else those that the copy was to build"),
        Slot.Choice("recall", "so many searches on both sides: how alike are the answers"),
        Slot.Choice("ids", "keep, uuid5, hash or auto: as the copy made keys"),
        Slot.Choice("keep_id_as", "the field that keeps the key as it was"),
        Slot.Choice("norms", "the field that keeps the lengths of vectors"),
    ]

    init(_ options: Options) throws {
        sample = try options.number("sample")
        seed = try options.number("seed").map { UInt64($0) } ?? UInt64.random(in: 1...999_999)
        recall = try options.number("recall")
        comparesIndexes = options["indexes"] == nil ? nil : try options.isYes("indexes")
        tolerance = try options["tolerance"]?.reading("a number, 0 or more") { value in
            value.number.flatMap { $0 >= 0 && $0.isFinite ? Float($0) : nil }
        }
        vectors = tolerance == nil ? .exact : .tolerance
        guard let given = options["vectors"] else { return }
        guard let precision = Likeness.Precision(rawValue: given.value.description.lowercased()) else {
            let known = Likeness.Precision.allCases.map(\.rawValue).joined(separator: ", ")
            throw Failure("E0317", "'\(given.value)' cannot stand here", at: given.span, help: ["known are \(known)"])
        }
        vectors = precision
    }
}

/// What `verify` prints for one comparison.
struct VerifyAnswer {
    var document: JSONValue
    /// How they differ, in words; nil if they are equal.
    var difference: String?
}

extension Session {
    /// What a comparison has found.
    func verified(_ task: ComparisonTask, _ options: VerifyOptions, _ call: Call) async throws -> VerifyAnswer {
        let (result, checks) = try await comparing(task) { open in
            let likeness = Likeness(changes: open.changes, vectors: options.vectors, tolerance: options.tolerance)
            let verify = Verify(open.sources, against: open.target, likeness: likeness)
            var result: Verify.Result
            if let size = options.sample {
                result = try await verify.sample(size, seed: options.seed)
            } else {
                result = try await verify.run()
            }
            var checks = [records(result, likeness, options)] + unread(result, task)
            checks += try await shapeChecks(task, options)
            if let queries = options.recall { checks += try await recall(task, open, queries, options.seed) }
            return (result, checks)
        }
        if options.sample != nil {
            say(
                call,
                "a sample of \(result.compared) keys was compared, not every record; the same again: seed=\(options.seed)"
            )
        }
        let differing = checks.filter { $0.result == .different }.map(\.name)
        let document = document(result, checks, task, isEqual: differing.isEmpty)
        guard !differing.isEmpty else { return VerifyAnswer(document: document) }
        let words = result.isEqual ? differing.joined(separator: ", ") : result.summary
        let sources = task.origins.map(\.place.description).joined(separator: ", ")
        return VerifyAnswer(
            document: document, difference: "\(task.target.description) differs from \(sources): \(words)")
    }

    private func document(
        _ result: Verify.Result, _ checks: [Check], _ task: ComparisonTask, isEqual: Bool
    ) -> JSONValue {
        let examples = result.examples.map { example in
            let isMerged = task.origins.count > 1 && example.side != .target
            let source = isMerged ? task.origins[example.origin].place.description : nil
            return JSONValue.object(
                [
                    JSONValue.Member("key", .string(example.key.description)),
                    JSONValue.Member("why", .string(example.why)),
                ]
                    + (source.map { [JSONValue.Member("source", .string($0))] } ?? []))
        }
        return [
            "result": .string(isEqual ? "equal" : "different"), "mapping": .string(task.words),
            "source_count": .integer(Int64(result.sourceCount)), "target_count": .integer(Int64(result.targetCount)),
            "compared": .integer(Int64(result.compared)), "missing": .integer(Int64(result.missing)),
            "extra": .integer(Int64(result.extra)), "different": .integer(Int64(result.different)),
            "examples": .array(examples), "checks": .array(checks.map(\.json)),
        ]
    }

    // MARK: Checks

    private struct Check: Sendable {
        enum Result: String { case equal, different, measured, skipped }
        var name: String
        var result: Result
        var detail: String

        var json: JSONValue {
            ["name": .string(name), "result": .string(result.rawValue), "detail": .string(detail)]
        }
    }

    private func records(_ result: Verify.Result, _ likeness: Likeness, _ options: VerifyOptions) -> Check {
        var words = [
            options.sample == nil ? "every record" : "a sample of \(result.compared) keys, seed \(options.seed)"
        ]
        words += likeness.changes.map { "\($0.verdict.subject) \($0.verdict.detail)" }
        switch (likeness.vectors, likeness.tolerance) {
        case (.exact, _): break
        case (.direction, let tolerance):
            words.append("vectors by direction" + (tolerance.map { ", within \($0)" } ?? ""))
        case (.tolerance, let tolerance):
            words.append("vectors within \(tolerance.map { "\($0)" } ?? "their rounding")")
        }
        return Check(
            name: "records", result: result.isEqual ? .equal : .different, detail: words.joined(separator: "; "))
    }

    /// What could not be compared.
    private func unread(_ result: Verify.Result, _ task: ComparisonTask) -> [Check] {
        let sources = task.origins.map(\.place.description).joined(separator: ", ")
        return [(sources, result.unread.sources), (task.target.description, result.unread.target)]
            .filter { $0.1.count > 0 }.map { place, unread in
                let words = "\(Counted.records(unread.count)) of \(place) \(unread.words)"
                messages.warn(words)
                failures += 1
                return Check(name: "unread", result: .skipped, detail: words)
            }
    }

    /// What records do not show.
    private func shapeChecks(_ task: ComparisonTask, _ options: VerifyOptions) async throws -> [Check] {
        let actual = try await task.target.use { try await $0.describe($1) }
        var columns: [[ShapeCheck]] = []
        for origin in task.origins {
            let source = try await origin.place.use { try await $0.describe($1) }
            let fitted = try fitted(origin, source.collection, task.target)
            let wanted = origin.plan?.context.shape ?? fitted
            var checks = ShapeCheck.columns(of: actual.collection, wanted: wanted)
            if options.comparesIndexes != false {
                let indexes = options.comparesIndexes == true ? fitted.indexes : wanted.indexes
                checks.append(.indexes(of: actual, wanted: indexes))
            }
            if origin.plan?.context.brings(.aliases) == true {
                checks.append(.aliases(of: actual, wanted: source.aliases))
            }
            columns.append(checks)
        }
        return joined(columns)
    }

    /// What the target's store makes of a source.
    private func fitted(
        _ origin: ComparisonTask.Origin, _ source: Model.Collection, _ target: Place
    ) throws -> Model.Collection {
        do {
            let wanted = try origin.mapping.shape(of: source, named: target.name)
            return target.store.fit(wanted, into: nil, origin.mapping).collection
        } catch { throw Failure(error, at: origin.place.span) }
    }

    /// One check of a name, with what differs for any source.
    private func joined(_ checks: [[ShapeCheck]]) -> [Check] {
        var joined: [Check] = []
        for check in checks.joined() {
            let place = joined.firstIndex { $0.name == check.name } ?? joined.endIndex
            if place == joined.endIndex { joined.append(Check(name: check.name, result: .equal, detail: "")) }
            for words in check.differences where !joined[place].detail.contains(words) {
                joined[place].result = .different
                joined[place].detail += (joined[place].detail.isEmpty ? "" : "; ") + words
            }
        }
        return joined
    }

    private func recall(
        _ task: ComparisonTask, _ open: OpenComparison, _ queries: Int, _ seed: UInt64
    ) async throws -> [Check] {
        guard let search = task.target.store.search else { return [skipped(task.target)] }
        guard !open.changes.contains(.rekeyed) else {
            return [Check(name: "recall", result: .skipped, detail: "the target makes its own keys")]
        }
        var sources: [SearchRecall.Searched] = []
        for (origin, side) in zip(task.origins, open.sources) {
            guard let search = origin.place.store.search else { return [skipped(origin.place)] }
            sources.append(SearchRecall.Searched(side, search, name: origin.place.name))
        }
        let target = SearchRecall.Searched(open.target, search, name: task.target.name)
        let found = try await task.target.use { _, _ in
            try await SearchRecall(sources, against: target, where: task.filter).measure(queries: queries, seed: seed)
        }
        guard !found.isEmpty else {
            return [Check(name: "recall", result: .skipped, detail: "there is no vector to search with")]
        }
        return found.map { found in
            let (recall, agreement) = (found.recall.rounded(to: 4), found.agreement.rounded(to: 4))
            return Check(
                name: "recall", result: .measured,
                detail: "\(found.vector): recall@10 \(recall), rank agreement \(agreement), \(found.queries) queries")
        }
    }

    private func skipped(_ place: Place) -> Check {
        Check(name: "recall", result: .skipped, detail: "\(place.description): its store cannot search")
    }
}

extension Verify.Result {
    var summary: String {
        let isOnlyCounted = missing + extra + different == 0 && sourceCount != targetCount
        return isOnlyCounted
            ? "\(sourceCount) records, and \(targetCount) there"
            : "\(missing) missing, \(extra) extra, \(different) different"
    }
}
