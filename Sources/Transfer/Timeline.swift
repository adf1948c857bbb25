import Synchronization

/// How a migration went over time: bounded, whatever it takes, by making its steps longer.
package final class Timeline: Sendable {
    package struct Step: Sendable {
        package var records = 0
        package var bytes = 0
        package var batches = 0
        /// How long its batches took to write, all together and the slowest.
        package var waited: Duration = .zero
        package var slowest: Duration = .zero
    }

    private struct State {
        var steps: [Step] = []
        var width: Duration = .milliseconds(50)

        /// Half as many steps of twice the length.
        mutating func widen() {
            width *= 2
            steps = stride(from: 0, to: steps.count, by: 2).map { place in
                var step = steps[place]
                if place + 1 < steps.count { step.add(steps[place + 1]) }
                return step
            }
        }
    }

    private static let most = 240
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    package init() {}

    func add(records: Int, bytes: Int, took: Duration) {
        let elapsed = ContinuousClock.now - start
        state.withLock { state in
            while elapsed >= state.width * Self.most { state.widen() }
            let place = Int(elapsed / state.width)
            while state.steps.count <= place { state.steps.append(Step()) }
            state.steps[place].add(Step(records: records, bytes: bytes, batches: 1, waited: took, slowest: took))
        }
    }

    /// The steps so far, and how long each is.
    package var steps: (width: Duration, all: [Step]) { state.withLock { ($0.width, $0.steps) } }
}

extension Timeline.Step {
    fileprivate mutating func add(_ other: Timeline.Step) {
        records += other.records
        bytes += other.bytes
        batches += other.batches
        waited += other.waited
        slowest = max(slowest, other.slowest)
    }
}
