import Depot
import Glibc
import JSON
import Language
import Model

/// One download or upload, as it runs and as it has ended.
struct TransferRun: Sendable {
    var source: String
    var target: String
    /// What is said of its checksums.
    var proof: String
    var progress: TransferProgress
    var work: @Sendable () async throws(StoreError) -> Manifest
}

extension Session {
    /// Runs a transfer where all can see how far it is; the first Ctrl-C ends it in order.
    func carryOut(_ run: TransferRun, _ call: Call) async throws {
        let start = ContinuousClock.now
        let status = try await statusPlace(call.optional(Transferring.options) ?? Options())
        let line = ProgressLine(messages, invocation, isQuiet: call.has("quiet")) {
            let standing = run.standing(since: start)
            status?.write(run.status("running", standing))
            return standing
        }
        let work = Task.detached { await Result { () async throws(StoreError) in try await run.work() } }
        let interrupt = Interrupt.shared.onInterrupt { presses in
            if presses == 1 { run.progress.stop() } else { work.cancel() }
        }
        defer { interrupt.end() }
        let outcome = await withTaskCancellationHandler(
            operation: { await work.value }, onCancel: { run.progress.stop() })
        await line.end()
        await finish(status, run, outcome, since: start)
        switch outcome {
        case .success(let manifest): try await print(run, manifest, (ContinuousClock.now - start).inSeconds, call)
        case .failure(let error):
            let counts = run.progress.now
            if counts.bytes > 0, counts.bytes < counts.total {
                messages.warn("stopped at \(100 * counts.bytes / counts.total) %; the same line goes on from there")
            }
            throw error
        }
    }

    private func finish(
        _ status: StatusPlace?, _ run: TransferRun, _ outcome: Result<Manifest, StoreError>,
        since start: ContinuousClock.Instant
    ) async {
        guard let status else { return }
        var state = "finished"
        if case .failure = outcome { state = "stopped" }
        status.write(run.status(state, run.standing(since: start)))
        if let problem = await status.end() { messages.warn("the last status is not there: \(problem.message)") }
    }

    private func print(_ run: TransferRun, _ manifest: Manifest, _ seconds: Double, _ call: Call) async throws {
        let counts = run.progress.now
        let moved = manifest.bytes - counts.resumed
        let document: JSONValue = [
            "source": .string(run.source), "target": .string(run.target),
            "files": .integer(Int64(manifest.files.count)), "bytes": .integer(Int64(manifest.bytes)),
            "sha256": .string(manifest.sha256), "seconds": .double(seconds.rounded(to: 3)),
            "bytes_per_s": .integer(Int64(Double(moved) / max(0.001, seconds))),
            "resumed_bytes": .integer(Int64(counts.resumed)), "peak_memory": .integer(Int64(PeakMemory.bytes)),
        ]
        let files = "\(manifest.files.count) \(manifest.files.count == 1 ? "file" : "files")"
        let plain =
            "\(run.target): \(files), \(Megabytes.text(manifest.bytes)) in \(Elapsed.text(.seconds(seconds))), \(run.proof)"
        try await answer(call) { try await $0.print(document, plain: secrets.redacted(plain)) }
    }
}

extension TransferRun {
    /// As others read it while it runs.
    fileprivate func status(_ state: String, _ standing: ProgressLine.Standing) -> JSONValue {
        let counts = ["done", "total", "rate", "eta_s"].map { JSONValue.Member($0, standing.json[$0] ?? .null) }
        return .object(
            [.init("state", .string(state)), .init("source", .string(source)), .init("target", .string(target))]
                + counts + [.init("updated_at", .integer(Int64(time(nil))))])
    }

    fileprivate func standing(since start: ContinuousClock.Instant) -> ProgressLine.Standing {
        let counts = progress.now
        let rate = Double(counts.bytes - counts.resumed) / max(0.001, (ContinuousClock.now - start).inSeconds)
        let remaining = rate > 0 ? Double(max(0, counts.total - counts.bytes)) / rate : nil
        let share = Double(counts.bytes) / Double(max(1, counts.total))
        let ahead = remaining.map { "  ETA \(Elapsed.text(.seconds($0)))" } ?? ""
        let amounts = "\(Megabytes.text(counts.bytes))/\(Megabytes.text(counts.total))"
        return ProgressLine.Standing(
            share: share,
            text: "\(target)  \(min(100, Int(100 * share))) %  \(amounts)  \(Megabytes.text(Int(rate)))/s\(ahead)",
            json: [
                "t": .integer(Int64(time(nil))), "step": .string("transfer \(target)"),
                "done": .integer(Int64(counts.bytes)), "total": .integer(Int64(counts.total)),
                "rate": .double(rate.rounded(to: 1)),
                "eta_s": remaining.map { .double($0.rounded(to: 1)) } ?? .null,
            ])
    }
}

enum Megabytes {
    /// `12.3 MB`.
    static func text(_ bytes: Int) -> String {
        let tenths = (bytes + 50_000) / 100_000
        return "\(tenths / 10).\(tenths % 10) MB"
    }
}
