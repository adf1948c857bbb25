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
        var plans = try (json["plans"]?.array ?? json.array ?? [json]).map { value throws(JobError) in
            try Plan(json: value)
        }
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
            try await commit(intent, call) {
                let work = "slice \(number) of \(path.value)"
                try await holdingTargets(of: [task], for: work, isShared: true, at: path.span) {
                    try await runSlice(number, of: plan, task, call)
                }
            }
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
