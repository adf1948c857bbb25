/// How wide each column of a table is drawn.
struct ColumnWidths {
    /// What a column would like to have, and what it must have to be worth drawing.
    struct Wish: Hashable {
        var natural: Int
        var least: Int
    }

    /// One for each column that is drawn: the first ones of those that were wished.
    private(set) var widths: [Int]

    /// The widest columns give way first; when all are as narrow as may be, columns are left out from the right.
    init(_ wishes: [Wish], gap: Int, within available: Int?) {
        guard let available else {
            widths = wishes.map(\.natural)
            return
        }
        var kept = wishes[...]
        while kept.count > 1, kept.reduce(gap * (kept.count - 1), { $0 + $1.least }) > available { kept.removeLast() }
        let room = max(available - gap * max(0, kept.count - 1), kept.count)
        widths = ColumnWidths.share(room, Array(kept))
    }

    private static func share(_ room: Int, _ wishes: [Wish]) -> [Int] {
        if wishes.count == 1, wishes[0].least > room { return [room] }
        let cap = greatestCap(room, wishes)
        var widths = wishes.map { $0.width(cap) }
        var left = room - widths.reduce(0, +)
        for place in widths.indices where left > 0 && widths[place] == cap && wishes[place].natural > cap {
            widths[place] += 1
            left -= 1
        }
        return widths
    }

    /// The greatest width that no column need exceed for all of them to fit.
    private static func greatestCap(_ room: Int, _ wishes: [Wish]) -> Int {
        var fits = 0
        var exceeds = (wishes.map(\.natural).max() ?? 0) + 1
        while exceeds - fits > 1 {
            let cap = (fits + exceeds) / 2
            if wishes.reduce(0, { $0 + $1.width(cap) }) <= room { fits = cap } else { exceeds = cap }
        }
        return fits
    }
}

extension ColumnWidths.Wish {
    fileprivate func width(_ cap: Int) -> Int { min(natural, max(least, cap)) }
}
