/// Something to tell the person about what they wrote: where, what is wrong, and what to do.
package struct Diagnostic: Error, Hashable, Sendable {
    /// Stable, for machines: `E0201`.
    package var code: String
    package var message: String
    package var span: Span?
    /// Said beside the carets.
    package var label: String
    /// Where the trouble began, when that is elsewhere.
    package var origin: Located<String>?
    package var help: [String]

    package init(
        _ code: String, _ message: String, at span: Span?, label: String = "", origin: Located<String>? = nil,
        help: [String] = []
    ) {
        self.code = code
        self.message = message
        self.span = span
        self.label = label
        self.origin = origin
        self.help = help
    }
}

extension Diagnostic {
    /// The text as people read it; `paint` adds colour.
    package func rendered(paint: (Part, String) -> String = { $1 }) -> String {
        var lines = [paint(.title, "error[\(code)]") + paint(.message, ": \(message)")]
        let shown = [origin.map { Located($0.value, at: $0.span) }, span.map { Located(label, at: $0) }]
            .compactMap(\.self)
            .sorted { $0.span.range.lowerBound < $1.span.range.lowerBound }
        let numbers = shown.map { $0.span.source.position(of: $0.span.range.lowerBound).line }
        let gutter = String(repeating: " ", count: String(numbers.max() ?? 0).count)
        if let span { lines += [paint(.gutter, "\(gutter)--> ") + place(of: span), paint(.gutter, "\(gutter) |")] }
        for (part, number) in zip(shown, numbers) {
            let isOrigin = part.span != span || (origin != nil && part == origin)
            lines += excerpt(part, number, gutter.count, isOrigin: isOrigin, paint: paint)
        }
        lines += help.map { paint(.gutter, "\(gutter) = ") + paint(.help, "help: ") + $0 }
        return lines.joined(separator: "\n")
    }

    /// What a part of the text is, for colour.
    package enum Part { case title, message, gutter, caret, origin, help }

    private func place(of span: Span) -> String {
        let (line, column) = span.source.position(of: span.range.lowerBound)
        return "\(span.source.name.isEmpty ? "prompt" : span.source.name):\(line):\(column)"
    }

    /// The line and, below it, carets under the span; columns count display width, so that they stand right under
    /// characters that are wide or have none.
    private func excerpt(
        _ part: Located<String>, _ number: Int, _ gutter: Int, isOrigin: Bool, paint: (Part, String) -> String
    ) -> [String] {
        let source = part.span.source
        let line = source.line(around: part.span.range.lowerBound)
        let start = min(max(part.span.range.lowerBound, line.lowerBound), line.upperBound)
        let end = min(max(start, part.span.range.upperBound), line.upperBound)
        let indent = displayWidth(visible(source.text(line.lowerBound..<start)))
        let width = max(1, displayWidth(visible(source.text(start..<end))))
        let digits = String(number)
        let margin = String(repeating: " ", count: gutter - digits.count) + digits
        let carets = String(repeating: isOrigin ? "-" : "^", count: width)
        let mark = carets + (part.value.isEmpty ? "" : " \(part.value)")
        return [
            paint(.gutter, "\(margin) | ") + visible(source.text(line)),
            paint(.gutter, "\(String(repeating: " ", count: gutter)) | ") + String(repeating: " ", count: indent)
                + paint(isOrigin ? .origin : .caret, mark),
        ]
    }

    /// Tabs would move the carets.
    private func visible(_ text: String) -> String { text.replacing("\t", with: "    ") }
}
