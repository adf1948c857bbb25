/// A text with places marked in it: `‸` is the cursor, `⟦…⟧` is a part.
package struct MarkedText {
    /// The text without its marks.
    package let text: String
    /// UTF-8 offset of the cursor; the end of the text where none is marked.
    package let cursor: Int
    /// UTF-8 offsets of the marked parts, in the order in which they begin.
    package let parts: [Range<Int>]

    package init(_ marked: String) {
        var plain = ""
        var cursor: Int?
        var open: [(place: Int, start: Int)] = []
        var parts: [Range<Int>] = []
        for scalar in marked.unicodeScalars {
            switch scalar {
            case "‸": cursor = plain.utf8.count
            case "⟦":
                open.append((parts.count, plain.utf8.count))
                parts.append(0..<0)
            case "⟧": if let (place, start) = open.popLast() { parts[place] = start..<plain.utf8.count }
            default: plain.unicodeScalars.append(scalar)
            }
        }
        text = plain
        self.cursor = cursor ?? plain.utf8.count
        self.parts = parts
    }
}
