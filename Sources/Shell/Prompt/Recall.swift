/// The statements of before, and what has been made of them while this line is read.
struct Recall {
    private var texts: [String]
    private var current: Int

    init(_ history: [String]) {
        texts = history + [""]
        current = history.count
    }

    /// The next older (or newer) statement, while `text` is kept for the way back.
    mutating func move(by step: Int, keeping text: String) -> String? {
        guard texts.indices.contains(current + step) else { return nil }
        texts[current] = text
        current += step
        return texts[current]
    }

    /// The statements from the newest to the oldest, each once.
    var newestFirst: [String] {
        var seen: Set<String> = []
        return texts.dropLast().reversed().filter { seen.insert($0).inserted }
    }
}

extension LineEditor {
    /// Goes a line up, from the first line to the statement before.
    func moveUp(_ buffer: EditBuffer) -> Effect {
        let text = buffer.text
        let start = text.lineStart(before: buffer.cursor)
        guard start > 0 else { return recall(-1, into: buffer) }
        let above = text.lineStart(before: start - 1)
        buffer.cursor = min(above + buffer.cursor - start, start - 1)
        return .changed
    }

    /// Goes a line down, from the last line to the statement after.
    func moveDown(_ buffer: EditBuffer) -> Effect {
        let text = buffer.text
        let end = text.lineEnd(after: buffer.cursor)
        guard end < text.count else { return recall(1, into: buffer) }
        let column = buffer.cursor - text.lineStart(before: buffer.cursor)
        buffer.cursor = min(end + 1 + column, text.lineEnd(after: end + 1))
        return .changed
    }

    private func recall(_ step: Int, into buffer: EditBuffer) -> Effect {
        let text = buffer.text
        guard let other = reading.recall.move(by: step, keeping: String(text)) else { return refuse() }
        buffer.replace(0..<text.count, with: other.unicodeScalars)
        return .changed
    }
}
