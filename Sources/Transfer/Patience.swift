import Model

/// How often a call that failed is made again, and how much may be written before it is recorded.
package struct Patience: Sendable {
    package var tries = 8
    /// The first pause; each is twice the one before.
    package var pause: Duration = .milliseconds(200)
    /// Settling costs the store a flush to disk, so several pages share one.
    package var unrecordedBytes = 64 << 20
    /// What a killed job must do again, at most.
    package var unrecordedTime: Duration = .milliseconds(250)

    package init() {}

    /// Repeats a call while its failure may pass.
    func repeating<Result>(
        _ progress: Progress, isolation: isolated (any Actor)? = #isolation,
        _ body: (_ failure: StoreError?) async throws(StoreError) -> Result
    ) async throws(StoreError) -> Result {
        var failure: StoreError?
        for number in 1... {
            do throws(StoreError) { return try await body(failure) } catch {
                guard error.isWorthRetrying, number < tries, !Task.isCancelled else { throw error }
                var error = error
                // Once a call may have had its effect, that stays so, however the next one fails.
                error.mayHaveWritten = error.mayHaveWritten || failure?.mayHaveWritten == true
                failure = error
                progress.count(error)
                let why = error.message
                progress.count {
                    $0.retries += 1
                    $0.lastRetry = why
                }
                try? await Task.sleep(for: error.retryAfter ?? delay(number))
            }
        }
        throw failure ?? StoreError(.cancelled, "interrupted")
    }

    /// Longer each time, and never the same for two that failed together.
    private func delay(_ number: Int) -> Duration {
        min(.seconds(30), pause * (1 << min(number - 1, 20))) * Int.random(in: 50...100) / 100
    }
}
