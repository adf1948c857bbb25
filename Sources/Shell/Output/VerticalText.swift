import Language

/// One value a line behind its name; nothing is shortened, and text keeps its line breaks.
struct VerticalText {
    let look: Look

    /// The line above the block of one row.
    func heading(_ number: Int, width: Int) -> String {
        let text = "\(look.signs.horizontal)[ \(number) ]"
        let rest = String(repeating: look.signs.horizontal, count: max(1, width - displayWidth(text)))
        return look.style.dim(text + rest) + "\n"
    }

    func block(_ pairs: [(name: String, cell: Cell)]) -> String {
        let names = pairs.map { Line(shown($0.name)) }
        let widest = names.reduce(0) { max($0, $1.width) }
        return zip(names, pairs).reduce(into: "") { text, entry in
            for (place, line) in entry.1.cell.shownLines(look.signs).enumerated() {
                let name = place == 0 ? entry.0.styled(look.style.dim) : Line("")
                let value = entry.1.cell == .null ? look.style.dim(line) : line
                text += "\(name.padded(to: widest).text) \(look.signs.vertical)"
                text += value.isEmpty ? "\n" : " \(value)\n"
            }
        }
    }

    /// The block of one of many rows, under its heading.
    func block(_ number: Int, _ pairs: [(name: String, cell: Cell)]) -> String {
        let widest = pairs.reduce(0) { max($0, displayWidth(shown($1.name))) }
        return heading(number, width: min(widest + 24, look.width ?? .max)) + block(pairs)
    }
}
