import Model
import Synchronization

/// Collections in memory: for tests, for trying things out, and as the model of a correct store.
package enum Memory {
    package static let kind = StoreKind(
        scheme: "mem", summary: "Collections in memory, gone when the program ends", address: "mem://NAME"
    ) { endpoint, _ throws(StoreError) in
        stores.withLock { stores in
            let store = stores[endpoint.host] ?? MemoryStore()
            stores[endpoint.host] = store
            return store
        }
    }

    /// Two connections to one name see the same collections.
    private static let stores = Mutex<[String: MemoryStore]>([:])
}
