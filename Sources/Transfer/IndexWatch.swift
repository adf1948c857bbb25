import Model
import Synchronization

/// Asks a store now and then how far it is with an index that it builds.
package final class IndexWatch: Sendable {
    package let index: String
    private let collection: String
    private let store: any Store
    private let known = Mutex<IndexState?>(nil)

    /// What is built sooner is not asked for.
    private static let pause = Duration.seconds(1)

    package init(_ index: String, of collection: String, in store: any Store) {
        (self.index, self.collection, self.store) = (index, collection, store)
    }

    /// What the store said last; nil until it has said something.
    package var state: IndexState? { known.withLock { $0 } }

    /// Asks for as long as `build` runs.
    package func during(
        isolation: isolated (any Actor)? = #isolation, _ build: () async throws(StoreError) -> Void
    ) async throws(StoreError) {
        let asking = Task { await ask() }
        do throws(StoreError) { try await build() } catch {
            asking.cancel()
            await asking.value
            throw error
        }
        asking.cancel()
        await asking.value
    }

    private func ask() async {
        while (try? await Task.sleep(for: Self.pause)) != nil {
            let state = try? await store.describe(collection).states[index]
            if let state, state.phase == .building { known.withLock { $0 = state } }
        }
    }
}
