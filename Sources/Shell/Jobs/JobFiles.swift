import Depot
import Glibc
import JSON
import Language
import Model
import Transfer

/// The files in which other programs see how far a job is, while it runs.
struct JobFiles: Sendable {
    private let status: StatusPlace?
    private let metrics: String?

    init(_ options: Options, status: StatusPlace?) {
        self.status = status
        metrics = options["metrics"]?.value.description
    }

    /// Answers why the last of it is not there.
    func end() async -> StoreError? { await status?.end() }

    /// Throws if one of the files that a copy is to write has no folder that may be written to.
    static func check(_ options: Options) throws {
        for name in ["status", "metrics", "state", "rejects"] {
            guard let file = options[name], !isObject(file, name) else { continue }
            let path = Folders.real(file.value.description)
            let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
            guard access(folder.isEmpty ? "/" : folder, W_OK) != 0 else { continue }
            let reason = String(cString: strerror(errno))
            throw Failure("E0601", "cannot write \(file.value): \(reason)", at: file.span)
        }
    }

    private static func isObject(_ file: Located<Value>, _ name: String) -> Bool {
        name == "status" && DepotAddress.isBucket(file.value.description)
    }

    /// A disk that is full for a while must not stop the copy: the next writing may succeed.
    func write(_ job: Job, _ counts: Progress.Counts, rate: Double, remaining: Double?) {
        try? writeStatus(job, counts, rate, remaining)
        try? writeMetrics(job, counts, rate, remaining)
    }

    private func writeStatus(
        _ job: Job, _ counts: Progress.Counts, _ rate: Double, _ remaining: Double?
    ) throws(JobError) {
        let document: JSONValue = [
            "job": .string(job.id), "state": .string(counts.phase), "source": .string("\(job.plan.context.source)"),
            "target": .string("\(job.plan.context.target)"), "done": .integer(Int64(counts.records)),
            "total": .integer(Int64(counts.total)), "rate": .double(rate.rounded(to: 1)),
            "eta_s": remaining.map { .double($0.rounded(to: 1)) } ?? .null, "updated_at": .integer(Int64(time(nil))),
        ]
        let all = JSONValue.object((document.members ?? []) + Self.index(counts))
        status?.write(all)
        try ReplacedFile.write(all.text + "\n", to: job.folder.progressPath)
    }

    /// The index that is being built, while one is.
    private static func index(_ counts: Progress.Counts) -> [JSONValue.Member] {
        guard let watch = counts.index, let state = watch.state else { return [] }
        let index: JSONValue = [
            "name": .string(watch.index), "indexed": .integer(Int64(state.indexed)),
            "pending": .integer(Int64(state.pending)),
        ]
        return [JSONValue.Member("index", index)]
    }

    private func writeMetrics(
        _ job: Job, _ counts: Progress.Counts, _ rate: Double, _ remaining: Double?
    ) throws(JobError) {
        guard let metrics else { return }
        let labels = [
            ("job", job.id), ("source", "\(job.plan.context.source)"), ("target", "\(job.plan.context.target)"),
        ]
        let text = JobMetrics(labels: labels).text(
            counts, rate: rate, remaining: remaining, peakMemory: PeakMemory.bytes, time: time(nil))
        try ReplacedFile.write(text, to: metrics)
    }
}
