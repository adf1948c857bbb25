import JSON

/// The sum of the records of a multiset: any order, any cut; unlike XOR it sees a doubled record.
package struct Digest: Hashable, Sendable {
    package var count = 0
    package var high: UInt64 = 0
    package var low: UInt64 = 0

    package init() {}

    package init(count: Int, high: UInt64, low: UInt64) {
        (self.count, self.high, self.low) = (count, high, low)
    }

    package static func + (a: Digest, b: Digest) -> Digest {
        let (low, carries) = a.low.addingReportingOverflow(b.low)
        return Digest(count: a.count + b.count, high: a.high &+ b.high &+ (carries ? 1 : 0), low: low)
    }

    package var json: JSONValue {
        ["count": .integer(Int64(count)), "sum": .string("\(padded(high))\(padded(low))")]
    }

    init?(json: JSONValue?) {
        guard let count = json?["count"]?.integer, let sum = json?["sum"]?.string, sum.utf8.count == 32,
            let high = UInt64(sum.prefix(16), radix: 16), let low = UInt64(sum.suffix(16), radix: 16)
        else { return nil }
        self.init(count: Int(count), high: high, low: low)
    }

    private func padded(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
