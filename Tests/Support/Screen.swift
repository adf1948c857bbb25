/// A terminal's screen: it takes the bytes that a program writes and knows what a person would see.
package struct DrawnScreen {
    package private(set) var columns: Int
    package private(set) var rows: Int
    package private(set) var cursor = (row: 0, column: 0)
    /// Modes switched on by `ESC [ ? … h`.
    package private(set) var modes: Set<String> = []
    /// Whether anything was written in colour, bold or dim.
    package private(set) var hasUsedStyles = false
    /// How many bytes have come, which tells an answer from what stood there before.
    package private(set) var bytesFed = 0
    /// A cell holds a character with its combining marks; the right half of a wide one is empty text.
    private var cells: [[String]]
    /// The cursor stands behind the last column: the next character goes to the next row.
    private var isWrapPending = false
    private var undecoded: [UInt8] = []
    private var sequence: String?

    package init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        cells = Array(repeating: Array(repeating: " ", count: columns), count: rows)
    }

    package var lines: [String] { cells.map { $0.joined().trimmingEnd } }

    /// All rows down to the last that holds anything.
    package var text: String {
        let lines = lines
        let end = lines.lastIndex { !$0.isEmpty }.map { $0 + 1 } ?? 0
        return lines[..<end].joined(separator: "\n")
    }

    package mutating func feed(_ bytes: some Sequence<UInt8>) {
        let waiting = undecoded.count
        undecoded += bytes
        bytesFed += undecoded.count - waiting
        let whole = undecoded.wholeCharacters
        let text = String(decoding: undecoded[..<whole], as: UTF8.self)
        undecoded.removeFirst(whole)
        for scalar in text.unicodeScalars { feed(scalar) }
    }

    private mutating func feed(_ scalar: Unicode.Scalar) {
        if let begun = sequence {
            let isIntroducer = begun.isEmpty && scalar == "["
            sequence = begun + String(scalar)
            if !isIntroducer, scalar.value >= 0x40 { endSequence() }
            return
        }
        switch scalar {
        case "\u{1B}": sequence = ""
        case "\r": move(to: cursor.row, 0)
        case "\n": lineFeed()
        case "\u{8}": move(to: cursor.row, cursor.column - 1)
        case "\t": move(to: cursor.row, (cursor.column / 8 + 1) * 8)
        case "\u{7}": break
        default: put(scalar)
        }
    }

    private mutating func put(_ scalar: Unicode.Scalar) {
        let width = scalar.columns
        if width == 0 { return combine(scalar) }
        if isWrapPending || cursor.column + width > columns {
            cursor.column = 0
            lineFeed()
        }
        cells[cursor.row][cursor.column] = String(scalar)
        if width == 2 { cells[cursor.row][cursor.column + 1] = "" }
        isWrapPending = cursor.column + width == columns
        cursor.column = min(cursor.column + width, columns - 1)
    }

    private mutating func combine(_ scalar: Unicode.Scalar) {
        var column = isWrapPending ? cursor.column : cursor.column - 1
        if column > 0, cells[cursor.row][column].isEmpty { column -= 1 }
        if column >= 0 { cells[cursor.row][column].unicodeScalars.append(scalar) }
    }

    private mutating func lineFeed() {
        isWrapPending = false
        if cursor.row < rows - 1 {
            cursor.row += 1
        } else {
            cells.removeFirst()
            cells.append(blank)
        }
    }

    private mutating func move(to row: Int, _ column: Int) {
        cursor = (min(max(row, 0), rows - 1), min(max(column, 0), columns - 1))
        isWrapPending = false
    }

    private var blank: [String] { Array(repeating: " ", count: columns) }
}

// MARK: Control sequences

extension DrawnScreen {
    private mutating func endSequence() {
        let text = sequence ?? ""
        sequence = nil
        guard text.first == "[", let command = text.last else { return }
        let parameters = text.dropFirst().dropLast()
        if parameters.first == "?" {
            setMode(String(parameters.dropFirst()), command == "h")
        } else {
            perform(command, parameters.split(separator: ";", omittingEmptySubsequences: false).map { Int($0) })
        }
    }

    private mutating func setMode(_ mode: String, _ isOn: Bool) {
        if isOn { modes.insert(mode) } else { modes.remove(mode) }
    }

    private mutating func perform(_ command: Character, _ parameters: [Int?]) {
        let first = parameters.first.flatMap { $0 }
        let count = max(first ?? 1, 1)
        switch command {
        case "A": move(to: cursor.row - count, cursor.column)
        case "B": move(to: cursor.row + count, cursor.column)
        case "C": move(to: cursor.row, cursor.column + count)
        case "D": move(to: cursor.row, cursor.column - count)
        case "G": move(to: cursor.row, count - 1)
        case "H": move(to: count - 1, max(parameters.dropFirst().first.flatMap { $0 } ?? 1, 1) - 1)
        case "J": eraseScreen(first ?? 0)
        case "K": eraseRow(first ?? 0)
        case "m": hasUsedStyles = true
        default: preconditionFailure("the screen model does not know ESC [ … \(command)")
        }
    }

    private mutating func eraseRow(_ part: Int) {
        let erased = part == 0 ? cursor.column..<columns : part == 1 ? 0..<(cursor.column + 1) : 0..<columns
        for column in erased { cells[cursor.row][column] = " " }
    }

    private mutating func eraseScreen(_ part: Int) {
        if part != 2 { eraseRow(part) }
        let erased = part == 0 ? (cursor.row + 1)..<rows : part == 1 ? 0..<cursor.row : 0..<rows
        for row in erased { cells[row] = blank }
    }

    /// Changes the size as most terminals do: rows that have become too long go on in the next.
    package mutating func resize(columns: Int, rows: Int) {
        let last = max(cursor.row, cells.lastIndex { $0.contains { $0 != " " } } ?? 0)
        var wrapped: [[String]] = []
        var place = (row: 0, column: cursor.column)
        for (row, old) in cells[...last].enumerated() {
            if row == cursor.row { place = (wrapped.count + cursor.column / columns, cursor.column % columns) }
            let used = max(old.lastIndex { $0 != " " }.map { $0 + 1 } ?? 0, row == cursor.row ? cursor.column : 0, 1)
            for start in stride(from: 0, to: used, by: columns) {
                let part = Array(old[start..<min(start + columns, used)])
                wrapped.append(part + Array(repeating: " ", count: columns - part.count))
            }
        }
        let scrolled = max(0, wrapped.count - rows)
        self.columns = columns
        self.rows = rows
        cells = Array(wrapped.dropFirst(scrolled)) + Array(repeating: blank, count: max(0, rows - wrapped.count))
        move(to: place.row - scrolled, place.column)
    }
}

extension [UInt8] {
    /// How many bytes from the start are whole characters.
    fileprivate var wholeCharacters: Int {
        guard let lead = indices.suffix(4).last(where: { self[$0] & 0xC0 != 0x80 }) else { return count }
        let length = Swift.max(1, (~self[lead]).leadingZeroBitCount)
        return lead + length > count ? lead : count
    }
}

extension Unicode.Scalar {
    fileprivate var columns: Int {
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        switch value {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}

extension String {
    fileprivate var trimmingEnd: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
