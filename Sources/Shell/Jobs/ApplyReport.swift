import Glibc
import JSON
import Language
import Model
import Transfer

/// What `apply` leaves behind for those who were not there.
struct ApplyReport {
    let run: PlanRun
    /// The execution and its collections, over all runs.
    let execution: JSONValue

    init(_ run: PlanRun, in home: String) { (self.run, execution) = (run, run.execution.row(in: home)) }

    var collections: [JSONValue] { execution["collections"]?.array ?? [] }

    var problem: String? { run.execution.problem }

    var json: JSONValue {
        [
            "plan": .string(run.execution.plan), "execution": .string(run.execution.id),
            "result": .string(problem == nil ? "finished" : "failed"), "error": .optional(problem),
            "started_at": execution["started_at"] ?? .null, "finished_at": execution["finished_at"] ?? .null,
            "runs": .integer(Int64(run.execution.runs)), "backups": .array(run.execution.backups),
            "copies": .array(run.newCopies), "collections": .array(collections), "success": success,
            "performance": performance, "issues": issues, "validation": .array(run.checks.map(\.json)),
            "throughput": .array(throughput.map { ["s": .double($0.at), "records_per_s": .double($0.value)] }),
            "batch_latency": .array(
                latency.map { ["s": .double($0.at), "mean_ms": .double($0.value), "slowest_ms": .double($0.most)] }),
        ]
    }

    // MARK: Figures

    private var points: Int64 { sum(collections, "done") - sum(collections, "rejected") }

    var success: JSONValue {
        let total = sum(collections, "total")
        let done = collections.count { $0["state"] == "finished" }
        return [
            "collections_migrated": .integer(Int64(done)), "collections": .integer(Int64(collections.count)),
            "points_migrated": .integer(points), "points": .integer(total),
            "success_rate": .double(share(Double(points), of: Double(total))),
            "duration_s": .double(run.execution.seconds.rounded(to: 3)),
        ]
    }

    var performance: JSONValue {
        let seconds = run.execution.copies.reduce(0) { $0 + ($1["seconds"]?.double ?? 0) }
        let (records, bytes) = (sum(run.execution.copies, "records"), sum(run.execution.copies, "bytes"))
        let (batches, failed) = (sum(run.execution.copies, "batches"), sum(run.execution.copies, "batches_failed"))
        return [
            "points_per_s": .double(rate(records, seconds)), "bytes_per_s": .double(rate(bytes, seconds)),
            "batches": .integer(batches), "batches_failed": .integer(failed),
            "batch_success_rate": .double(share(Double(batches), of: Double(batches + failed))),
            "retries": .integer(sum(run.execution.copies, "retries")),
            "network_bytes": .integer(sum(run.execution.copies, "network_bytes")),
            "peak_memory": .integer(Int64(PeakMemory.bytes)),
        ]
    }

    /// Errors ended something; warnings are what was overcome.
    var issues: JSONValue {
        var kinds = Issue.allCases.map { kind in
            let overcome = run.execution.copies.reduce(0) { $0 + ($1["issues"]?[kind.rawValue]?.integer ?? 0) }
            let count = overcome + Int64(run.failures[kind] ?? 0)
            return JSONValue.Member(kind.rawValue, .integer(count))
        }
        let failed = run.checks.filter { $0.result == .different }
        if let place = kinds.firstIndex(where: { $0.name == Issue.validation.rawValue }) {
            kinds[place].value = .integer(Int64(failed.count + (run.failures[.validation] ?? 0)))
        }
        let errors = collections.compactMap { row in
            row["problem"]?.string.map { JSONValue.string("\(row["source"]?.words ?? ""): \($0)") }
        }
        let warnings = collections.filter { ($0["retries"]?.integer ?? 0) > 0 || ($0["rejected"]?.integer ?? 0) > 0 }
            .map { row in
                JSONValue.string(
                    "\(row["source"]?.words ?? ""): \(row["retries"]?.text ?? "0") calls made again, "
                        + "\(row["rejected"]?.text ?? "0") records set aside")
            }
        let skipped = run.checks.filter { $0.result == .skipped }.map { JSONValue.string("\($0.name): \($0.detail)") }
        return .object(kinds + [.init("errors", .array(errors)), .init("warnings", .array(warnings + skipped))])
    }

    private func sum(_ rows: [JSONValue], _ name: String) -> Int64 { rows.reduce(0) { $0 + ($1[name]?.integer ?? 0) } }

    private func rate(_ count: Int64, _ seconds: Double) -> Double {
        count == 0 ? 0 : (Double(count) / max(0.001, seconds)).rounded(to: 1)
    }

    private func share(_ part: Double, of whole: Double) -> Double { whole > 0 ? (part / whole).rounded(to: 4) : 1 }

    // MARK: Over time

    struct Point {
        var at: Double
        var value: Double
        var most = 0.0
    }

    /// Records a second.
    var throughput: [Point] {
        let (width, steps) = run.timeline.steps
        let seconds = width.inSeconds
        return steps.enumerated().map { place, step in
            Point(at: (Double(place) * seconds).rounded(to: 3), value: (Double(step.records) / seconds).rounded(to: 1))
        }
    }

    /// Milliseconds a batch, of the steps in which any was written.
    var latency: [Point] {
        let (width, steps) = run.timeline.steps
        return steps.enumerated().filter { $0.element.batches > 0 }.map { place, step in
            Point(
                at: (Double(place) * width.inSeconds).rounded(to: 3),
                value: (1000 * step.waited.inSeconds / Double(step.batches)).rounded(to: 3),
                most: (1000 * step.slowest.inSeconds).rounded(to: 3))
        }
    }
}

extension Session {
    func write(_ run: PlanRun, _ call: Call) async throws {
        guard let path = try call.optional(Applying.report) else { return }
        let report = ApplyReport(run, in: invocation.home)
        if let folder = reportFolder(path.value) {
            let base = "\(folder)/\(ReportFiles.prefix)\(run.execution.id)"
            // What was done is told by the run that did it.
            guard !run.newCopies.isEmpty || report.problem != nil || access(expanded(base) + ".json", F_OK) != 0 else {
                return say(call, "nothing has changed: the reports are in \(base).html, .md and .json")
            }
            for kind in ReportFiles.kinds {
                try await write(report.text(kind), to: Located("\(base).\(kind)", at: path.span))
            }
            return say(call, "the reports are in \(base).html, .md and .json")
        }
        let kind = ReportFiles.kinds.first { path.value.hasSuffix("." + $0) } ?? "md"
        try await write(report.text(kind), to: path)
        say(call, "the report is in \(path.value)")
    }

    /// A folder that is there, or that is written like one.
    private func reportFolder(_ path: String) -> String? {
        var facts = stat()
        let isThere = stat(expanded(path), &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
        guard isThere || path.hasSuffix("/") else { return nil }
        let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
        Folders.make(above: expanded(folder) + "/report")
        return folder
    }
}

extension ApplyReport {
    fileprivate func text(_ kind: String) -> String {
        switch kind {
        case "json": json.indented() + "\n"
        case "html": ReportPage(self).html
        default: markdown
        }
    }
}
