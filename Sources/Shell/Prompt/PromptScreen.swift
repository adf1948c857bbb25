import Language

/// The part of the terminal that belongs to the prompt: only the rows that changed are written again.
final class PromptScreen {
    let style: Style
    private let descriptor: Int32
    private var shown = PromptFrame.empty
    private var topLine = 0
    private(set) var size: Screen

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        style = Look(of: descriptor).style
        size = Screen(descriptor)
    }

    /// Begins at the left margin, below whatever the last command left without an end of line.
    func begin() {
        size = Screen(descriptor)
        shown = .empty
        topLine = 0
        write(style.dim("%") + String(repeating: " ", count: size.columns - 1) + "\r\u{1B}[K\u{1B}[?2004h")
    }

    func draw(_ content: PromptContent) {
        let next = PromptFrame(content, size: size, top: &topLine)
        guard next != shown else { return }
        var pen = Pen(at: shown.cursor.row, of: shown.rows.count)
        for (index, row) in next.rows.enumerated() where index >= shown.rows.count || shown.rows[index] != row {
            pen.move(to: index)
            pen.text += encoded(row)
        }
        if shown.rows.count > next.rows.count {
            pen.move(to: next.rows.count)
            pen.text += "\r\u{1B}[J"
        }
        pen.move(to: next.cursor.row)
        pen.text += "\r" + forward(next.cursor.column)
        write(pen.text)
        shown = next
    }

    /// Leaves what is shown and goes on below it.
    func end(with mark: String = "") { write(mark + "\r\n" + PromptScreen.closing) }

    /// What gives a terminal back as it was found.
    static let closing = "\u{1B}[?2004l"

    func clear() {
        write("\u{1B}[H\u{1B}[2J")
        shown = .empty
    }

    /// Clears the prompt away after the terminal has changed its size, so that it can be drawn anew.
    func resize() {
        let new = Screen(descriptor)
        let above = shown.rows.prefix(shown.cursor.row).map { rowsTaken($0, new.columns) }.reduce(0, +)
        let up = isRewrapping ? above + shown.cursor.column / new.columns : shown.cursor.row
        write("\r" + (up > 0 ? "\u{1B}[\(up)A" : "") + "\u{1B}[J")
        size = new
        shown = .empty
    }

    func beep() { write("\u{7}") }

    private func rowsTaken(_ row: PromptRow, _ columns: Int) -> Int {
        let width = row.hint.isEmpty ? row.width : size.columns - 1
        return max(1, (width + columns - 1) / columns)
    }

    /// Most terminals break long rows anew when they get narrower; xterm and the Linux console cut them off.
    private let isRewrapping = Environment.process["XTERM_VERSION"] == nil && Environment.process["TERM"] != "linux"

    private func encoded(_ row: PromptRow) -> String {
        var text = "\r" + row.text + (row.text.contains("\u{1B}") ? "\u{1B}[0m" : "")
        if row.width < size.columns { text += "\u{1B}[K" }
        guard !row.hint.isEmpty else { return text }
        let gap = size.columns - 1 - row.width - displayWidth(row.hint)
        return text + forward(gap) + style.dim(row.hint)
    }

    private func forward(_ columns: Int) -> String { columns > 0 ? "\u{1B}[\(columns)C" : "" }

    private func write(_ text: String) { Shell.write(text, to: descriptor) }
}

/// Text on its way to the screen, and the row in which the cursor is then.
private struct Pen {
    var text = ""
    private var row: Int
    private var rows: Int

    init(at row: Int, of rows: Int) {
        self.row = row
        self.rows = max(1, rows)
    }

    mutating func move(to target: Int) {
        if target < row { text += "\u{1B}[\(row - target)A" }
        // The cursor stops at the last row of the screen; only a line feed scrolls.
        if target > row {
            let known = min(target, rows - 1)
            if known > row { text += "\u{1B}[\(known - row)B" }
            text += String(repeating: "\r\n", count: target - max(known, row))
        }
        row = target
        rows = max(rows, target + 1)
    }
}
