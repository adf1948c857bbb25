import Testing
import Transfer

@testable import Shell

@Suite struct JobMetricsTests {
    private func text(remaining: Double?) -> String {
        let labels = [("source", #"a:"x\y"#), ("target", "b:\nz")]
        return JobMetrics(labels: labels).text(
            Progress(total: 12, done: 5).now, rate: 2.55, remaining: remaining, peakMemory: 1 << 20, time: 7)
    }

    @Test func everySampleHasItsHelpAndType() {
        let lines = text(remaining: 3).split(separator: "\n").map(String.init)
        #expect(lines.count % 3 == 0 && text(remaining: 3).hasSuffix("\n"))
        for start in stride(from: 0, to: lines.count, by: 3) {
            let name = lines[start + 2].prefix { $0 != "{" }
            #expect(lines[start].hasPrefix("# HELP \(name) "))
            let kind = name.hasSuffix("_total") ? "counter" : "gauge"
            #expect(lines[start + 1] == "# TYPE \(name) \(kind)")
            #expect(lines[start + 2].wholeMatch(of: /[a-z_]+\{[a-z]+="[^\n]*",[a-z]+="[^\n]*"\} [0-9.]+/) != nil)
        }
        #expect(Set(lines).count == lines.count)
    }

    @Test func labelsAreEscaped() {
        #expect(text(remaining: nil).contains(#"vecsh_copy_records_total{source="a:\"x\\y",target="b:\nz"} 5"#))
    }

    @Test func whatIsNotKnownIsLeftOut() {
        #expect(text(remaining: 3).contains("remaining_seconds{"))
        #expect(!text(remaining: nil).contains("remaining_seconds"))
    }
}
