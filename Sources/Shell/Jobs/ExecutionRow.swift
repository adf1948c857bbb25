import JSON
import Model
import Transfer

extension Execution {
    /// What `status` prints.
    func row(in home: String) -> JSONValue {
        let collections = steps.map { row(of: $0, in: home) }
        let isDone = collections.allSatisfy { ["finished", "done"].contains($0["state"]?.string ?? "") }
        let isRunning = collections.contains { $0["state"] == "running" }
        let state =
            isRunning ? "running" : isDone && problem == nil ? "finished" : problem == nil ? "stopped" : "failed"
        func sum(_ name: String) -> JSONValue {
            .integer(collections.reduce(0) { $0 + ($1[name]?.integer ?? 0) })
        }
        return [
            "execution": .string(id), "state": .string(state), "plan": .string(plan),
            "done": sum("done"), "total": sum("total"), "runs": .integer(Int64(runs)),
            "seconds": .double(seconds.rounded(to: 3)), "started_at": .string(Timestamp.text(started)),
            "finished_at": finished.map { .string(Timestamp.text($0)) } ?? .null, "error": .optional(problem),
            "collections": .array(collections), "backups": .array(backups.compactMap { $0["path"] }),
        ]
    }

    private func row(of step: Step, in home: String) -> JSONValue {
        let job = JobFolder.asked(step.fingerprint, in: home)
        let row = try? job?.row
        return [
            "source": .string("\(step.source)"), "target": .string("\(step.target)"), "job": .optional(job?.id),
            "state": row?["state"] ?? "waiting", "done": row?["done"] ?? 0, "total": row?["total"] ?? 0,
            "rejected": .integer(Int64((try? job?.state().rejected) ?? 0)), "retries": row?["retries"] ?? 0,
            "problem": .optional(step.problem),
        ]
    }
}
