import Model

/// Digests by the top bits of the key's hash: only unequal buckets hold differing keys.
package struct Sketch: Sendable {
    package static let bits = 16
    package private(set) var buckets = [Digest](repeating: Digest(), count: 1 << Sketch.bits)

    package init() {}

    package static func bucket(_ key: UInt64) -> Int { Int(key >> UInt64(64 - bits)) }

    mutating func add(_ keys: [UInt64], _ records: [UInt64]) {
        for (key, record) in zip(keys, records) {
            let bucket = Sketch.bucket(key)
            buckets[bucket] = buckets[bucket] + Digest(key: key, record: record)
        }
    }

    static func + (a: Sketch, b: Sketch) -> Sketch {
        var sum = a
        for place in sum.buckets.indices { sum.buckets[place] = sum.buckets[place] + b.buckets[place] }
        return sum
    }

    package var total: Digest { buckets.reduce(Digest(), +) }

    func suspects(against other: Sketch) -> [Int] { buckets.indices.filter { buckets[$0] != other.buckets[$0] } }
}
