import Glibc
import Model

/// The slices of a plan that were run alone, each with a journal in a folder of its own.
package struct SliceJobs: Sendable {
    private let plan: Plan
    private let jobs: [(slice: Int, folder: JobFolder)]

    package init(of plan: Plan, in home: String) {
        self.plan = plan
        jobs = plan.slices.map { ($0.index, JobFolder.slice($0.index, of: plan, in: home)) }
            .filter { access($0.1.journalPath, F_OK) == 0 }
    }

    /// Whether one of them has written to this collection.
    package func haveWritten(_ identity: Identity) -> Bool {
        jobs.contains { (try? $0.folder.state().identity) == identity }
    }

    /// How many records they have brought to it.
    package func records(in identity: Identity) -> Int {
        jobs.compactMap { try? $0.folder.state() }.filter { $0.identity == identity }.reduce(0) { $0 + $1.digest.count }
    }

    /// A job for the whole plan that goes on from where they are; none of them may be running.
    package func job(into identity: Identity, in home: String) async throws(JobError) -> JobFolder {
        var locks: [JobLock] = []
        for (slice, folder) in jobs {
            guard let lock = try folder.lockIfFree() else {
                throw JobError("slice \(slice) is running in another process", help: "wait for its end")
            }
            locks.append(lock)
        }
        defer { withExtendedLifetime(locks) {} }
        var events = [Event.created(identity: identity)]
        for (slice, folder) in jobs {
            let state = try folder.state()
            if state.identity == identity { events += state.events(of: slice) }
        }
        var plan = plan
        // What stood there before the first slice came is not this job's to remove.
        plan.existing = .append
        let folder = try JobFolder.create(plan, in: home)
        try await Journal(path: folder.journalPath).append(events)
        return folder
    }
}

extension JobFolder {
    static func slice(_ index: Int, of plan: Plan, in home: String) -> JobFolder {
        let name = "\(plan.context.fingerprint)-\(index)"
        return JobFolder(id: name, path: "\(home)/slices/\(name)")
    }
}

extension JobState {
    /// What a job of one slice has done, for the journal of the whole.
    fileprivate func events(of slice: Int) -> [Event] {
        let moved = moment.map { [Event.moved(to: $0, slices: [])] } ?? []
        // Places in slices of its own mean nothing in the plan's: that slice is read again.
        guard slices == nil, let cursor = cursors[slice] else { return moved }
        let advanced = Event.advanced(slice: slice, to: cursor, digest: digest, bytes: bytes)
        let refused = rejected > 0 ? [Event.rejected(slice: slice, count: rejected)] : []
        return moved + [advanced] + refused + (finished.contains(slice) ? [.finished(slice: slice)] : [])
    }
}
