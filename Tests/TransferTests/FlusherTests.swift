import Model
import Synchronization
import Testing

@testable import Transfer

/// A store is told to gather what it has no more often than it allows.
@Suite struct FlusherTests {
    private final class Counted: Flushing {
        let calls = Mutex(0)
        private let answer: @Sendable (Int) -> StoreError?

        init(_ answer: @escaping @Sendable (Int) -> StoreError?) { self.answer = answer }

        func flush(_ name: String) async throws(StoreError) {
            let number = calls.withLock { calls in
                calls += 1
                return calls
            }
            try? await Task.sleep(for: .milliseconds(20))
            if let error = answer(number) { throw error }
        }

        var count: Int { calls.withLock(\.self) }
    }

    private var patience: Patience {
        var patience = Patience()
        (patience.tries, patience.pause) = (3, .milliseconds(1))
        return patience
    }

    @Test func aStoreThatSaysNoIsLeftAlone() async throws {
        let store = Counted { $0 == 1 ? StoreError(.throttled, "rate limit") : nil }
        let flusher = Flusher(store, "a", patience)
        let progress = Progress(total: 0)
        for _ in 0..<5 { try await flusher.flush(progress) }
        #expect(store.count == 1)
        try await Task.sleep(for: .milliseconds(1_100))
        for _ in 0..<2 { try await flusher.flush(progress) }
        #expect(store.count == 3)
    }

    @Test func oneCallServesAllWhoAskMeanwhile() async throws {
        let store = Counted { _ in nil }
        let flusher = Flusher(store, "a", patience)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { try await flusher.flush(Progress(total: 0)) } }
            try await group.waitForAll()
        }
        #expect(store.count == 1)
    }

    @Test func otherFailuresAreRepeatedAndThenSaid() async throws {
        let shaky = Counted { $0 == 1 ? StoreError(.unavailable, "away") : nil }
        try await Flusher(shaky, "a", patience).flush(Progress(total: 0))
        #expect(shaky.count == 2)
        let gone = Counted { _ in StoreError(.notFound, "gone") }
        await #expect(throws: StoreError.self) {
            try await Flusher(gone, "a", patience).flush(Progress(total: 0))
        }
    }
}
