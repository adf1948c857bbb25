import Model

/// Has the target gather what was written, for all slices of a job: one call at a time, and no more often than it allows.
actor Flusher {
    private let flushing: any Flushing
    private let name: String
    private let patience: Patience
    private var isUnderWay = false
    private var earliest = ContinuousClock.now
    /// How long a target that says no wants to be left alone.
    private var pause = Duration.seconds(1)

    init(_ flushing: any Flushing, _ name: String, _ patience: Patience) {
        (self.flushing, self.name, self.patience) = (flushing, name, patience)
    }

    /// Does nothing while a call is under way, or the target wants to be left alone: the end of the load gathers all.
    func flush(_ progress: Progress) async throws(StoreError) {
        guard !isUnderWay, .now >= earliest else { return }
        isUnderWay = true
        defer { isUnderWay = false }
        guard let refusal = try await refusal(progress) else { return pause = .seconds(1) }
        earliest = .now + max(pause, refusal.retryAfter ?? .zero)
        pause = min(pause * 2, .seconds(60))
    }

    /// Why the target does not do it now; nil if it has.
    private func refusal(_ progress: Progress) async throws(StoreError) -> StoreError? {
        try await patience.repeating(progress) { _ throws(StoreError) in
            do throws(StoreError) { try await flushing.flush(name) } catch {
                guard error.code == .throttled else { throw error }
                return error
            }
            return nil
        }
    }
}
