import Model

/// What a copy takes of time and network.
struct CopyMeter {
    struct Use {
        var seconds: Double
        /// Of both sides; nil where one of them does not count.
        var networkBytes: Int?
    }

    private let stores: [any Store]
    private let before: Int?
    private let start = ContinuousClock.now

    init(_ task: CopyTask) {
        // One connection is one store.
        let isOne = task.source.connection == task.target.connection
        stores = isOne ? [task.source.store] : [task.source.store, task.target.store]
        before = CopyMeter.sum(stores)
    }

    var read: Use {
        let after = CopyMeter.sum(stores)
        return Use(
            seconds: (ContinuousClock.now - start).inSeconds,
            networkBytes: before.flatMap { before in after.map { $0 - before } })
    }

    private static func sum(_ stores: [any Store]) -> Int? {
        stores.reduce(0) { sum, store in sum.flatMap { sum in store.networkBytes.map { sum + $0 } } }
    }
}
