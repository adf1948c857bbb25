extension LineEditor {
    /// Takes what the terminal pastes as text, whatever keys it looks like, in one operation.
    ///
    /// xterm's manual, "Bracketed Paste Mode": the text stands between `ESC [ 200 ~` and `ESC [ 201 ~`.
    func paste(into buffer: EditBuffer) -> Effect {
        reading.isPasting = true
        defer { reading.isPasting = false }
        let end = Array("\u{1B}[201~".unicodeScalars)
        var text: [Unicode.Scalar] = []
        while let key = nextKey() {
            text.append(key)
            if key == end.last, text.suffix(end.count) == end[...] {
                text.removeLast(end.count)
                return insert(text.withNewlines, into: buffer)
            }
        }
        return .refused
    }
}

extension [Unicode.Scalar] {
    /// Terminals send the ends of lines as the Enter key does.
    fileprivate var withNewlines: [Unicode.Scalar] {
        var text: [Unicode.Scalar] = []
        text.reserveCapacity(count)
        for (index, scalar) in enumerated() {
            if scalar == "\n", index > 0, self[index - 1] == "\r" { continue }
            text.append(scalar == "\r" ? "\n" : scalar)
        }
        return text
    }
}
