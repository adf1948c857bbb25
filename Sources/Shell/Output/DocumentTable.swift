import JSON
import Language

/// One object as two columns, name and value, in which lists of objects are tables of their own.
struct DocumentTable {
    let members: [JSONValue.Member]
    let look: Look

    /// Deeper objects stay JSON, on one line.
    private static let deepest = 3
    /// An object wider than this in words gets a line for each member, where lines may be of any length.
    private static let comfortable = 60

    func lines() -> [Line] {
        lines(margin: " ", gap: " \(look.signs.vertical) ", depth: 0)
    }

    private func lines(margin: String, gap: String, depth: Int) -> [Line] {
        let names = members.map { Line(shown($0.name)) }
        let widest = names.reduce(0) { max($0, $1.width) }
        let room = look.width.map { max(1, $0 - widest - displayWidth(gap) - 2 * margin.utf8.count) }
        let values = members.map { lines($0.value, within: room, depth: depth) }
        let width = values.joined().reduce(0) { max($0, $1.width) }
        return zip(names, values).flatMap { name, lines in
            lines.enumerated().map { place, line in
                let name = place == 0 ? name.styled(look.style.dim) : Line("")
                let text = margin + name.padded(to: widest).text + gap + line.padded(to: width).text + margin
                return Line(text, width: widest + displayWidth(gap) + width + 2 * margin.utf8.count)
            }
        }
    }

    private func lines(_ value: JSONValue, within room: Int?, depth: Int) -> [Line] {
        var inner = look
        inner.width = room
        if let records = value.records { return Table(records: records).lines(inner, frame: .open) }
        let line = Line(Cell(value).shown(look.signs))
        if let members = value.members, depth < Self.deepest, line.width > room ?? Self.comfortable {
            return DocumentTable(members: members, look: inner).lines(margin: "", gap: "  ", depth: depth + 1)
        }
        let fitting = Line(shortened(line.text, to: room ?? line.width, mark: look.signs.ellipsis))
        return [value == .null ? fitting.styled(look.style.dim) : fitting]
    }
}

extension Table {
    /// Objects as rows; a column for each of these members.
    init(records: [JSONValue], columns names: [String]? = nil) {
        columns = (names ?? records.memberNames).enumerated().map { place, name in
            Column(title: name, cells: records.map { Cell($0[name]) }, isKey: place == 0)
        }
    }
}
