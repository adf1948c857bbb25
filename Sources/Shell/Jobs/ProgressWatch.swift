import Glibc
import JSON
import Model
import Transfer

/// Shows how far a job is while it runs, and writes the files in which others see it.
final class ProgressWatch: Sendable {
    private let figures: JobFigures
    private let line: ProgressLine
    private let messages: Messages

    init(_ job: Job, _ messages: Messages, _ invocation: Invocation, isQuiet: Bool, files: JobFiles) {
        let figures = JobFigures(job: job, files: files)
        (self.figures, self.messages) = (figures, messages)
        line = ProgressLine(messages, invocation, isQuiet: isQuiet) {
            figures.writeFiles()
            return figures.standing
        }
    }

    /// Removes the line, and writes the last status.
    func end() async {
        await line.end()
        figures.writeFiles()
        if let problem = await figures.files.end() { messages.warn("the last status is not there: \(problem.message)") }
    }
}

/// How far a job is, and how fast.
private struct JobFigures: Sendable {
    private let job: Job
    let files: JobFiles
    private let start = ContinuousClock.now
    private let done: Int

    init(job: Job, files: JobFiles) {
        (self.job, self.files) = (job, files)
        done = job.progress.now.records
    }

    func writeFiles() {
        let counts = job.progress.now
        files.write(job, counts, rate: rate(counts), remaining: remaining(counts))
    }

    var standing: ProgressLine.Standing {
        let counts = job.progress.now
        if let watch = counts.index, let state = watch.state {
            return .building(watch.index, state, of: "\(job.plan.context.target)")
        }
        let share = Double(counts.records) / Double(max(1, counts.total))
        return ProgressLine.Standing(share: share, text: text(counts), json: json(counts))
    }

    private func rate(_ counts: Progress.Counts) -> Double {
        Double(counts.records - done) / max(0.001, (ContinuousClock.now - start).inSeconds)
    }

    private func remaining(_ counts: Progress.Counts) -> Double? {
        let rate = rate(counts)
        return rate > 0 ? Double(max(0, counts.total - counts.records)) / rate : nil
    }

    private func text(_ counts: Progress.Counts) -> String {
        let percent = min(100, 100 * counts.records / max(1, counts.total))
        let ahead = remaining(counts).map { "  ETA \(Elapsed.text(.seconds($0)))" } ?? ""
        return "\(job.plan.context.target)  \(counts.phase)  \(percent) %  \(counts.records)/\(counts.total)"
            + "  \(Int(rate(counts))) rows/s\(ahead)"
    }

    private func json(_ counts: Progress.Counts) -> JSONValue {
        [
            "t": .integer(Int64(time(nil))), "step": .string("copy \(job.plan.context.target)"),
            "done": .integer(Int64(counts.records)), "total": .integer(Int64(counts.total)),
            "rate": .double(rate(counts).rounded(to: 1)),
            "eta_s": remaining(counts).map { .double($0.rounded(to: 1)) } ?? .null,
        ]
    }
}

extension ProgressLine.Standing {
    /// How far an index is, as its store tells it.
    static func building(_ index: String, _ state: IndexState, of collection: String) -> ProgressLine.Standing {
        let total = state.indexed + state.pending
        let share = Double(state.indexed) / Double(max(1, total))
        let known = total > 0 ? "  \(Int(100 * share)) %  \(state.indexed)/\(total)" : ""
        let step = "index \(index) of \(collection)"
        return ProgressLine.Standing(
            share: share, text: "\(collection)  indexing  \(index)\(known)",
            json: [
                "t": .integer(Int64(time(nil))), "step": .string(step), "done": .integer(Int64(state.indexed)),
                "total": .integer(Int64(total)), "rate": .null, "eta_s": .null,
            ])
    }
}

enum PeakMemory {
    /// The most that this process has held so far.
    static var bytes: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }
}
