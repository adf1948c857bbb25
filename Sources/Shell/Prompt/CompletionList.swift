import Language

/// What may stand at the cursor, listed below the line until the next key.
struct CompletionList {
    var items: [Candidate]

    /// One row a candidate, with its kind and its note in columns; the last says how many do not fit.
    func rows(columns: Int, room: Int, style: Style) -> [PromptRow] {
        let fitting = items.count <= room ? items.count : max(0, room - 1)
        let shown = items.prefix(fitting)
        let text = min(shown.map { displayWidth($0.text) }.max() ?? 0, max(8, columns / 2))
        let kind = shown.map { displayWidth($0.kind) }.max() ?? 0
        var rows = shown.map { item in
            let about = padded(item.kind, to: kind) + (item.note.isEmpty ? "" : "  " + item.note)
            return row(padded(shortened(item.text, to: text), to: text) + "  ", about, columns, style)
        }
        if fitting < items.count { rows.append(row("", "… \(items.count - fitting) more", columns, style)) }
        return rows
    }

    private func row(_ text: String, _ about: String, _ columns: Int, _ style: Style) -> PromptRow {
        let text = shortened(text, to: columns - 1)
        let about = shortened(about, to: max(1, columns - 1 - displayWidth(text)))
        return PromptRow(text: text + style.dim(about), width: displayWidth(text) + displayWidth(about))
    }

    private func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - displayWidth(text)))
    }
}

extension LineEditor {
    /// Writes the only candidate, or what all of them begin with, and lists them.
    func complete(_ buffer: EditBuffer) -> Effect {
        let text = buffer.text
        let found = assistant.completions(String(text), text[..<buffer.cursor].utf8Count)
        guard let first = found.items.first else { return refuse() }
        let word = text.index(utf8: found.replacing.lowerBound)..<text.index(utf8: found.replacing.upperBound)
        if found.items.count == 1 {
            write(first, over: word, of: text, into: buffer)
        } else {
            reading.list = CompletionList(items: found.items)
            writeCommonPart(of: found.items, over: word, of: text, into: buffer)
        }
        return .changed
    }

    private func write(_ item: Candidate, over word: Range<Int>, of text: [Unicode.Scalar], into buffer: EditBuffer) {
        buffer.replace(word, with: item.text.unicodeScalars)
        let follow = Array(item.follow.unicodeScalars)
        if text[word.upperBound...].starts(with: follow) {
            buffer.cursor += follow.count
        } else {
            _ = insert(follow, into: buffer)
        }
    }

    private func writeCommonPart(
        of items: [Candidate], over word: Range<Int>, of text: [Unicode.Scalar], into buffer: EditBuffer
    ) {
        let texts = items.map { Array($0.text.unicodeScalars) }
        let common = texts.dropFirst().reduce(texts[0]) { common, other in
            zip(common, other).prefix { $0 == $1 }.map(\.0)
        }
        guard common.count > word.count, common.starts(with: text[word]) else { return }
        buffer.replace(word, with: common)
    }
}
