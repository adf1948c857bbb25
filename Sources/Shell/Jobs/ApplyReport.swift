import JSON
import Language
import Model
import Transfer

/// What `apply` leaves behind for those who were not there.
struct ApplyReport {
    var plan: String
    let start = Timestamp.now
    var backups: [JSONValue] = []
    var copies: [JSONValue] = []
    var problem: String?

    init(plan: String) { self.plan = plan }

    func failed(_ failure: Failure) -> ApplyReport {
        var report = self
        report.problem = failure.diagnostic.message
        return report
    }

    var json: JSONValue {
        [
            "plan": .string(plan), "result": .string(problem == nil ? "finished" : "failed"),
            "error": .optional(problem), "started_at": .string(Timestamp.text(start)),
            "finished_at": .string(Timestamp.text(Timestamp.now)), "backups": .array(backups),
            "copies": .array(copies),
        ]
    }

    var markdown: String {
        let rows = copies.map { copy in
            "| " + Self.columns.map { copy[$0]?.plain ?? "" }.joined(separator: " | ") + " |\n"
        }
        let head =
            "| \(Self.columns.joined(separator: " | ")) |\n|\(String(repeating: "---|", count: Self.columns.count))\n"
        return """
            # \(plan): \(problem == nil ? "finished" : "failed")

            \(problem.map { "It stopped: \($0)\n\n" } ?? "")- begun \(Timestamp.text(start)), ended \(Timestamp.text(Timestamp.now))

            """ + backups.map { "- backup: \($0["path"]?.plain ?? "")\n" }.joined()
                + (copies.isEmpty ? "- nothing was left to copy\n" : "\n" + head + rows.joined())
    }

    private static let columns = [
        "job", "source", "target", "records", "rejected", "bytes", "seconds", "records_per_s", "batches",
        "batches_failed", "retries", "peak_memory",
    ]
}

extension JSONValue {
    /// A text without its quotes.
    fileprivate var plain: String { string ?? text }
}

extension Session {
    func write(_ report: ApplyReport, _ call: Call) async throws {
        guard let path = try call.optional(Applying.report) else { return }
        try await write(
            path.value.hasSuffix(".json") ? report.json.indented() + "\n" : report.markdown, to: path)
        say(call, "the report is in \(path.value)")
    }
}
