import Dispatch
import Model

/// Where files are read, so that waiting for a disk never holds up Swift's own threads.
package enum DiskThreads {
    package static let queue = DispatchQueue(label: "files", attributes: .concurrent)

    package static func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let result = await withCheckedContinuation { done in
            queue.async { done.resume(returning: Result { () throws(StoreError) in try body() }) }
        }
        return try result.get()
    }
}
