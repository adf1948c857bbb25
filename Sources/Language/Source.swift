/// A text that is parsed: a script, a runbook, a line at the prompt.
package final class Source: Sendable {
    /// As a diagnostic shows it: a path, `-c`, `stdin`; empty for a line at the prompt.
    package let name: String
    package let utf8: [UInt8]

    package init(name: String, text: String) {
        self.name = name
        utf8 = Array(text.utf8)
    }

    package var text: String { String(decoding: utf8, as: UTF8.self) }

    package func text(_ range: Range<Int>) -> String { String(decoding: utf8[range], as: UTF8.self) }

    /// Line and column of a UTF-8 offset, both from 1, the column in characters.
    package func position(of offset: Int) -> (line: Int, column: Int) {
        let before = utf8[..<min(offset, utf8.count)]
        let start = before.lastIndex(of: newline).map { $0 + 1 } ?? 0
        return (before.count { $0 == newline } + 1, text(start..<before.endIndex).count + 1)
    }

    /// The line around an offset, without its end.
    package func line(around offset: Int) -> Range<Int> {
        let offset = min(offset, utf8.count)
        let start = utf8[..<offset].lastIndex(of: newline).map { $0 + 1 } ?? 0
        let end = utf8[offset...].firstIndex(of: newline) ?? utf8.count
        return start..<(end > start && utf8[end - 1] == carriageReturn ? end - 1 : end)
    }
}

private let newline = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")

/// A part of a source, by UTF-8 offsets.
package struct Span: Hashable, Sendable {
    package let source: Source
    package var range: Range<Int>

    package init(_ source: Source, _ range: Range<Int>) {
        self.source = source
        self.range = range
    }

    package var text: String { source.text(range) }

    /// From the beginning of this to the end of another in the same source.
    package func through(_ other: Span) -> Span {
        Span(source, range.lowerBound..<max(range.upperBound, other.range.upperBound))
    }

    package static func == (a: Span, b: Span) -> Bool { a.source === b.source && a.range == b.range }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(source))
        hasher.combine(range)
    }
}

/// A value and where it was written.
package struct Located<Value> {
    package var value: Value
    package var span: Span

    package init(_ value: Value, at span: Span) {
        self.value = value
        self.span = span
    }
}

extension Located: Sendable where Value: Sendable {}
extension Located: Equatable where Value: Equatable {}
extension Located: Hashable where Value: Hashable {}
