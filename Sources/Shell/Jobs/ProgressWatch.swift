import Glibc
import JSON
import Synchronization
import Transfer

/// Shows how far a job is while it runs: a line that is redrawn on a terminal, a line every ten seconds elsewhere.
final class ProgressWatch: Sendable {
    private let job: Job
    private let messages: Messages
    private let style: ProgressStyle
    private let start = ContinuousClock.now
    private let done: Int
    private let files: JobFiles
    private let work = Mutex<Task<Void, Never>?>(nil)

    init(_ job: Job, _ messages: Messages, _ invocation: Invocation, isQuiet: Bool, files: JobFiles) {
        self.job = job
        self.messages = messages
        self.files = files
        done = job.progress.now.records
        let isTerminal = isatty(invocation.standardError) == 1
        switch invocation.progress {
        case .automatic: style = isQuiet || invocation.isQuiet ? .off : isTerminal ? .bar : .plain
        case let chosen: style = chosen
        }
        let interval: Duration = style == .plain ? .seconds(10) : style == .json ? .seconds(1) : .milliseconds(200)
        let task = Task.detached { [weak self] in
            while !Task.isCancelled {
                try? await Task.sleep(for: interval)
                guard !Task.isCancelled else { return }
                self?.show()
            }
        }
        work.withLock { $0 = task }
    }

    /// Removes the line, and writes the last status.
    func end() async {
        let task = work.withLock { $0 }
        task?.cancel()
        await task?.value
        if style == .bar { messages.draw("\r\u{1B}[K") }
        writeFiles()
    }

    private func show() {
        writeFiles()
        let counts = job.progress.now
        switch style {
        case .off, .automatic: break
        case .bar: messages.draw("\r\u{1B}[K" + bar(counts))
        case .plain: messages.say(text(counts))
        case .json: messages.draw(json(counts).text + "\n")
        }
    }

    private func writeFiles() {
        let counts = job.progress.now
        files.write(job, counts, rate: rate(counts), remaining: remaining(counts))
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

    private func bar(_ counts: Progress.Counts) -> String {
        let width = 20
        let full = min(width, width * counts.records / max(1, counts.total))
        return String(repeating: "█", count: full) + String(repeating: "░", count: width - full) + " " + text(counts)
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

enum PeakMemory {
    /// The most that this process has held so far.
    static var bytes: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }
}
