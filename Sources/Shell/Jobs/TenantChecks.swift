import JSON
import Language
import Model
import Transfer

/// What is looked at when all collections of a plan have come: how many there are, what every record was to get, and
/// whether a search by it finds something.
extension Session {
    func validate(_ plans: [Plan], _ tasks: [CopyTask], _ run: inout PlanRun, _ call: Call) async throws {
        // What others have done to a target since it was looked at is no fault of the migration.
        guard !run.newCopies.isEmpty || !run.execution.isValidated else { return }
        let pairs = Array(zip(plans, tasks)).filter {
            $0.0.context.staging == nil && $0.0.context.brings(.data) && $0.0.existing != .skip
        }
        for (_, group) in Dictionary(grouping: pairs, by: { $0.1.target.description }).sorted(by: { $0.key < $1.key }) {
            let held = run.execution.held[group[0].1.target.description] ?? 0
            run.checks += try await TenantChecks(group, held: held, in: invocation.home).all()
        }
        run.execution.isValidated = true
        guard let wrong = run.checks.first(where: { $0.result == .different }) else { return }
        throw Failure(
            "E0906", "\(wrong.collection) is not as it should be: \(wrong.name), \(wrong.detail)", at: call.verb,
            exit: .different)
    }
}

/// One thing that was looked at after a migration.
struct TenantCheck: Sendable {
    enum Result: String { case equal, different, skipped }
    var collection: String
    var name: String
    var result: Result
    var detail: String

    var json: JSONValue {
        [
            "collection": .string(collection), "check": .string(name), "result": .string(result.rawValue),
            "detail": .string(detail),
        ]
    }
}

/// The checks of one target.
private struct TenantChecks {
    private let plans: [Plan]
    private let tasks: [CopyTask]
    private let held: Int
    private let home: String
    private var target: Place { tasks[0].target }

    init(_ group: [(Plan, CopyTask)], held: Int, in home: String) {
        (plans, tasks, self.held, self.home) = (group.map(\.0), group.map(\.1), held, home)
    }

    func all() async throws -> [TenantCheck] {
        var counts: [Int] = []
        for (plan, task) in zip(plans, tasks) {
            let count = try await task.source.reading { try await $0.count(matching: plan.context.condition) }
            let state = try JobFolder.asked(plan.context.fingerprint, in: home)?.state()
            let refused = (state?.rejected ?? 0) + (state?.unread.count ?? 0)
            counts.append(min(count, plan.context.limit ?? count) - refused)
        }
        var checks = [try await total(counts.reduce(0, +))]
        var expected: [Filter: Int] = [:]
        for (plan, count) in zip(plans, counts) {
            if let marks = plan.context.mapping.marks { expected[marks, default: 0] += count }
        }
        for (marks, count) in expected.sorted(by: { $0.key.words < $1.key.words }) {
            checks.append(try await injected(marks, count))
            if count > 0 { checks.append(await search(marks)) }
        }
        return checks
    }

    private func total(_ expected: Int) async throws -> TenantCheck {
        let found = try await target.reading { try await $0.count(nil) }
        let words =
            "\(expected) in the sources, \(found) in the target" + (held > 0 ? ", of which \(held) were there" : "")
        // What stood there may have been replaced by key.
        let isEqual = held > 0 ? found >= expected && found <= expected + held : found == expected
        return TenantCheck(
            collection: target.description, name: "count", result: isEqual ? .equal : .different, detail: words)
    }

    private func injected(_ marks: Filter, _ expected: Int) async throws -> TenantCheck {
        let found = try await target.reading { try await $0.count(matching: marks) }
        let isEqual = held > 0 ? found >= expected : found == expected
        return TenantCheck(
            collection: target.description, name: "injected fields", result: isEqual ? .equal : .different,
            detail: "\(marks.words): \(expected) expected, \(found) found")
    }

    private func search(_ marks: Filter) async -> TenantCheck {
        func check(_ result: TenantCheck.Result, _ words: String) -> TenantCheck {
            TenantCheck(
                collection: target.description, name: "filtered search", result: result,
                detail: "\(marks.words): \(words)")
        }
        guard let search = target.store.search else { return check(.skipped, "the store cannot search") }
        do {
            guard let (column, field) = try await query(marks) else {
                return check(.skipped, "no vector to search with")
            }
            let hits = try await search.nearest(
                column, count: 1, field: field, in: target.name, metric: nil, where: marks, limit: 10)
            let count = hits.first?.count ?? 0
            return check(count > 0 ? .equal : .different, "\(count) found")
        } catch { return check(.skipped, Failure(error, at: nil).diagnostic.message) }
    }

    /// A vector of a record that the filter keeps.
    private func query(_ marks: Filter) async throws -> (Column, String)? {
        try await target.reading { reading in
            for try await page in FilteredPages(reading, marks, budget: Budget(records: 100)) {
                for (place, vector) in reading.description.collection.vectors.enumerated()
                where vector.layout == .dense {
                    let column = page.batch.vectors[place]
                    guard let row = (0..<page.batch.count).first(where: { column.mark($0) == .value }) else { continue }
                    return (column.rows([row], of: page.batch.count), vector.name)
                }
            }
            return nil
        }
    }
}

extension Filter {
    /// For people: `a=1, b=x`.
    fileprivate var words: String {
        conjuncts.map { conjunct in
            guard case .compare(let field, _, let value) = conjunct else { return "" }
            return "\(field)=\(value.words)"
        }.joined(separator: ", ")
    }
}

extension Scalar {
    fileprivate var words: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .natural(let value): "\(value)"
        case .double(let value): "\(value)"
        case .text(let text): text.description
        }
    }
}
