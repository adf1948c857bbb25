/// Something that the parser would have taken where it stands.
///
/// The same list serves the message of an error, the completion and the hint, so none of them can lie.
package struct Expectation: Sendable {
    package enum Kind: Sendable {
        case verb, control, prefix, keyword, clause, function, symbol
        case slot(Slot)
        /// The name of an option, and the value of one.
        case option([Slot.Choice], used: [String])
        case optionValue(name: String)
        /// A name that is made up on the spot.
        case newName
    }

    package var kind: Kind
    /// As a message shows it, and what is typed where it is a word.
    package var label: String
    package var note: String

    package init(_ kind: Kind, _ label: String, note: String = "") {
        self.kind = kind
        self.label = label
        self.note = note
    }
}

/// The words nearest to one that is not known.
package enum Suggestion {
    /// The nearest of `words`, if it is near enough to be meant.
    package static func nearest(to word: String, in words: some Sequence<String>) -> String? {
        let wanted = Array(word.lowercased())
        let limit = wanted.count <= 3 ? 1 : wanted.count <= 6 ? 2 : 3
        let ranked = words.map { ($0, distance(wanted, Array($0.lowercased()))) }.filter { $0.1 <= limit }
        return ranked.min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
    }

    /// How many letters must be changed, added, dropped or swapped with their neighbour.
    static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(row[j] + 1, rows[i][j + 1] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, rows[i - 1][j - 1] + 1) }
                row.append(cost)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
