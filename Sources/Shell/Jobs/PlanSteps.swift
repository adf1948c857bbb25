import JSON
import Language
import Model
import Transfer

/// What is left to do of a plan.
enum PlanStep {
    case done(JobFolder)
    /// The target is there, and stays.
    case skipped
    case resumed(JobFolder)
    /// Slices that were run alone have written the target.
    case adopted(SliceJobs, Identity)
    case begun(CopyRoom)
}

extension Session {
    func step(of plan: Plan, _ task: CopyTask, mayHaveGrown: Bool) async throws -> PlanStep {
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

    func jobFolder(for step: PlanStep, _ plan: Plan, _ task: CopyTask) async throws -> JobFolder {
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
    func backUp(
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

extension Place {
    fileprivate func isSame(as other: Place) -> Bool { connection == other.connection && name == other.name }
}

extension PlanStep {
    func intent(_ plan: Plan, _ task: CopyTask) -> Intent {
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
