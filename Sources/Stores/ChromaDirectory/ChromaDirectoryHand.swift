import Model
import Synchronization

/// What this program itself does to a folder, so that those who read there tell it from what others do.
///
/// No one looks at the file while a write is under way: whoever closes it would take SQLite's locks away with it.
final class ChromaDirectoryHand: Sendable {
    private struct State {
        /// Another one whenever what was read before may be gone.
        var chain = 0
        var latest = ""
    }

    private let state = Mutex(State())

    private static let hands = Mutex<[String: ChromaDirectoryHand]>([:])

    /// One for each folder, whoever opens it.
    static func of(_ place: ChromaDirectoryPlace) -> ChromaDirectoryHand {
        hands.withLock { hands in
            let hand = hands[place.path] ?? ChromaDirectoryHand()
            hands[place.path] = hand
            return hand
        }
    }

    /// How the folder is now, for ``isUnchanged(_:since:)``.
    func look(_ place: ChromaDirectoryPlace) throws(StoreError) -> (chain: Int, stamp: String) {
        try state.withLock { state throws(StoreError) in
            let stamp = try place.stamp()
            if stamp != state.latest { state = State(chain: state.chain + 1, latest: stamp) }
            return (state.chain, stamp)
        }
    }

    /// Whether nobody has written since then, but for what this program has added.
    func isUnchanged(_ place: ChromaDirectoryPlace, since chain: Int) throws(StoreError) -> Bool {
        try state.withLock { state throws(StoreError) in
            let stamp = try place.stamp()
            return state.chain == chain && stamp == state.latest
        }
    }

    /// Runs `body`, which writes; what others read meanwhile stays as it is if it only adds.
    func write<Value: Sendable>(
        _ place: ChromaDirectoryPlace, onlyAdds: Bool, _ body: () throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try state.withLock { state throws(StoreError) in
            let before = try place.stamp()
            if before != state.latest || !onlyAdds { state.chain += 1 }
            defer { state.latest = (try? place.stamp()) ?? "" }
            return try body()
        }
    }
}
