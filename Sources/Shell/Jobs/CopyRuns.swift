import JSON
import Language
import Model
import Synchronization
import Transfer

extension Session {
    /// `plan copy`: says what would happen.
    func planCopies(_ tasks: [CopyTask], _ call: Call) async throws {
        var tasks = tasks
        try await settleCollisions(&tasks, at: call.span(of: Copying.source))
        var (plans, documents): ([Plan], [JSONValue]) = ([], [])
        // What is planned for later finds what will stand there then.
        let file = try call.optional(Universal.output)
        for task in tasks {
            let forecast = file == nil ? try await forecast(task, call) : nil
            let neighbour = plans.first { $0.context.target == task.request.target }
            let plan = try await plan(task, into: neighbour?.context.shape, at: call.span(of: Copying.target))
            warnOfFullDisk(at: task.target, for: plan.bytes)
            plans.append(plan)
            documents.append(plan.summary.with(forecast?.members ?? []))
        }
        if let file {
            let document = plans.count == 1 ? plans[0].json : PlanDocument(plans, of: call).json
            try await write(document.indented() + "\n", to: file)
            return messages.say("the plan is in \(file.value); `apply \(file.value)` runs it")
        }
        try await answer(call) { output in
            try await output.print(documents.count == 1 ? documents[0] : .array(documents))
        }
    }

    /// `copy`: one job after the other.
    func runCopies(_ tasks: [CopyTask], _ call: Call) async throws {
        var tasks = tasks
        try await settleCollisions(&tasks, at: call.span(of: Copying.source))
        var rows: [JSONValue] = []
        let (span, work) = (call.span(of: Copying.target), "`\(call.parsed.signature.name)`")
        try await holdingTargets(of: call.isMerge ? tasks : [], for: work, at: span) {
            for task in tasks {
                let row = try await holdingTargets(of: [task], for: work, at: span) { try await run(task, call) }
                if let row { rows.append(row) }
            }
        }
        try await printRows(rows, call)
    }

    /// What copies came to, for programs; people have read it already.
    func printRows(_ rows: [JSONValue], _ call: Call) async throws {
        guard
            call.parsed.has("format") || call.parsed.has("output") || call.parsed.has("pipe") || settings.format != nil
        else { return }
        try await answer(call) { output in
            try await output.print(rows.count == 1 ? rows[0] : .array(rows))
        }
    }

    private func plan(_ task: CopyTask, into shape: Model.Collection? = nil, at span: Span) async throws -> Plan {
        do {
            let planner = Planner(task.request, from: task.source.store, to: task.target.store)
            let plan = try await planner.plan(into: shape)
            for notice in plan.notices { messages.warn(notice) }
            if plan.unread.count > 0 { messages.warn(Self.words(plan.unread, of: task.source)) }
            return plan
        } catch let error as JobError { throw Failure(error, at: span) } catch let error as StoreError {
            throw Failure(error, at: error.message.contains(task.target.name) ? span : task.source.span)
        }
    }

    private static func words(_ unread: Unread, of place: Place) -> String {
        "\(Counted.records(unread.count)) of \(place.description) \(unread.words)"
    }

    /// The result of one copy; nil where there was nothing to do.
    private func run(_ task: CopyTask, _ call: Call) async throws -> JSONValue? {
        let span = call.span(of: Copying.target)
        do {
            if let job = try await earlier(task, call) {
                guard job.isDone else { return try await carryOut(job.folder, task, call, task.request.tuning) }
                try await verifyIfNotYet(job.folder, task, call)
                return nil
            }
            guard try await makesRoom(task, call) else { return nil }
            let plan = try await plan(task, at: span)
            try refuseLosses(plan, call)
            if let staging = task.request.staging {
                try await clearStaging(staging, of: task.target, isFresh: call.has("fresh"))
            }
            let folder = try JobFolder.create(plan, in: invocation.home)
            return try await carryOut(folder, task, call)
        } catch let error as JobError { throw Failure(error, at: span) }
    }

    /// The job that was asked for in the same words before, if it is to go on or is done.
    private func earlier(_ task: CopyTask, _ call: Call) async throws -> (folder: JobFolder, isDone: Bool)? {
        guard !call.has("fresh"), let folder = JobFolder.asked(task.request.fingerprint, in: invocation.home) else {
            guard !call.has("resume") else {
                throw Failure("E0904", "no copy of \(task.request.source) was begun", at: call.verb)
            }
            return nil
        }
        try await mend(StagedCopy(folder), task)
        let state = try folder.state()
        if state.isUnfinished {
            let total = max(1, try folder.plan().records)
            say(call, "resuming \(folder.id) at \(100 * min(state.digest.count, total) / total) %")
            return (folder, false)
        }
        guard let completion = state.completion, !call.has("resume") else {
            if call.has("resume") { throw Failure("E0904", "job \(folder.id) is finished", at: call.verb) }
            return nil
        }
        // A merged target has grown since by what the other sources brought.
        let isMerged = call.parsed.signature.name == "merge"
        guard try await isAsLeft(folder, completion, task, mayHaveGrown: isMerged) else { return nil }
        say(call, "already done by \(folder.id)")
        return (folder, true)
    }

