import Transfer

/// A job's numbers in the text format of Prometheus, as its node exporter collects them from files.
struct JobMetrics {
    private enum Kind: String { case counter, gauge }

    private let labels: String

    init(labels: [(name: String, value: String)]) {
        self.labels = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
    }

    func text(_ counts: Progress.Counts, rate: Double, remaining: Double?, peakMemory: Int, time: Int) -> String {
        [
            metric("records_total", .counter, "Records that have arrived.", "\(counts.records)"),
            metric("bytes_total", .counter, "Bytes that this run has moved.", "\(counts.bytes)"),
            metric("batches_total", .counter, "Batches that the target has taken.", "\(counts.batches)"),
            metric("batches_failed_total", .counter, "Batches that the target has refused.", "\(counts.failures)"),
            metric("retries_total", .counter, "Calls that were made again.", "\(counts.retries)"),
            metric("rejected_total", .counter, "Records that were set aside.", "\(counts.rejected)"),
            metric("records_expected", .gauge, "Records that the job is to bring.", "\(counts.total)"),
            metric("records_per_second", .gauge, "Records a second, the mean of this run.", "\(rate.rounded(to: 1))"),
            metric(
                "remaining_seconds", .gauge, "Time that is left at this rate.", remaining.map { "\($0.rounded(to: 1))" }
            ),
            metric("finished", .gauge, "Whether the job is finished: 1 if so.", counts.phase == "finished" ? "1" : "0"),
            metric("peak_memory_bytes", .gauge, "The most memory that the process has held.", "\(peakMemory)"),
            metric("updated_timestamp_seconds", .gauge, "When these numbers were taken.", "\(time)"),
        ].joined()
    }

    /// Nothing where there is no value.
    private func metric(_ name: String, _ kind: Kind, _ help: String, _ value: String?) -> String {
        guard let value else { return "" }
        let name = "vecsh_copy_\(name)"
        return "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n\(name){\(labels)} \(value)\n"
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
