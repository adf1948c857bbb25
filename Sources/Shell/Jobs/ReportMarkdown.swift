import JSON
import Model
import Transfer

extension ApplyReport {
    var markdown: String {
        let id = run.execution.id
        var text = "# \(run.execution.plan): \(problem == nil ? "finished" : "failed")\n\n"
        if let problem { text += "It stopped: \(problem)\n\n" }
        text += "- execution \(id), begun \(words("started_at")), ended \(words("finished_at"))\n"
        text += run.execution.backups.map { "- backup: \($0["path"]?.words ?? "")\n" }.joined()
        text += run.newCopies.isEmpty ? "- nothing was left to copy\n" : ""
        for (title, figures) in [("Success", success), ("Performance", performance), ("Issues", issues)] {
            text += "\n## \(title)\n\n" + Self.list(figures)
        }
        text += "\n## Collections\n\n" + Self.table(collections, Self.columns)
        if !run.checks.isEmpty {
            text +=
                "\n## Validation\n\n"
                + Self.table(run.checks.map(\.json), ["collection", "check", "result", "detail"])
        }
        return text
    }

    static let columns = ["source", "target", "job", "state", "done", "total", "rejected", "retries", "problem"]

    private func words(_ name: String) -> String { execution[name]?.words ?? "" }

    private static func list(_ figures: JSONValue) -> String {
        (figures.members ?? []).filter { $0.value != .array([]) }.map { "- \($0.name): \($0.value.words)\n" }.joined()
    }

    private static func table(_ rows: [JSONValue], _ columns: [String]) -> String {
        "| \(columns.joined(separator: " | ")) |\n|\(String(repeating: "---|", count: columns.count))\n"
            + rows.map { row in
                "| " + columns.map { cell(row[$0]) }.joined(separator: " | ") + " |\n"
            }.joined()
    }

    private static func cell(_ value: JSONValue?) -> String {
        guard let value, value != .null else { return "" }
        return value.words.replacing("|", with: "\\|").replacing("\n", with: " ")
    }
}
