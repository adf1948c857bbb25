import Language

/// One row of the terminal: what is written into it, and how many columns that takes.
struct PromptRow: Hashable {
    var text = ""
    var width = 0
    /// Written dim at the right margin.
    var hint = ""
}

/// Fills rows of a fixed width with text, as a terminal would.
struct PromptRows {
    let columns: Int
    private(set) var rows = [PromptRow()]

    init(columns: Int) { self.columns = columns }

    /// Where the next character goes that is `width` columns wide.
    mutating func place(forWidth width: Int) -> PromptFrame.Place {
        if last.width + width > columns, last.width > 0 { rows.append(PromptRow()) }
        return PromptFrame.Place(row: rows.count - 1, column: last.width)
    }

    /// Adds a character and answers where it begins.
    @discardableResult
    mutating func append(_ character: Character) -> PromptFrame.Place {
        let cell = cell(of: character)
        let place = place(forWidth: cell.width)
        last.text += cell.text
        last.width += cell.width
        return place
    }

    mutating func append(_ text: ColouredText) {
        for part in text.parts {
            switch part {
            case .character(let character): append(character)
            case .colour(let sequence): last.text += sequence
            }
        }
    }

    private var last: PromptRow {
        get { rows[rows.count - 1] }
        set { rows[rows.count - 1] = newValue }
    }

    private func cell(of character: Character) -> (text: String, width: Int) {
        let scalar = character.unicodeScalars[character.unicodeScalars.startIndex]
        switch scalar.value {
        case 0x09:
            let column = last.width < columns ? last.width : 0
            let width = min(8 - column % 8, columns - column)
            return (String(repeating: " ", count: width), width)
        case 0x00...0x1F: return ("^\(Unicode.Scalar(UInt8(scalar.value + 0x40)))", 2)
        case 0x7F: return ("^?", 2)
        case 0x80...0x9F: return ("\u{FFFD}", 1)
        default: return (String(character), displayWidth(String(character)))
        }
    }
}
