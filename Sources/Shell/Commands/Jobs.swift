import JSON
import Language
import Model
import Transfer

extension Command {
    static let jobs = Command(
        Signature(
            "jobs", .jobs, "List the copies that were begun, newest first", [],
            examples: [Example("jobs", "All of them.")])
    ) { call, session in
        let rows = JobFolder.rows(in: session.invocation.home)
        try await session.answer(call) { try await $0.print(rows: rows, columns: JobFolder.columns) }
    }

    static let status = Command(
        Signature(
            "status", .jobs, "Show how far a job is, or the newest one", [.optional([job.form])],
            examples: [Example("status", "The newest job.")])
    ) { call, session in
        let wanted = try call.optional(job)
        let folder = try wanted.map { try session.job($0) } ?? JobFolder.all(in: session.invocation.home).first
        guard let folder else { return session.say(call, "no job was ever begun") }
        let row = try folder.row
        try await session.answer(call) { try await $0.print(row) }
    }

    static let resume = Command(
        Signature(
            "resume", .jobs, "Go on with a job that stopped", [job.form],
            details:
                "The connections of its plan must be open. The line that began the job, said again, does the same.",
            examples: [Example("resume 7f3a", "By the first letters of its id.")]), effect: .writes
    ) { call, session in
        let folder = try session.job(call[job])
        guard try folder.state().isUnfinished else {
            throw Failure("E0904", "job \(folder.id) is not unfinished", at: call.span(of: job))
        }
        try await session.carryOut(folder, call, at: call.span(of: job))
    }

    static let cancel = Command(
        Signature(
            "cancel", .jobs, "Give up a job that stopped; what it has written stays", [job.form],
            details: "A job that runs is stopped by Ctrl-C where it runs.",
            examples: [Example("cancel 7f3a", "By its id.")]),
        effect: .writes
    ) { call, session in
        let folder = try session.job(call[job])
        do {
            let lock = try folder.lock()
            try await Journal(path: folder.journalPath).append(.cancelled)
            _ = lock
        } catch let error as JobError { throw Failure(error, at: call.span(of: job)) }
        session.say(call, "job \(folder.id) will not go on")
    }
}

private let job = Parameter<Located<String>>.text("job", kind: .id, "A job's id, or its first letters")

extension JobFolder {
    static let columns = ["job", "state", "source", "target", "done", "total"]

    static func rows(in home: String) -> [JSONValue] { all(in: home).compactMap { try? $0.row } }

    fileprivate var row: JSONValue {
        get throws {
            let (plan, state) = (try plan(), try state())
            let word =
                state.isUnfinished ? (isRunning ? "running" : "stopped") : state.isCancelled ? "cancelled" : "finished"
            return [
                "job": .string(id), "state": .string(word), "phase": .string(state.phase),
                "source": .string("\(plan.context.source)"), "target": .string("\(plan.context.target)"),
                "done": .integer(Int64(state.digest.count)), "total": .integer(Int64(plan.records)),
            ]
        }
    }
}

extension Session {
    fileprivate func job(_ id: Located<String>) throws -> JobFolder {
        guard let folder = JobFolder.find(id.value, in: invocation.home) else {
            throw Failure("E0907", "no job '\(id.value)'", at: id.span, help: ["`jobs` lists them"])
        }
        return folder
    }

    /// Runs a job by the connections that its plan names.
    fileprivate func carryOut(_ folder: JobFolder, _ call: Call, at span: Span) async throws {
        do {
            _ = try await carryOut(folder, task(folder.plan().context, at: span), call)
        } catch let error as JobError { throw Failure(error, at: span) }
    }

    private func task(_ context: Context, at span: Span) async throws -> CopyTask {
        CopyTask(
            request: CopyRequest(source: context.source, target: context.target, staging: context.staging),
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

    private func plan(in path: Located<String>, _ call: Call) async throws -> Plan {
        let text = try await fileText(path)
        guard let json = try? JSONValue(text) else { throw JobError("\(path.value) is no JSON") }
        let plan = try Plan(json: json)
        try refuseLosses(plan, call)
        let source = try await place(plan.context.source, at: path.span)
        let identity = try await source.use { try await $0.describe($1).identity }
        guard identity == plan.context.sourceIdentity else {
            throw JobError("\(plan.context.source) is another collection than the plan saw", help: "make a new plan")
        }
        return plan
    }

    func applySlice(_ number: Int, of path: Located<String>, _ call: Call) async throws {
        do {
            let plan = try await plan(in: path, call)
            let source = try await place(plan.context.source, at: path.span)
            let target = try await place(plan.context.target, at: path.span)
            let job = try await Job.slice(number, of: plan, in: invocation.home, from: source.store, to: target.store)
            try await job.runSlices()
            let state = await job.state
            let document: JSONValue = [
                "slice": .integer(Int64(number)), "rows": .integer(Int64(state.digest.count)),
                "digest": state.digest.json, "cursor": .optional(state.cursors[number]?.token),
            ]
            try await answer(call) { try await $0.print(document) }
        } catch let error as JobError { throw Failure(error, at: path.span) }
    }

    func apply(_ path: Located<String>, _ call: Call) async throws {
        do {
            let plan = try await plan(in: path, call)
            let known = JobFolder.asked(plan.context.fingerprint, in: invocation.home)
            if let known, let completion = try known.state().completion {
                let task = try await task(plan.context, at: path.span)
                if try await isAsLeft(known, completion, task, mayHaveGrown: false) {
                    return say(call, "already done by \(known.id)")
                }
            }
            let unfinished = try known.flatMap { try $0.state().isUnfinished ? $0 : nil }
            if unfinished == nil {
                var task = try await task(plan.context, at: path.span)
                task.request.existing = plan.existing
                guard try await makesRoom(task, call) else { return }
            }
            if unfinished == nil, let staging = plan.context.staging {
                try await clearStaging(staging, of: place(plan.context.target, at: path.span), isFresh: false)
            }
            let folder = try unfinished ?? JobFolder.create(plan, in: invocation.home)
            try await carryOut(folder, call, at: path.span)
        } catch let error as JobError { throw Failure(error, at: path.span) }
    }
}
