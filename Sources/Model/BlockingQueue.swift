import Dispatch

/// Where an actor runs whose calls wait on a disk, a lock or a person: never on the threads that all tasks share.
package final class BlockingQueue: SerialExecutor {
    private let queue: DispatchQueue

    package init(_ label: String) { queue = DispatchQueue(label: label) }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
