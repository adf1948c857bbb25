/// Which number belongs to which key, without holding the keys: by 128 bits of two hashes that differ in every run.
struct KeyNumbers: Sendable {
    struct Hash: Hashable, Sendable {
        fileprivate var high: UInt64
        fileprivate var low: UInt64

        init(_ key: UnsafeRawBufferPointer) {
            var (one, other) = (Hasher(), Hasher())
            one.combine(bytes: key)
            other.combine(0x6C69_6768)
            other.combine(bytes: key)
            high = UInt64(bitPattern: Int64(one.finalize()))
            low = UInt64(bitPattern: Int64(other.finalize()))
        }

        init(_ key: [UInt8]) { self = key.withUnsafeBytes { Hash($0) } }
    }

    private struct Slot {
        var hash: Hash
        /// Less than 0 in a slot that is free.
        var number: Int
    }

    private static let free = Slot(hash: Hash([]), number: -1)
    private var slots = Array(repeating: free, count: 16)
    private(set) var count = 0

    subscript(hash: Hash) -> Int? {
        let slot = slots[place(of: hash)]
        return slot.number < 0 ? nil : slot.number
    }

    /// Gives a key its number, unless it has one; answers that.
    mutating func insert(_ hash: Hash, _ number: Int) -> Int? {
        let at = place(of: hash)
        guard slots[at].number < 0 else { return slots[at].number }
        slots[at] = Slot(hash: hash, number: number)
        count += 1
        if count * 2 > slots.count { grow() }
        return nil
    }

    /// Gives a key this number, whatever it had.
    mutating func set(_ hash: Hash, _ number: Int) {
        if insert(hash, number) != nil { slots[place(of: hash)].number = number }
    }

    /// Calls `body` with every key and its number.
    func each(_ body: (Hash, Int) -> Void) {
        for slot in slots where slot.number >= 0 { body(slot.hash, slot.number) }
    }

    private func place(of hash: Hash) -> Int {
        let mask = slots.count - 1
        var at = Int(truncatingIfNeeded: hash.low) & mask
        while slots[at].number >= 0, slots[at].hash != hash { at = (at + 1) & mask }
        return at
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: Self.free, count: old.count * 2)
        for slot in old where slot.number >= 0 { slots[place(of: slot.hash)] = slot }
    }
}
