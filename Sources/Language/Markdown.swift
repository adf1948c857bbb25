/// A runbook: the fenced `vecsh` blocks of a Markdown text are its script, and headings are its steps.
package enum Markdown {
    /// Reads a whole runbook; a step is a heading with the blocks up to the next heading of any level.
    package static func parse(_ source: Source, _ grammar: Grammar) -> Script {
        var script = Script()
        for section in sections(of: source) {
            var body = Script()
            for block in section.blocks {
                let part = Parser.parse(source, block, grammar)
                body.statements += part.statements
                body.problems += part.problems
            }
            script.problems += body.problems
            script.statements += step(section.heading, body.statements)
        }
        return script
    }

    private static func step(_ heading: Located<String>?, _ body: [Statement]) -> [Statement] {
        guard let heading, !body.isEmpty else { return body }
        let title = Expression(.literal(.text(heading.value)), heading.span)
        return [Statement(.step(title: title, body: body, isHeading: true), heading.span)]
    }

    private struct Section {
        var heading: Located<String>?
        var blocks: [Range<Int>] = []
    }

    private static func sections(of source: Source) -> [Section] {
        var sections = [Section()]
        var fence: (mark: String, isOurs: Bool, start: Int)?
        var offset = 0
        while offset < source.utf8.count {
            let range = source.line(around: offset)
            let line = source.text(range)
            let next = range.upperBound + lineEnd(source, range.upperBound)
            if let open = fence {
                if isClosing(line, open.mark) {
                    if open.isOurs { sections[sections.count - 1].blocks.append(open.start..<range.lowerBound) }
                    fence = nil
                }
            } else if let mark = fenceMark(line) {
                fence = (mark, info(line, mark) == "vecsh", next)
            } else if let title = heading(line) {
                sections.append(Section(heading: Located(title, at: Span(source, range))))
            }
            offset = max(next, offset + 1)
        }
        if let fence, fence.isOurs { sections[sections.count - 1].blocks.append(fence.start..<source.utf8.count) }
        return sections
    }

    private static func lineEnd(_ source: Source, _ offset: Int) -> Int {
        guard offset < source.utf8.count else { return 0 }
        return source.utf8[offset] == UInt8(ascii: "\r") ? 2 : 1
    }

    /// The backticks or tildes that open a block, at most three spaces in.
    private static func fenceMark(_ line: String) -> String? {
        let trimmed = line.drop { $0 == " " }
        guard line.count - trimmed.count <= 3, let first = trimmed.first, first == "`" || first == "~" else {
            return nil
        }
        let mark = trimmed.prefix { $0 == first }
        return mark.count >= 3 ? String(mark) : nil
    }

    private static func isClosing(_ line: String, _ mark: String) -> Bool {
        guard let found = fenceMark(line), found.first == mark.first, found.count >= mark.count else { return false }
        return line.trimmed == found
    }

    /// The first word behind the mark.
    private static func info(_ line: String, _ mark: String) -> String {
        let rest = line.trimmed.dropFirst(mark.count)
        return rest.split(whereSeparator: { $0 == " " || $0 == "{" || $0 == "," }).first.map(String.init) ?? ""
    }

    private static func heading(_ line: String) -> String? {
        let marks = line.prefix { $0 == "#" }
        guard (1...6).contains(marks.count), line.dropFirst(marks.count).first == " " else { return nil }
        var title = String(line.dropFirst(marks.count)).trimmed
        while title.last == "#" { title.removeLast() }
        return title.trimmed
    }
}

extension String {
    package var trimmed: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
