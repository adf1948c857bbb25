import JSON
import Model
import Transfer

/// A report as one page that needs nothing else: no script, and nothing from outside.
struct ReportPage {
    let report: ApplyReport

    init(_ report: ApplyReport) { self.report = report }

    var html: String {
        let title = Self.escaped("\(report.run.execution.plan): \(report.problem == nil ? "finished" : "failed")")
        let times = ["started_at", "finished_at"].map { report.execution[$0]?.words ?? "" }
        var body = "<h1>\(title)</h1>\n"
        body += "<p>Execution \(report.run.execution.id), begun \(times[0]), ended \(times[1]), "
        body += "in \(report.run.execution.runs) \(report.run.execution.runs == 1 ? "run" : "runs").</p>\n"
        if let problem = report.problem { body += "<p class=\"bad\">It stopped: \(Self.escaped(problem))</p>\n" }
        body += "<div class=\"figures\">\n"
        for (title, figures) in [
            ("Success", report.success), ("Performance", report.performance), ("Issues", report.issues),
        ] { body += section(title, figures) }
        body += "</div>\n" + plots + table("Collections", report.collections, ApplyReport.columns)
        body += table("Validation", report.run.checks.map(\.json), ["collection", "check", "result", "detail"])
        body += table("Backups", report.run.execution.backups, ["id", "path", "bytes", "sha256"])
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <title>\(title)</title>
            <style>\(Self.style)</style>
            </head>
            <body>
            \(body)</body>
            </html>

            """
    }

    private var plots: String {
        let throughput = ReportPlot(
            "Throughput", unit: "records a second", lines: [report.throughput.map { ($0.at, $0.value) }])
        let latency = ReportPlot(
            "Batch latency, mean and slowest", unit: "ms",
            lines: [report.latency.map { ($0.at, $0.value) }, report.latency.map { ($0.at, $0.most) }])
        return "<h2>Over time</h2>\n<div class=\"plots\">\n\(throughput.svg)\(latency.svg)</div>\n"
    }

    private func section(_ title: String, _ figures: JSONValue) -> String {
        let rows = (figures.members ?? []).filter { $0.value != .array([]) }.map { member in
            "<tr><th>\(Self.escaped(member.name.replacing("_", with: " ")))</th><td>\(Self.cell(member.value))</td></tr>\n"
        }
        return "<section><h2>\(title)</h2><table>\n\(rows.joined())</table></section>\n"
    }

    private func table(_ title: String, _ rows: [JSONValue], _ columns: [String]) -> String {
        guard !rows.isEmpty else { return "" }
        let head = columns.map { "<th>\(Self.escaped($0))</th>" }.joined()
        let lines = rows.map { row in
            "<tr>" + columns.map { "<td>\(row[$0].map(Self.cell) ?? "")</td>" }.joined() + "</tr>\n"
        }
        return "<h2>\(title)</h2>\n<table>\n<tr>\(head)</tr>\n\(lines.joined())</table>\n"
    }

    private static func cell(_ value: JSONValue) -> String {
        if value == .null { return "" }
        if let elements = value.array { return elements.map { escaped($0.words) }.joined(separator: "<br>") }
        return escaped(value.words)
    }

    /// Names of collections and messages are text, whatever they look like.
    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
    }

    private static let style = """
        body{font:15px/1.45 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em;color:#222}
        h1{font-size:1.5em}h2{font-size:1.1em;margin-top:1.6em}
        table{border-collapse:collapse}th,td{text-align:left;vertical-align:top;padding:.2em .9em .2em 0;border-bottom:1px solid #ddd}
        .figures,.plots{display:flex;flex-wrap:wrap;gap:2.5em}.bad{color:#a00;font-weight:bold}
        svg{background:#fafafa}svg text{font:11px system-ui,sans-serif;fill:#555}
        """
}
