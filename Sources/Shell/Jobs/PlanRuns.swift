import JSON
import Language
import Model
import Transfer

/// Carries out the plans of a file, one after the other.
extension Session {
    func apply(_ path: Located<String>, _ call: Call) async throws {
        let plans: [Plan]
        do { plans = try await self.plans(in: path, call) } catch { throw Failure(error, at: path.span) }
        do { try await refuseCollisions(of: plans, at: path.span) } catch { throw Failure(error, at: path.span) }
        guard !isPlanning else { return try await planApply(plans, path, call) }
        var run = PlanRun(Execution.of(plans, named: path.value, in: invocation.home))
        do {
            try await carryOut(plans, &run, path, call)
        } catch {
            let failure = Failure(error, at: path.span)
            run.end(failure)
            try? await write(run, call)
            throw failure
        }
        run.end(nil)
        try await write(run, call)
        try await printRows(run.newCopies, call)
    }

    private func planApply(_ plans: [Plan], _ path: Located<String>, _ call: Call) async throws {
        do {
            if let folder = try call.optional(Applying.backup) { _ = try await backUp(plans, to: folder, path, call) }
            for plan in plans { _ = try await apply(plan, among: plans, nil, path, call) }
        } catch { throw Failure(error, at: path.span) }
    }

    private func carryOut(_ plans: [Plan], _ run: inout PlanRun, _ path: Located<String>, _ call: Call) async throws {
        try await confirmReplacing(plans, path, call)
        var tasks: [CopyTask] = []
        for plan in plans { tasks.append(try await task(plan.context, plan.existing, at: path.span)) }
        // A target that gets several is kept for as long as all take.
        let shared = tasks.filter { task in tasks.count { $0.request.target == task.request.target } > 1 }
        try await holdingTargets(of: shared, for: "execution \(run.execution.id)", at: path.span) {
            try await begin(&run, tasks, call)
            if let folder = try call.optional(Applying.backup) {
                run.execution.backups += try await backUp(plans, to: folder, path, call)
            }
            for (number, plan) in plans.enumerated() {
                try await holdingTargets(of: [tasks[number]], for: "execution \(run.execution.id)", at: path.span) {
                    try await apply(plan, number, among: plans, &run, path, call)
                }
            }
            try await validate(plans, tasks, &run, call)
        }
    }

    private func begin(_ run: inout PlanRun, _ tasks: [CopyTask], _ call: Call) async throws {
        for task in tasks where run.execution.held[task.target.description] == nil {
            let isThere = try await task.target.use { try await $0.collections().contains($1) }
            let count = isThere ? try await task.target.reading { try await $0.count(nil) } : 0
            run.execution.held[task.target.description] = task.request.existing == .replace ? 0 : count
        }
        run.execution.runs += 1
        try run.execution.save()
        say(call, "execution \(run.execution.id): `status \(run.execution.id)` shows how far it is")
    }

    /// What is lost by carrying out the plans is asked for before any of them begins.
    private func confirmReplacing(_ plans: [Plan], _ path: Located<String>, _ call: Call) async throws {
        for plan in plans where plan.existing == .replace {
            let task = try await task(plan.context, plan.existing, at: path.span)
            let intent = try await step(of: plan, task, mayHaveGrown: true).intent(plan, task)
            if let name = intent.confirmation { try await confirm(call, intent.sentence, byTyping: name) }
        }
    }

    private func refuseCollisions(of plans: [Plan], at span: Span) async throws {
        var tasks: [CopyTask] = []
        for plan in plans {
            var task = try await task(plan.context, plan.existing, at: span)
            (task.request.filter, task.request.mapping) = (plan.context.filter, plan.context.mapping)
            tasks.append(task)
        }
        try await refuseCollisions(tasks, at: span)
    }

    // MARK: One collection

    private func apply(
        _ plan: Plan, _ number: Int, among plans: [Plan], _ run: inout PlanRun, _ path: Located<String>, _ call: Call
    ) async throws {
        do {
            let row = try await apply(plan, among: plans, run.timeline, path, call)
            run.execution.steps[number].problem = nil
            if let row { run.execution.copies.append(row) }
        } catch {
            let failure = Failure(error, at: path.span)
            run.failed(error)
            var problem = failure.diagnostic.message
            if failure.exit != .interrupted, failure.exit != .outOfTime {
                // What is away for a while comes back, and then the copy goes on.
                problem +=
                    run.isOnlyAway(error)
                    ? "; what it has brought stays, and the same line goes on"
                    : "; " + (await undo(plan, among: plans, run, path, call))
            }
            run.execution.steps[number].problem = problem
            throw failure
        }
        run.execution.steps[number].job = JobFolder.asked(plan.context.fingerprint, in: invocation.home)?.id
        try run.execution.save()
    }

    private func apply(
        _ plan: Plan, among plans: [Plan], _ timeline: Timeline?, _ path: Located<String>, _ call: Call
    ) async throws -> JSONValue? {
        let task = try await task(plan.context, plan.existing, at: path.span)
        let isMerged = plans.count { $0.context.target == plan.context.target } > 1
        let step = try await step(of: plan, task, mayHaveGrown: isMerged)
        switch step {
        case .done(let job): commitNothing("already done by \(job.id)", call)
        case .skipped: commitNothing("\(task.target.description) is there already", call)
        case .resumed, .adopted, .begun:
            var row: JSONValue?
            try await commit(step.intent(plan, task).confirmed, call) {
                let folder = try await jobFolder(for: step, plan, task)
                row = try await carryOut(folder, task, call, plan.tuning, timeline: timeline ?? Timeline())
            }
            return row
        }
        return nil
    }

    /// Takes out of the target what a plan that failed has brought; what others have brought stays. Answers what became
    /// of it, in words.
    private func undo(
        _ plan: Plan, among plans: [Plan], _ run: PlanRun, _ path: Located<String>, _ call: Call
    ) async -> String {
        guard let folder = JobFolder.asked(plan.context.fingerprint, in: invocation.home),
            let state = try? folder.state(), state.identity != nil, plan.context.staging == nil,
            state.isUnfinished || state.isVerified == false
        else { return "nothing had been written" }
        let others = plans.filter {
            $0.context.target == plan.context.target && $0.context.source != plan.context.source
        }
        let marks = plan.context.mapping.marks
        do {
            let task = try await task(plan.context, plan.existing, at: path.span)
            let count = try await Rollback(
                of: plan, from: task.source.store, to: task.target.store,
                isMarkedAlone: marks != nil && !others.contains { $0.context.mapping.marks == marks }
                    && run.execution.held[task.target.description] == 0,
                isTargetOurs: run.execution.held[task.target.description] == 0
            ).run()
            try await folder.recordRolledBack()
            let words =
                "rolled back: \(Counted.records(count)) of \(plan.context.source) removed from \(plan.context.target)"
            messages.warn(words)
            return words
        } catch {
            let why = Failure(error, at: path.span).diagnostic.message
            let words = "not rolled back: \(why); the same line goes on with it"
            messages.warn(words)
            return words
        }
    }
}

extension Intent {
    /// The same where the person has been asked already.
    fileprivate var confirmed: Intent {
        var intent = self
        intent.confirmation = nil
        return intent
    }
}
