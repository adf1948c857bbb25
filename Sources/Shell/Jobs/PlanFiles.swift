import JSON
import Language
import Model
import Transfer

/// Copies by the plans of a file, on the connections that those name.
extension Session {
    /// The plans of a file: one, or a list of them, all still as true as when they were made.
    func plans(in path: Located<String>, _ call: Call) async throws -> [Plan] {
        let text = try await fileText(path)
        guard let json = try? JSONValue(text) else { throw JobError("\(path.value) is no JSON") }
        var plans = try (json.array ?? [json]).map { value throws(JobError) in try Plan(json: value) }
        guard !plans.isEmpty else { throw JobError("\(path.value) holds no plan") }
        let options = try call.optional(Applying.options) ?? Options()
        for place in plans.indices { try plans[place].tuning.take(options) }
        for plan in plans {
            try refuseLosses(plan, call)
            let source = try await place(plan.context.source, at: path.span)
            let identity = try await source.use { try await $0.describe($1).identity }
            guard identity == plan.context.sourceIdentity else {
                throw JobError(
                    "\(plan.context.source) is another collection than the plan saw", help: "make a new plan")
            }
        }
        return plans
    }

    func task(_ context: Context, _ existing: ExistingPolicy = .fail, at span: Span) async throws -> CopyTask {
        CopyTask(
            request: CopyRequest(
                source: context.source, target: context.target, staging: context.staging, existing: existing),
            source: try await place(context.source, at: span), target: try await place(context.target, at: span))
    }

    /// A plan's site on the connection of that name, which must be the same database.
    private func place(_ site: Site, at span: Span) async throws -> Place {
        let place = try await self.place(
            Located(Reference(connection: site.connection, name: site.collection), at: span))
        guard self.site(place).endpoint == site.endpoint else {
            throw Failure(
                "E0908",
                "connection \(site.connection) is \(self.site(place).endpoint), and the plan means \(site.endpoint)",
                at: span)
        }
        return place
    }

    func applySlice(_ number: Int, of path: Located<String>, _ call: Call) async throws {
        do {
            let plans = try await plans(in: path, call)
            guard let plan = plans.first, plans.count == 1 else {
                throw JobError("\(path.value) holds \(plans.count) plans", help: "`slice` is for a plan of one copy")
            }
            guard plan.slices.contains(where: { $0.index == number }) else {
                throw JobError("the plan has no slice \(number)", help: "it has \(plan.slices.count), from 0")
            }
            let task = try await task(plan.context, at: path.span)
            let intent = Intent(
                "copy slice \(number) of \(plan.context.source) to \(task.written.description)", of: task.target,
                notes: ["one of \(plan.slices.count)", "\(plan.records) records in all"])
            try await commit(intent, call) { try await runSlice(number, of: plan, task, call) }
        } catch let error as JobError { throw Failure(error, at: path.span) }
    }

    private func runSlice(_ number: Int, of plan: Plan, _ task: CopyTask, _ call: Call) async throws {
        let job = try await Job.slice(
            number, of: plan, in: invocation.home, from: task.source.store, to: task.target.store)
        try await job.runSlices()
        let state = await job.state
        let document: JSONValue = [
            "slice": .integer(Int64(number)), "rows": .integer(Int64(state.digest.count)),
            "digest": state.digest.json, "cursor": .optional(state.cursors[number]?.token),
        ]
        try await answer(call) { try await $0.print(document) }
    }
}

// MARK: Whole plans

/// What is left to do of a plan.
private enum PlanStep {
    case done(JobFolder)
    /// The target is there, and stays.
    case skipped
    case resumed(JobFolder)
    /// Slices that were run alone have written the target.
    case adopted(SliceJobs, Identity)
    case begun(CopyRoom)
}

extension Session {
    func apply(_ path: Located<String>, _ call: Call) async throws {
        var report = ApplyReport(plan: path.value)
        do {
            let plans = try await plans(in: path, call)
            if let folder = try call.optional(Applying.backup) {
                report.backups = try await backUp(plans, to: folder, path, call)
            }
            for plan in plans {
                if let row = try await apply(plan, among: plans, path, call) { report.copies.append(row) }
            }
        } catch {
            let failure = Failure(error, at: path.span)
            if !isPlanning { try? await write(report.failed(failure), call) }
            throw failure
        }
        guard !isPlanning else { return }
        try await write(report, call)
        try await printRows(report.copies, call)
    }

