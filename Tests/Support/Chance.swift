/// Random numbers that come again from the same seed.
package struct Chance: RandomNumberGenerator {
    package let seed: UInt64
    private var state: UInt64

    package init(seed: UInt64 = .random(in: .min ... .max)) {
        self.seed = seed
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    package mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<max(1, limit), using: &self) }

    package mutating func one<Item>(of items: [Item]) -> Item { items[below(items.count)] }

    /// The text with a few bytes changed, cut or doubled; what is no UTF-8 then is mended.
    package mutating func mutated(_ text: String, with pieces: [String]) -> String {
        var bytes = Array(text.utf8)
        for _ in 0...below(3) {
            let place = below(bytes.count + 1)
            switch below(5) {
            case 0: bytes.insert(contentsOf: one(of: pieces).utf8, at: place)
            case 1: bytes.removeSubrange(place..<min(bytes.count, place + below(6)))
            case 2: bytes.insert(UInt8(below(256)), at: place)
            case 3: bytes = Array(bytes[..<place])
            default:
                bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + below(12))], at: below(bytes.count))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Runs `body` over and over until a time is up; answers how often.
package func repeating(for limit: Duration, _ body: () throws -> Void) rethrows -> Int {
    let end = ContinuousClock.now + limit
    var count = 0
    while count % 64 != 0 || ContinuousClock.now < end {
        try body()
        count += 1
    }
    return count
}
