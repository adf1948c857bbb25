/// The keys whose hashes, mixed with a seed, are the lowest: both sides choose the same, whatever their order.
struct KeySample: Sendable {
    let size: Int
    let seed: UInt64
    private var chosen: [UInt64: Chosen] = [:]
    /// No higher rank is among the lowest.
    private var highest = UInt64.max
    /// How many keys were seen.
    private(set) var total = 0

    struct Chosen: Sendable {
        var hash: UInt64
        var entry: Side.Entry
    }

    init(size: Int, seed: UInt64) { (self.size, self.seed) = (size, seed) }

    mutating func add(_ key: UInt64, _ entry: @autoclosure () -> Side.Entry) {
        total += 1
        let rank = Hash.mix(key, seed)
        guard rank <= highest else { return }
        chosen[rank, default: Chosen(hash: key, entry: entry())].entry.count += 1
        if chosen.count >= 2 * size + 1_000 { cut() }
    }

    private mutating func cut() {
        let ranks = chosen.keys.sorted()
        guard ranks.count > size else { return }
        highest = ranks[size - 1]
        for rank in ranks[size...] { chosen[rank] = nil }
    }

    /// The rank below which all keys that were seen are known.
    mutating func limit() -> UInt64 {
        cut()
        return highest
    }

    func entries(upTo limit: UInt64) -> [UInt64: Side.Entry] {
        var entries: [UInt64: Side.Entry] = [:]
        for (rank, chosen) in chosen where rank <= limit { entries[chosen.hash] = chosen.entry }
        return entries
    }
}
