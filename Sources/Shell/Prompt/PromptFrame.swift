import Language

/// What the prompt shows: the text over its lines, a hint beside the cursor, rows below.
struct PromptContent {
    var lines: [ArraySlice<Unicode.Scalar>]
    var cursorLine: Int
    /// Counted in characters of its line.
    var cursorColumn: Int
    /// What stands before a line; it may hold colours.
    var prefix: (Int) -> String
    var hint = ""
    var below: [PromptRow] = []

    init(_ text: [Unicode.Scalar], cursor: Int, prefix: @escaping (Int) -> String) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        cursorLine = text[..<cursor].count { $0 == "\n" }
        cursorColumn = cursor - lines[cursorLine].startIndex
        self.prefix = prefix
    }
}

/// The rows of a prompt as they stand on the screen, never more than it has.
struct PromptFrame: Equatable {
    var rows: [PromptRow] = []
    var cursor = Place(row: 0, column: 0)

    struct Place: Equatable {
        var row: Int
        var column: Int
    }

    static let empty = PromptFrame()
}

extension PromptFrame {
    /// Lays the content out around the cursor.
    ///
    /// - Parameter top: the first line that was shown before; the view moves no more than it must.
    init(_ content: PromptContent, size: Screen, top: inout Int) {
        let room = max(1, size.lines - content.below.count)
        let (own, cursor) = PromptFrame.layout(content, content.cursorLine, size.columns)
        rows = own
        self.cursor = cursor
        addAbove(content, size.columns, room: room, top: &top)
        addBelow(content, size.columns, room: room, top: &top)
        clip(to: room)
        addHint(content.hint, size.columns)
        rows += content.below
    }

    private mutating func addAbove(_ content: PromptContent, _ columns: Int, room: Int, top: inout Int) {
        var line = content.cursorLine
        while line > min(top, content.cursorLine), prepend(content, line - 1, columns, room: room) { line -= 1 }
        top = line
    }

    private mutating func addBelow(_ content: PromptContent, _ columns: Int, room: Int, top: inout Int) {
        var line = content.cursorLine + 1
        while line < content.lines.count, rows.count < room {
            rows += PromptFrame.layout(content, line, columns).rows
            line += 1
        }
        while top > 0, rows.count < room, prepend(content, top - 1, columns, room: room) { top -= 1 }
    }

    private mutating func prepend(_ content: PromptContent, _ line: Int, _ columns: Int, room: Int) -> Bool {
        let above = PromptFrame.layout(content, line, columns).rows
        guard rows.count + above.count <= room else { return false }
        rows.insert(contentsOf: above, at: 0)
        cursor.row += above.count
        return true
    }

    private mutating func clip(to room: Int) {
        let hidden = max(0, cursor.row - room + 1)
        rows = Array(rows.dropFirst(hidden).prefix(room))
        cursor.row -= hidden
    }

    private mutating func addHint(_ hint: String, _ columns: Int) {
        let free = columns - 1 - rows[cursor.row].width - 3
        guard free >= 8 || displayWidth(hint) <= free else { return }
        rows[cursor.row].hint = shortened(hint, to: free)
    }

    private static func layout(_ content: PromptContent, _ line: Int, _ columns: Int) -> (rows: [PromptRow], Place) {
        var filled = PromptRows(columns: columns)
        filled.append(ColouredText(content.prefix(line)))
        var cursor: Place?
        var offset = 0
        for character in String(content.lines[line]) {
            let place = filled.append(character)
            offset += character.unicodeScalars.count
            if cursor == nil, content.cursorColumn < offset { cursor = place }
        }
        guard line == content.cursorLine else { return (filled.rows, Place(row: 0, column: 0)) }
        let end = cursor ?? filled.place(forWidth: 1)
        return (filled.rows, end)
    }
}