    /// Whether both sides are as the finished job left them.
    func isAsLeft(
        _ folder: JobFolder, _ completion: (source: String, target: String), _ task: CopyTask, mayHaveGrown: Bool
    ) async throws -> Bool {
        let (staged, state) = (try StagedCopy(folder), try folder.state())
        // What was rolled back, or differs from its source, is not done.
        if state.isRolledBack || staged != nil && state.isVerified == false { return false }
        let written = try await task.target.use { store, name in try await staged?.place(in: store) ?? name }
        let context = try folder.plan().context
        let source = try? await context.token(task.source.store, task.source.name)
        guard completion.source == source else { return false }
        // What has grown is still the same collection, and not one that was made anew.
        if mayHaveGrown { return try await task.target.use { try await $0.identity(of: $1) } == state.identity }
        let target = try? await context.token(task.target.store, written)
        return target == completion.target
    }

    /// If a staged copy was promoted just before a crash, that is noted now.
    private func mend(_ copy: StagedCopy?, _ task: CopyTask) async throws {
        guard var copy, !copy.state.isPromoted, copy.state.completion != nil else { return }
        let store = task.target.store
        guard try await copy.standing(in: store) == .live else { return }
        let lock = try copy.folder.lock()
        try await copy.recordPromoted(in: store, holding: lock)
    }

    /// Whether the copy is to be made; what stands there is dealt with as `if exists` says.
    func makesRoom(_ task: CopyTask, _ call: Call) async throws -> Bool {
        switch try await room(for: task) {
        case .free, .append: return true
        case .taken:
            say(call, "\(task.target.description) is there already")
            return false
        case .replace(let count):
            if count > 0 {
                try await confirm(
                    call, "replace \(task.target.description) (\(Counted.records(count)))", byTyping: task.target.name)
            }
            return true
        }
    }

    func refuseLosses(_ plan: Plan, _ call: Call) throws {
        let verdicts = plan.verdicts.filter { $0.grade == .lossy || $0.grade == .impossible }
        if let impossible = verdicts.first(where: { $0.grade == .impossible }) {
            throw Failure(
                "E0415", "\(plan.context.target) cannot hold \(impossible.subject): \(impossible.detail)",
                at: call.verb)
        }
        guard !verdicts.isEmpty, !call.has("accepting") else { return }
        throw Failure(
            "E0905",
            "the copy would lose something: \(verdicts.map { "\($0.subject) (\($0.detail))" }.joined(separator: "; "))",
            at: call.verb, help: ["say `accepting losses` to go on"])
    }

    // MARK: Running

    func carryOut(
        _ folder: JobFolder, _ task: CopyTask, _ call: Call, _ tuning: Tuning? = nil, timeline: Timeline = Timeline()
    ) async throws -> JSONValue {
        targetLocks[task.request.target]?.note("job \(folder.id)")
        let job = try await Job(
            folder, from: task.source.store, to: task.target.store, tuning: tuning, timeline: timeline)
        let options = try call.optional(Copying.options) ?? Options()
        let files = JobFiles(options, status: try await statusPlace(options))
        let watch = ProgressWatch(job, messages, invocation, isQuiet: call.has("quiet"), files: files)
        let meter = CopyMeter(task)
        let work = Task.detached { try await job.run() }
        let interrupt = Interrupt.shared.onInterrupt { presses in
            if presses == 1 { job.stop() } else { work.cancel() }
        }
        defer { interrupt.end() }
        do {
            try await withTaskCancellationHandler(operation: { try await work.value }, onCancel: { job.stop() })
            await watch.end()
        } catch {
            await watch.end()
            throw stopped(error, job)
        }
        return try await finished(job, task, call, meter.read)
    }

    private func stopped(_ error: any Error, _ job: Job) -> any Error {
        let counts = job.progress.now
        let percent = 100 * counts.records / max(1, counts.total)
        let isStop = error is Job.Stopped || error is CancellationError
        let next = job.isGivenUp ? "it was cancelled elsewhere" : "continue with: resume \(job.id)"
        messages.warn("stopped at \(min(100, percent)) %; \(next)")
        return isStop ? Failure.interrupted : error
    }