    private func apply(
        _ plan: Plan, among plans: [Plan], _ path: Located<String>, _ call: Call
    ) async throws -> JSONValue? {
        let task = try await task(plan.context, plan.existing, at: path.span)
        let isMerged = plans.count { $0.context.target == plan.context.target } > 1
        let step = try await step(of: plan, task, mayHaveGrown: isMerged)
        switch step {
        case .done(let job): commitNothing("already done by \(job.id)", call)
        case .skipped: commitNothing("\(task.target.description) is there already", call)
        case .resumed, .adopted, .begun:
            var row: JSONValue?
            try await commit(step.intent(plan, task), call) {
                row = try await carryOut(try await folder(for: step, plan, task), task, call, plan.tuning)
            }
            return row
        }
        return nil
    }

    private func step(of plan: Plan, _ task: CopyTask, mayHaveGrown: Bool) async throws -> PlanStep {
        if let known = JobFolder.asked(plan.context.fingerprint, in: invocation.home) {
            let state = try known.state()
            if state.isUnfinished { return .resumed(known) }
            if let completion = state.completion,
                try await isAsLeft(known, completion, task, mayHaveGrown: mayHaveGrown)
            {
                return .done(known)
            }
        }
        let slices = SliceJobs(of: plan, in: invocation.home)
        let identity = try await task.written.use { try await $0.identity(of: $1) }
        if let identity, slices.haveWritten(identity) { return .adopted(slices, identity) }
        let room = try await room(for: task)
        if case .taken = room { return .skipped }
        return .begun(room)
    }

    private func folder(for step: PlanStep, _ plan: Plan, _ task: CopyTask) async throws -> JobFolder {
        switch step {
        case .done(let folder), .resumed(let folder): return folder
        case .adopted(let slices, let identity): return try await slices.job(into: identity, in: invocation.home)
        case .skipped, .begun:
            if let staging = plan.context.staging { try await clearStaging(staging, of: task.target, isFresh: false) }
            return try JobFolder.create(plan, in: invocation.home)
        }
    }

    // MARK: Before

    /// What the plans read and what they change, a backup for each connection; nothing where all was begun before.
    private func backUp(
        _ plans: [Plan], to folder: Located<String>, _ path: Located<String>, _ call: Call
    ) async throws -> [JSONValue] {
        var places: [Place] = []
        for plan in plans {
            let task = try await task(plan.context, plan.existing, at: path.span)
            guard case .begun = try await step(of: plan, task, mayHaveGrown: plans.count > 1) else { continue }
            for place in [task.source, task.target] where !places.contains(where: { $0.isSame(as: place) }) {
                if try await place.use({ try await $0.collections().contains($1) }) { places.append(place) }
            }
        }
        var rows: [JSONValue] = []
        for connection in Set(places.map(\.connection)).sorted() {
            let some = places.filter { $0.connection == connection }
            let intent = Intent(
                "back up \(some.map(\.description).joined(separator: ", ")) to \(folder.value)",
                notes: ["before anything is copied"])
            try await commit(intent, call) { rows.append(try await backUp(some, to: folder, call)) }
        }
        return rows
    }
}

extension Tuning {
    /// What is said now wins over what was planned.
    fileprivate mutating func take(_ options: Options) throws {
        page.records = try options.number("batch") ?? page.records
        page.bytes = try options.size("batch_bytes") ?? page.bytes
        parallel = try options.number("parallel") ?? parallel
        memory = try options.size("memory") ?? memory
        rate = try options.number("rate") ?? rate
        rejects = options["rejects"]?.value.description ?? rejects
    }
}

extension Place {
    fileprivate func isSame(as other: Place) -> Bool { connection == other.connection && name == other.name }
}

extension PlanStep {
    fileprivate func intent(_ plan: Plan, _ task: CopyTask) -> Intent {
        let copy = "\(plan.context.source) to \(task.written.description)"
        let slices = "\(plan.slices.count) \(plan.slices.count == 1 ? "slice" : "slices")"
        switch self {
        case .resumed(let job): return Intent("go on with job \(job.id), \(copy)", of: task.target)
        case .adopted(let done, let identity):
            return Intent(
                "finish the copy of \(copy)", of: task.target, records: plan.records,
                notes: ["\(done.records(in: identity)) were brought by slices that ran alone"])
        case .begun(.replace(let count)) where count > 0:
            return Intent(
                "copy \(copy)", of: task.target, records: plan.records,
                notes: [slices, "\(Counted.records(count)) of \(task.target.description) are replaced"],
                byTyping: task.target.name)
        case .begun(let room):
            return Intent("copy \(copy)", of: task.target, records: plan.records, notes: [slices, room.action])
        case .done, .skipped: return Intent("do nothing")
        }
    }
}
