import Dispatch
import Model

/// Where files are read, so that waiting for a disk never holds up Swift's own threads.
enum ArchiveThreads {
    static let queue = DispatchQueue(label: "archive reading", attributes: .concurrent)

    static func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let result = await withCheckedContinuation { done in
            queue.async { done.resume(returning: Result { () throws(StoreError) in try body() }) }
        }
        return try result.get()
    }
}

/// Runs an actor on a thread that may wait for a disk.
final class ArchiveExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "archive")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
