/// Values over time, drawn as SVG.
struct ReportPlot {
    private let title: String
    private let lines: [[(x: Double, y: Double)]]

    private static let (width, height) = (520.0, 220.0)
    private static let (left, right, top, bottom) = (64.0, 12.0, 28.0, 30.0)
    private static let colours = ["#1f6fb2", "#d9822b"]

    init(_ title: String, unit: String, lines: [[(Double, Double)]]) {
        (self.title, self.lines) = ("\(title) (\(unit))", lines.map { $0.map { (x: $0.0, y: $0.1) } })
    }

    var svg: String {
        var text =
            "<svg role=\"img\" width=\"\(Int(Self.width))\" height=\"\(Int(Self.height))\" "
            + "viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\">\n"
            + "<title>\(ReportPage.escaped(title))</title>\n"
            + label(title, x: Self.left, y: 16)
        guard lines.contains(where: { !$0.isEmpty }) else {
            return text + label("nothing was written", x: 64, y: 110) + "</svg>\n"
        }
        for part in [0.0, 0.5, 1.0] { text += grid(part) }
        text += label("0 s", x: Self.left, y: Self.height - 10)
        text += label("\(shown(mostX)) s", x: Self.width - Self.right, y: Self.height - 10, anchor: "end")
        for (line, colour) in zip(lines, Self.colours) { text += path(line, colour) }
        return text + "</svg>\n"
    }

    private var mostX: Double { max(0.001, lines.joined().map(\.x).max() ?? 0) }
    private var mostY: Double { max(0.001, lines.joined().map(\.y).max() ?? 0) }

    private func place(_ point: (x: Double, y: Double)) -> String {
        let x = Self.left + point.x / mostX * (Self.width - Self.left - Self.right)
        let y = Self.height - Self.bottom - point.y / mostY * (Self.height - Self.top - Self.bottom)
        return "\(x.rounded(to: 1)),\(y.rounded(to: 1))"
    }

    private func path(_ line: [(x: Double, y: Double)], _ colour: String) -> String {
        guard line.count > 1 else {
            guard let point = line.first else { return "" }
            let at = place(point).split(separator: ",")
            return "<circle cx=\"\(at[0])\" cy=\"\(at[1])\" r=\"3\" fill=\"\(colour)\"/>\n"
        }
        let points = line.map(place).joined(separator: " ")
        return "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.5\" points=\"\(points)\"/>\n"
    }

    private func grid(_ part: Double) -> String {
        let y = (Self.height - Self.bottom - part * (Self.height - Self.top - Self.bottom)).rounded(to: 1)
        let line =
            "<line x1=\"\(Self.left)\" x2=\"\(Self.width - Self.right)\" y1=\"\(y)\" y2=\"\(y)\" stroke=\"#ddd\"/>\n"
        return line + label("\(shown(part * mostY))", x: Self.left - 4, y: y + 4, anchor: "end")
    }

    private func label(_ text: String, x: Double, y: Double, anchor: String = "start") -> String {
        "<text x=\"\(x)\" y=\"\(y)\" text-anchor=\"\(anchor)\">\(ReportPage.escaped(text))</text>\n"
    }

    private func shown(_ value: Double) -> String {
        value >= 100 || value == value.rounded() ? "\(Int(value.rounded()))" : "\(value.rounded(to: 2))"
    }
}
