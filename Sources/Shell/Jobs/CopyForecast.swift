import JSON
import Language
import Model
import Transfer

/// What stands where a copy is to go, as `if exists` has it.
enum CopyRoom {
    case free
    case append(Int)
    case replace(Int)
    /// It is there, and stays.
    case taken

    var action: String {
        switch self {
        case .free: "create"
        case .append: "append"
        case .replace: "replace"
        case .taken: "skip"
        }
    }
}

/// What becomes of a copy that is asked for, before anything is done.
struct CopyForecast {
    /// create, append, replace, skip, resume, or nothing.
    var action: String
    /// The job that goes on, or has done it.
    var job: String?
    /// Bytes that are free where the target's files lie; nil if it has none.
    var free: Int?

    var members: [JSONValue.Member] {
        [
            .init("action", .string(action)), .init("job", .optional(job)), .init("disk_free", .optional(free)),
        ]
    }
}

extension Session {
    /// Decides as the copy itself does, and does nothing.
    func forecast(_ task: CopyTask, _ call: Call) async throws -> CopyForecast {
        try refuseReadOnly(task.target)
        let free = diskFree(at: task.target)
        guard !call.has("fresh"), let folder = JobFolder.asked(task.request.fingerprint, in: invocation.home) else {
            return CopyForecast(action: try await room(for: task).action, free: free)
        }
        do {
            let state = try folder.state()
            if state.isUnfinished { return CopyForecast(action: "resume", job: folder.id, free: free) }
            let isMerged = call.parsed.signature.name == "merge"
            if let completion = state.completion,
                try await isAsLeft(folder, completion, task, mayHaveGrown: isMerged)
            {
                return CopyForecast(action: "nothing", job: folder.id, free: free)
            }
        } catch let error as JobError { throw Failure(error, at: task.target.span) }
        return CopyForecast(action: try await room(for: task).action, free: free)
    }

    /// Throws where the target holds records and nothing was said of that.
    func room(for task: CopyTask) async throws -> CopyRoom {
        guard try await task.target.use({ try await $0.collections().contains($1) }) else { return .free }
        if task.request.staging != nil, task.request.existing != .skip { return .free }
        let count = try await task.target.countForChange()
        switch task.request.existing {
        case .append: return .append(count)
        case .skip: return .taken
        case .replace: return .replace(count)
        case .fail:
            guard count > 0 else { return .free }
            throw Failure(
                "E0502", "\(task.target.description) holds \(count) records already", at: task.target.span,
                help: ["say `if exists replace`, `append` or `skip`, or choose another name"])
        }
    }

    // MARK: Disks

    /// What is free where a connection's files lie; nil if it has none, or that cannot be seen from here.
    func diskFree(at place: Place) -> Int? {
        guard let connection = connection(place.connection), connection.kind.isLocal, connection.endpoint.host.isEmpty,
            !connection.endpoint.path.isEmpty
        else { return nil }
        return Folders.freeBytes(at: expanded(connection.endpoint.path))
    }

    func warnOfFullDisk(at place: Place, for bytes: Int) {
        guard let free = diskFree(at: place), free < bytes else { return }
        messages.warn("about \(bytes) bytes are to be written to \(place.connection), and \(free) are free there")
    }
}

extension JSONValue {
    func with(_ more: [Member]) -> JSONValue { .object((members ?? []) + more) }
}
