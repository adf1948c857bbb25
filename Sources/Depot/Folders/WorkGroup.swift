import Model

/// Does many things, some of them at the same time; the first that fails ends all.
struct WorkGroup {
    var parallel: Int
    /// Asked before each begins.
    var isStopped: @Sendable () -> Bool

    func run<Work: Sendable>(
        _ work: [Work], isolation: isolated (any Actor)? = #isolation,
        _ body: @escaping @Sendable (Work) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        let outcome = await withTaskGroup(of: Result<Void, StoreError>.self) { group in
            var (rest, running) = (work[...], 0)
            var failure: StoreError?
            while true {
                while failure == nil, running < parallel, !isStopped(), let next = rest.popFirst() {
                    group.addTask { await Result { () async throws(StoreError) in try await body(next) } }
                    running += 1
                }
                guard let ended = await group.next() else { break }
                running -= 1
                guard case .failure(let error) = ended, failure == nil else { continue }
                failure = error
                group.cancelAll()
            }
            if failure == nil, !rest.isEmpty { failure = StoreError(.cancelled, "interrupted") }
            return failure
        }
        if let outcome { throw outcome }
    }
}

extension Result where Failure == StoreError {
    /// What comes of a body that waits.
    package init(_ body: () async throws(StoreError) -> Success) async {
        do throws(StoreError) { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
