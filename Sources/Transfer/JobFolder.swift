import Files
import Glibc
import JSON

/// One folder a job: its plan, its journal, and a lock that dies with the process that holds it.
package struct JobFolder: Sendable {
    package let id: String
    package let path: String

    package var journalPath: String { path + "/journal" }
    private var planPath: String { path + "/plan.json" }
    private var lockPath: String { path + "/lock" }
    private var stopPath: String { path + "/stop" }
    /// How far the job is, while it runs; nothing is decided by it.
    package var progressPath: String { path + "/progress.json" }

    /// All jobs under a home, newest first.
    package static func all(in home: String) -> [JobFolder] {
        let folder = home + "/jobs"
        var found: [(time: Int, job: JobFolder)] = []
        for name in names(in: folder) {
            let job = JobFolder(id: name, path: "\(folder)/\(name)")
            var facts = stat()
            guard stat(job.planPath, &facts) == 0 else { continue }
            found.append((facts.st_mtim.tv_sec * 1_000_000_000 + facts.st_mtim.tv_nsec, job))
        }
        return found.sorted { ($0.time, $0.job.id) > ($1.time, $1.job.id) }.map(\.job)
    }

    /// What lies in a folder, but for what is hidden.
    package static func names(in folder: String) -> [String] {
        ((try? Disk.names(in: folder)) ?? []).filter { !$0.hasPrefix(".") }
    }

    /// The job whose id begins like this; nil if there is none, or more than one.
    package static func find(_ id: String, in home: String) -> JobFolder? {
        let found = all(in: home).filter { $0.id == id || id.count >= 3 && $0.id.hasPrefix(id) }
        return found.first { $0.id == id } ?? (found.count == 1 ? found[0] : nil)
    }

    /// The newest job that was asked for in these words.
    package static func asked(_ fingerprint: String, in home: String) -> JobFolder? {
        all(in: home).first { job in
            guard let plan = try? job.plan() else { return false }
            return plan.context.fingerprint == fingerprint
        }
    }

    /// The last copy that was finished from one place to another, and its plan.
    package static func last(
        from source: Site, to target: Site, in home: String
    ) -> (job: JobFolder, plan: Plan)? {
        for job in all(in: home) {
            guard let plan = try? job.plan(), plan.context.source == source, plan.context.target == target,
                let state = try? job.state(), state.completion != nil,
                plan.context.staging == nil || state.isPromoted && !state.isRolledBack
            else { continue }
            return (job, plan)
        }
        return nil
    }

    /// Makes a folder for a new job; its plan is on disk when this returns.
    package static func create(_ plan: Plan, in home: String) throws(JobError) -> JobFolder {
        for folder in [home, home + "/jobs"] { try makeFolder(folder) }
        while true {
            let id = String(UInt32.random(in: 0x1000_0000 ... .max), radix: 16)
            let job = JobFolder(id: String(id.prefix(6)), path: "\(home)/jobs/\(id.prefix(6))")
            guard mkdir(job.path, 0o700) == 0 else {
                if errno == EEXIST { continue }
                throw .system("make", job.path)
            }
            try job.write(plan)
            return job
        }
    }

    /// Writes the plan, unless the folder has one.
    func prepare(_ plan: Plan) throws(JobError) {
        try JobFolder.makeFolder(path)
        if access(planPath, F_OK) != 0 { try write(plan) }
    }

    package func plan() throws(JobError) -> Plan {
        guard let bytes = JobFolder.bytes(of: planPath) else { throw .system("read", planPath) }
        guard let value = try? JSONValue(bytes) else { throw JobError("\(planPath) is damaged") }
        return try Plan(json: value)
    }

    /// What the process that runs the job says of its speed.
    package var progress: JSONValue? { JobFolder.bytes(of: progressPath).flatMap { try? JSONValue($0) } }

    package func state() throws(JobError) -> JobState {
        access(journalPath, F_OK) == 0 ? try Journal.state(at: journalPath) : JobState()
    }

    /// Takes the lock; it is let go when the answer is, or when the process dies.
    package func lock() throws(JobError) -> JobLock {
        // Who only looks whether it runs holds the lock for an instant, too.
        for _ in 0..<5 {
            if let lock = try JobLock(lockPath) { return lock }
            usleep(20_000)
        }
        throw JobError("job \(id) is running in another process", help: "`status \(id)` shows how far it is")
    }

    /// The lock, or nil while another process has it.
    package func lockIfFree() throws(JobError) -> JobLock? { try JobLock(lockPath) }

    package var isRunning: Bool { (try? JobLock(lockPath) == nil) ?? false }

    /// Forgets the job.
    package func remove() {
        for file in [planPath, journalPath, lockPath, stopPath, progressPath] { unlink(file) }
        rmdir(path)
    }

    /// When something was last recorded, in microseconds since 1970.
    package var lastChange: Int64? {
        for path in [journalPath, planPath] {
            var facts = stat()
            guard stat(path, &facts) == 0 else { continue }
            return Int64(facts.st_mtim.tv_sec) * 1_000_000 + Int64(facts.st_mtim.tv_nsec) / 1000
        }
        return nil
    }

    private func write(_ plan: Plan) throws(JobError) {
        let draft = planPath + ".new"
        guard let file = fopen(draft, "w") else { throw .system("write", draft) }
        fputs(plan.json.indented() + "\n", file)
        let isWritten = fflush(file) == 0 && fsync(fileno(file)) == 0
        fclose(file)
        guard isWritten, rename(draft, planPath) == 0 else { throw .system("write", planPath) }
    }

    // MARK: Stopping from elsewhere

    /// Asks the process that runs the job to end it at the next page.
    package func askToStop() throws(JobError) {
        let descriptor = open(stopPath, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("write", stopPath) }
        close(descriptor)
    }

    package func forgetStop() { unlink(stopPath) }

    var isAskedToStop: Bool { access(stopPath, F_OK) == 0 }

    static func makeFolder(_ path: String) throws(JobError) {
        guard access(path, F_OK) != 0 else { return }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try makeFolder(String(path[..<slash])) }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .system("make", path) }
    }
}

/// Keeps other processes away from a job.
package final class JobLock: Sendable {
    private let descriptor: Int32

    /// Nil while another holds it.
    init?(_ path: String) throws(JobError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("lock", path) }
        // A child that is just being started has the lock, too, until it has become its own program.
        for _ in 0..<25 {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return }
            guard errno == EWOULDBLOCK || errno == EINTR else { throw .system("lock", path) }
            usleep(10_000)
        }
        return nil
    }

    deinit { close(descriptor) }
}

extension JobFolder {
    static func bytes(of path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&piece, 1, piece.count, file), count > 0 { bytes += piece[..<count] }
        return bytes
    }
}
