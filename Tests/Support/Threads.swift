import Foundation

/// Runs what takes long on a thread of its own, so that the tests that only wait go on; two at a time.
///
/// What it finds is returned and not recorded, as a thread does not know to which test it belongs.
package func apart<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        threads.addOperation { continuation.resume(with: Swift.Result { try body() }) }
    }
}

private let threads: OperationQueue = {
    let queue = OperationQueue()
    queue.maxConcurrentOperationCount = 2
    return queue
}()
