import Glibc
import JSON
import Language
import Model
import Transfer

/// How the reports of `apply` are called that lie in a folder.
enum ReportFiles {
    static let prefix = "migration_"
    static let kinds = ["html", "md", "json"]

    /// The execution that a file reports of; nil for any other file.
    static func execution(of name: String) -> String? {
        guard name.hasPrefix(prefix), let kind = kinds.first(where: { name.hasSuffix("." + $0) }) else { return nil }
        let id = name.dropFirst(prefix.count).dropLast(kind.count + 1)
        return !id.isEmpty && id.allSatisfy(\.isHexDigit) ? String(id) : nil
    }
}

/// All reports of one execution in a folder.
private struct Report {
    var execution: String
    var files: [String]
    /// When it was last written, in microseconds since 1970.
    var written: Int64

    var row: JSONValue {
        [
            "execution": .string(execution), "files": .array(files.map(JSONValue.string)),
            "written_at": .string(Timestamp.text(written)),
        ]
    }
}

extension Session {
    func planPruneReports(_ call: Call) async throws { try await print(superfluousReports(call), call) }

    func pruneReports(_ call: Call) async throws {
        let folder = try call[PruneBackups.reports]
        let reports = try superfluousReports(call)
        guard !reports.isEmpty else { return say(call, "nothing to remove") }
        let what = "\(reports.count) \(reports.count == 1 ? "report" : "reports") in \(folder.value)"
        try await confirm(call, "remove \(what)", byTyping: "\(reports.count)")
        for file in reports.flatMap(\.files) {
            guard unlink("\(expanded(folder.value))/\(file)") == 0 else {
                throw Failure(
                    "E0601", "cannot remove \(file): \(String(cString: strerror(errno)))", at: folder.span)
            }
        }
        try await print(reports, call)
        say(call, "removed \(what)")
    }

    private func superfluousReports(_ call: Call) throws -> [Report] {
        let folder = try call[PruneBackups.reports]
        let (keep, age) = (try call.optional(PruneBackups.keep), try call.optional(PruneBackups.age))
        guard keep != nil || age != nil else {
            throw Failure(
                "E0318", "which reports are to go is not said", at: call.verb,
                help: ["say `older than 30d`, `keep 3`, or both"])
        }
        let now = Timestamp.now
        return reports(in: expanded(folder.value)).dropFirst(keep ?? 0).filter { report in
            age.map { now - report.written > $0.components.seconds * 1_000_000 } ?? true
        }
    }

    /// Newest first.
    private func reports(in folder: String) -> [Report] {
        let files = JobFolder.names(in: folder).filter { ReportFiles.execution(of: $0) != nil }
        let groups = Dictionary(grouping: files) { ReportFiles.execution(of: $0) ?? "" }
        let reports = groups.map { execution, files in
            let times = files.compactMap { file -> Int64? in
                var facts = stat()
                guard stat("\(folder)/\(file)", &facts) == 0 else { return nil }
                return Int64(facts.st_mtim.tv_sec) * 1_000_000 + Int64(facts.st_mtim.tv_nsec) / 1000
            }
            return Report(execution: execution, files: files.sorted(), written: times.max() ?? 0)
        }
        return reports.sorted { ($0.written, $0.execution) > ($1.written, $1.execution) }
    }

    private func print(_ reports: [Report], _ call: Call) async throws {
        let rows = reports.map(\.row)
        try await answer(call) { try await $0.print(rows: rows, columns: ["execution", "files", "written_at"]) }
    }
}
