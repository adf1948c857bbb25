/// A set of rows, kept as sorted ranges that do not touch.
struct RowRanges: Hashable, Sendable {
    private(set) var ranges: [Range<Int>] = []
    private(set) var count = 0

    init() {}

    /// Nil unless the ranges are sorted, apart and not empty.
    init?(_ ranges: [Range<Int>]) {
        guard ranges.allSatisfy({ !$0.isEmpty }),
            zip(ranges, ranges.dropFirst()).allSatisfy({ $0.upperBound < $1.lowerBound })
        else { return nil }
        self.ranges = ranges
        count = ranges.reduce(0) { $0 + $1.count }
    }

    var upperBound: Int { ranges.last?.upperBound ?? 0 }

    mutating func insert(_ rows: some Sequence<Int>) {
        var merged: [Range<Int>] = []
        for range in (ranges + rows.map { $0..<$0 + 1 }).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        ranges = merged
        count = merged.reduce(0) { $0 + $1.count }
    }

    /// The first run at or behind `row`, and before `limit`, of rows that are not in the set.
    func gap(from row: Int, before limit: Int) -> Range<Int> {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound > row { high = middle } else { low = middle + 1 }
        }
        guard low < ranges.count else { return min(row, limit)..<limit }
        if row < ranges[low].lowerBound { return min(row, limit)..<min(limit, ranges[low].lowerBound) }
        let start = min(limit, ranges[low].upperBound)
        let stop = low + 1 < ranges.count ? min(limit, ranges[low + 1].lowerBound) : limit
        return start..<max(start, stop)
    }
}
