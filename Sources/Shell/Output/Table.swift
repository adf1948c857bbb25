import Language

/// Cells under titles, drawn with the widths that fit.
struct Table {
    struct Column {
        var title: String
        var cells: [Cell]
        /// Whether it names the row, so that it is shortened last.
        var isKey = false
    }

    /// How columns stand apart.
    struct Frame {
        var margin: String
        var isRuled: Bool

        static let full = Frame(margin: " ", isRuled: true)
        /// For a table within a table.
        static let open = Frame(margin: "", isRuled: false)
    }

    var columns: [Column]

    /// The lines of the table, all of one width, and a last one if columns had to be left out.
    func lines(_ look: Look, frame: Frame = .full) -> [Line] {
        let drawn = columns.map { DrawnColumn($0, look.signs) }
        let gap = frame.gap(look.signs)
        let available = look.width.map { $0 - 2 * frame.margin.utf8.count }
        let widths = ColumnWidths(drawn.map(\.wish), gap: displayWidth(gap), within: available).widths
        let kept = Array(zip(drawn, widths))
        var lines = [frame.line(kept.map { $0.title(width: $1, look) }, gap)]
        if frame.isRuled { lines.append(frame.rule(widths, look.signs)) }
        for row in 0..<(columns.first?.cells.count ?? 0) {
            lines.append(frame.line(kept.map { $0.cell(row, width: $1, look) }, gap))
        }
        return lines + note(columns.count - widths.count, look)
    }

    private func note(_ missing: Int, _ look: Look) -> [Line] {
        guard missing > 0 else { return [] }
        let what = missing == 1 ? "1 more column" : "\(missing) more columns"
        return [Line("\(look.signs.ellipsis) \(what) (format vertical shows all)")]
    }
}

/// Text as it stands on the screen, with its width: colours have none.
struct Line: Hashable {
    var text: String
    var width: Int

    init(_ text: String, width: Int) {
        self.text = text
        self.width = width
    }

    init(_ text: String) { self.init(text, width: displayWidth(text)) }

    /// With spaces behind it, or before it.
    func padded(to wanted: Int, isRight: Bool = false) -> Line {
        guard wanted > width else { return self }
        let spaces = String(repeating: " ", count: wanted - width)
        return Line(isRight ? spaces + text : text + spaces, width: wanted)
    }

    func styled(_ style: (String) -> String) -> Line { Line(style(text), width: width) }
}

/// A column whose cells are text already.
private struct DrawnColumn {
    let title: String
    let cells: [Line]
    let isNull: [Bool]
    let isRight: Bool
    let wish: ColumnWidths.Wish

    init(_ column: Table.Column, _ signs: Signs) {
        title = shown(column.title)
        cells = column.cells.map { Line($0.shown(signs)) }
        isNull = column.cells.map { $0 == .null }
        let values = column.cells.filter { !$0.isMissing }
        isRight = !values.isEmpty && values.allSatisfy(\.isNumber)
        let widest = cells.reduce(0) { max($0, $1.width) }
        let natural = max(widest, displayWidth(title), 1)
        let least = isRight ? max(widest, min(natural, 12)) : min(natural, column.isKey ? 36 : 12)
        wish = ColumnWidths.Wish(natural: natural, least: least)
    }

    func title(width: Int, _ look: Look) -> Line {
        Line(shortened(title, to: width, mark: look.signs.ellipsis))
            .styled(look.style.dim).padded(to: width, isRight: isRight)
    }

    func cell(_ row: Int, width: Int, _ look: Look) -> Line {
        var cell = cells[row]
        if cell.width > width { cell = Line(shortened(cell.text, to: width, mark: look.signs.ellipsis)) }
        if isNull[row] { cell = cell.styled(look.style.dim) }
        return cell.padded(to: width, isRight: isRight)
    }
}

extension Table.Frame {
    fileprivate func gap(_ signs: Signs) -> String { isRuled ? " \(signs.vertical) " : "  " }

    fileprivate func line(_ cells: [Line], _ gap: String) -> Line {
        let width = cells.reduce(displayWidth(gap) * max(0, cells.count - 1)) { $0 + $1.width }
        return Line(
            margin + cells.map(\.text).joined(separator: gap) + margin, width: width + 2 * margin.utf8.count)
    }

    fileprivate func rule(_ widths: [Int], _ signs: Signs) -> Line {
        let runs = widths.map { String(repeating: signs.horizontal, count: $0 + 2) }
        return Line(runs.joined(separator: signs.crossing))
    }
}