    private func finished(
        _ job: Job, _ task: CopyTask, _ call: Call, _ use: CopyMeter.Use
    ) async throws -> JSONValue {
        let seconds = use.seconds
        let counts = job.progress.now
        let rate = Int(Double(counts.records) / max(0.001, seconds))
        let isVerified = try await verifyIfAsked(job, task, call)
        let state = await job.state
        if state.moment != nil {
            say(call, "the source was read at more than one moment, or has changed: both sides were compared")
        }
        let rejected = counts.rejected > 0 ? ", \(counts.rejected) rejected" : ""
        say(
            call,
            "\(task.written.description): \(Counted.records(counts.records)) in \(Elapsed.text(.seconds(seconds)))\(rejected), "
                + (isVerified || state.isVerified == true ? "verified" : "not verified"))
        if state.unread.count > 0 { messages.warn(Self.words(state.unread, of: task.source)) }
        if counts.rejected > 0 || state.unread.count > 0 { failures += 1 }
        try await warnOfLosses(at: task.source)
        return [
            "job": .string(job.id), "source": .string(task.source.description),
            "target": .string(task.target.description),
            "records": .integer(Int64(counts.records)), "bytes": .integer(Int64(counts.bytes)),
            "seconds": .double(seconds.rounded(to: 3)), "records_per_s": .integer(Int64(rate)),
            "batches": .integer(Int64(counts.batches)), "batches_failed": .integer(Int64(counts.failures)),
            "retries": .integer(Int64(counts.retries)), "network_bytes": .optional(use.networkBytes),
            "peak_memory": .integer(Int64(PeakMemory.bytes)), "rejected": .integer(Int64(counts.rejected)),
            "unread": .integer(Int64(state.unread.count)),
            "issues": .object(
                counts.issues.sorted { $0.key.rawValue < $1.key.rawValue }.map { issue, count in
                    .init(issue.rawValue, .integer(Int64(count)))
                }),
        ]
    }

    /// What the source can no longer give was left behind, which is no success, though it was accepted.
    private func warnOfLosses(at source: Place) async throws {
        for loss in try await source.use({ store, name in try await store.describe(name).losses }) {
            messages.warn("\(source.description): \(loss.subject): \(loss.detail)")
            failures += 1
        }
    }

    private func verifyIfAsked(_ job: Job, _ task: CopyTask, _ call: Call) async throws -> Bool {
        guard try call.optional(Copying.options)?.isYes("verify") == true else { return false }
        let context = job.plan.context
        let origin = ComparisonTask.Origin(
            place: task.source, mapping: context.mapping, filter: context.condition, plan: job.plan, words: "")
        let comparison = ComparisonTask(origins: [origin], target: task.written)
        let result = try await comparing(comparison) { open in
            try await Verify(open.sources, against: open.target, likeness: Likeness(changes: open.changes)).run()
        }
        // What is appended to may hold what others have brought.
        let mayHoldMore = job.plan.existing == .append || call.parsed.signature.name == "merge"
        let isEqual = result.isEqual || mayHoldMore && result.missing == 0 && result.different == 0
        try await job.record(verified: isEqual)
        guard isEqual else {
            throw Failure(
                "E0906", "source and target differ after the copy: \(result.summary)", at: call.verb, exit: .different)
        }
        return true
    }

    /// A job that was killed while it was verified has done all but that.
    private func verifyIfNotYet(_ folder: JobFolder, _ task: CopyTask, _ call: Call) async throws {
        guard try folder.state().isVerified != true else { return }
        _ = try await verifyIfAsked(Job(folder, from: task.source.store, to: task.target.store), task, call)
    }
}

extension Plan {
    /// What `plan copy` prints.
    var summary: JSONValue {
        let staging = context.staging.map { [JSONValue.Member("staging", .string($0))] } ?? []
        return .object(staging + (members.members ?? []))
    }

    private var members: JSONValue {
        [
            "source": .string("\(context.source)"), "target": .string("\(context.target)"),
            "records": .integer(Int64(records)), "bytes": .integer(Int64(bytes)),
            "slices": .integer(Int64(slices.count)),
            "batch": ["records": .integer(Int64(tuning.page.records)), "bytes": .integer(Int64(tuning.page.bytes))],
            "estimate_s": estimate.map { .double($0.inSeconds.rounded(to: 1)) } ?? .null,
            "fields": .array(verdicts.map(\.json)), "losses": .integer(Int64(losses)),
            "unread": .integer(Int64(unread.count)),
        ]
    }
}
