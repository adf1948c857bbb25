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
            "status", .jobs, "Show how far a job or an execution is, or the newest job", [.optional([job.form])],
            details: "`apply` prints the id of its execution, which is all the jobs of one plan file.",
            examples: [Example("status", "The newest job.")])
    ) { call, session in
        let wanted = try call.optional(job)
        if let wanted, JobFolder.find(wanted.value, in: session.invocation.home) == nil,
            let execution = Execution.find(wanted.value, in: session.invocation.home)
        {
            return try await session.answer(call) { try await $0.print(execution.row(in: session.invocation.home)) }
        }
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
            examples: [Example("resume 7f3a", "By the first letters of its id.")]), effect: .commits
    ) { call, session in
        let folder = try session.job(call[job])
        let state = try folder.state()
        guard state.isUnfinished else {
            throw Failure("E0904", "job \(folder.id) is not unfinished", at: call.span(of: job))
        }
        let span = call.span(of: job)
        do {
            let plan = try folder.plan()
            let task = try await session.task(plan.context, at: span)
            let intent = Intent(
                "go on with job \(folder.id), \(plan.context.source) to \(task.written.description)", of: task.target,
                records: max(0, plan.records - state.digest.count))
            try await session.commit(intent, call) {
                try await session.holdingTargets(of: [task], for: "job \(folder.id)", at: span) {
                    _ = try await session.carryOut(folder, task, call)
                }
            }
        } catch let error as JobError { throw Failure(error, at: span) }
    }

    static let cancel = Command(
        Signature(
            "cancel", .jobs, "Give up a job; what it has written stays", [job.form],
            details: """
                A job that runs in another process is asked to stop: that finishes the page it is at and ends with exit code
                130, and `cancel` waits for it, as long as `timeout` allows.
                """,
            examples: [Example("cancel 7f3a", "By its id.")]),
        effect: .commits
    ) { call, session in
        let span = call.span(of: job)
        do { try await session.cancel(session.job(call[job]), call, at: span) } catch let error as JobError {
            throw Failure(error, at: span)
        }
    }
}

private let job = Parameter<Located<String>>.text("job", kind: .id, "A job's id, or its first letters")

extension JobFolder {
    static let columns = ["job", "state", "source", "target", "done", "total", "retries", "error"]

    static func rows(in home: String) -> [JSONValue] { all(in: home).compactMap { try? $0.row } }

    var row: JSONValue {
        get throws {
            let (plan, state, isRunning) = (try plan(), try state(), isRunning)
            let word =
                state.isUnfinished
                ? (isRunning ? "running" : "stopped")
                : state.isCancelled
                    ? "cancelled" : state.isRolledBack && plan.context.staging == nil ? "rolled back" : "finished"
            let pace = isRunning ? progress : nil
            return [
                "job": .string(id), "state": .string(word), "phase": .string(state.phase),
                "source": .string("\(plan.context.source)"), "target": .string("\(plan.context.target)"),
                "done": .integer(Int64(state.digest.count)), "total": .integer(Int64(plan.records)),
                "rate": pace?["rate"] ?? .null, "eta_s": pace?["eta_s"] ?? .null,
                "updated_at": lastChange.map { .string(Timestamp.text($0)) } ?? .null,
                "retries": .integer(Int64(state.retries)), "last_retry": .optional(state.lastRetry),
                "error": .optional(state.isUnfinished ? state.failures.last?.why : nil),
                "errors": .array(
                    state.failures.map { ["at": .string(Timestamp.text($0.time)), "message": .string($0.why)] }),
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

    fileprivate func cancel(_ folder: JobFolder, _ call: Call, at span: Span) async throws {
        let (plan, state) = (try folder.plan(), try folder.state())
        if state.isCancelled { return commitNothing("job \(folder.id) is cancelled already", call) }
        guard state.isUnfinished else {
            throw Failure("E0904", "job \(folder.id) is finished", at: span)
        }
        let intent = Intent(
            "give up job \(folder.id), \(plan.context.source) to \(plan.context.target)",
            notes: ["\(state.digest.count) of \(plan.records) records are there, and stay"]
                + (folder.isRunning ? ["it is running, and will be asked to stop"] : []))
        try await commit(intent, call) {
            let lock = try await stopped(folder, call)
            defer { withExtendedLifetime(lock) {} }
            guard try folder.state().isUnfinished else {
                return say(call, "job \(folder.id) has come to its end meanwhile")
            }
            try await Journal(path: folder.journalPath).append(.cancelled)
            say(call, "job \(folder.id) will not go on")
        }
    }

    /// The job's lock, once whoever runs it has stopped.
    private func stopped(_ folder: JobFolder, _ call: Call) async throws -> JobLock {
        if let lock = try folder.lockIfFree() { return lock }
        say(call, "job \(folder.id) is running; it is asked to stop")
        defer { folder.forgetStop() }
        while true {
            // Again each time: a run that began just now has removed what was there before it.
            try folder.askToStop()
            try await Task.sleep(for: .milliseconds(100))
            if let lock = try folder.lockIfFree() { return lock }
        }
    }
}
