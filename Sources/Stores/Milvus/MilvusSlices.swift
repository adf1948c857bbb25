import Model

extension MilvusReading {
    /// By partitions where there are some, else by keys.
    func slices(atMost count: Int) async throws(StoreError) -> [Slice] {
        if partitions.count > 1 { return partitionSlices(atMost: count) }
        let total = try await self.count(where: "", in: nil)
        // Less than so much is read in a moment.
        let pieces = max(1, min(count, total / 1_000))
        guard pieces > 1, let cutter = try await MilvusCutter(self, total, pieces) else { return [Slice()] }
        var slices = [Slice()]
        for cut in try await cutter.cuts() {
            let place = MilvusPlace("", .key(cut))
            slices[slices.count - 1].through = place.cursor
            slices.append(Slice(index: slices.count, after: place.cursor))
        }
        return slices
    }

    private func partitionSlices(atMost count: Int) -> [Slice] {
        let names = partitions
        let pieces = max(1, min(count, names.count))
        return (0..<pieces).map { piece in
            let last = names.count * (piece + 1) / pieces - 1
            return Slice(
                index: piece, after: MilvusPlace(names[names.count * piece / pieces], .start).cursor,
                through: MilvusPlace(names[last], .end).cursor)
        }
    }
}

/// Finds keys that cut a collection into parts of about one size, by counting.
struct MilvusCutter: Sendable {
    private let reading: MilvusReading
    private let total: Int
    private let pieces: Int
    private let least: Key

    /// Nil where nothing can be cut.
    init?(_ reading: MilvusReading, _ total: Int, _ pieces: Int) async throws(StoreError) {
        let first = try await reading.page(Scan(wanted: .keys, budget: Budget(records: 1)))?.batch.keys.first
        guard let first else { return nil }
        (self.reading, self.total, self.pieces, least) = (reading, total, pieces, first)
    }

    /// Ascending.
    func cuts() async throws(StoreError) -> [Key] {
        var cuts: [Key] = []
        for piece in 1..<pieces {
            let cut = try await cut(total * piece / pieces)
            guard let cut, cut != cuts.last, cut != least else { continue }
            cuts.append(cut)
        }
        return cuts
    }

    /// Near enough: a twentieth of a part does not matter.
    private var tolerance: Int { total / pieces / 20 }

    private func cut(_ rank: Int) async throws(StoreError) -> Key? {
        if case .integer(let first) = least { return try await cut(rank, from: first) }
        return try await textCut(rank)
    }

    private func count(upTo key: Key) async throws(StoreError) -> Int {
        guard let condition = reading.expression.upTo(key) else { return total }
        return try await reading.count(where: condition, in: nil)
    }

    private func cut(_ rank: Int, from first: Int64) async throws(StoreError) -> Key? {
        var (low, width) = (first, UInt64(1))
        // Keys often stand close together: the range that holds enough is found by doubling.
        while width < UInt64(1) << 63, try await count(upTo: .integer(low.advanced(upTo: width))) < rank { width *= 2 }
        var high = low.advanced(upTo: width)
        while low < high {
            let middle = low.advanced(upTo: UInt64(bitPattern: high &- low) / 2)
            let found = try await count(upTo: .integer(middle))
            if abs(found - rank) <= tolerance { return .integer(middle) }
            if found < rank { low = middle + 1 } else { high = middle }
        }
        return .integer(low)
    }

    /// Letter by letter, of those that ASCII has; what lies beyond them stays in the last part.
    private func textCut(_ rank: Int) async throws(StoreError) -> Key? {
        var prefix: [UInt8] = []
        while prefix.count < 64 {
            var (low, high) = (UInt8(0x20), UInt8(0x7E))
            while low < high {
                let middle = low + (high - low + 1) / 2
                let found = try await count(upTo: key(prefix + [middle]))
                if abs(found - rank) <= tolerance { return key(prefix + [middle]) }
                if found < rank { low = middle } else { high = middle - 1 }
            }
            prefix.append(low)
        }
        return nil
    }

    private func key(_ bytes: [UInt8]) -> Key { .text(Text(utf8: bytes)) }
}

extension Int64 {
    /// So much further, and not beyond the end.
    fileprivate func advanced(upTo width: UInt64) -> Int64 {
        let sum = UInt64(bitPattern: self) &+ width
        let result = Int64(bitPattern: sum)
        return width > UInt64(bitPattern: Int64.max &- self) ? .max : result
    }
}
