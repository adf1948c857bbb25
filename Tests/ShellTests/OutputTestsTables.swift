import JSON
import Language
import Testing

@testable import Shell

@Suite struct OutputTestsTables {
    private static let row: JSONValue = [
        "name": "colpali_kanna_128", "count": 1_203_411, "summary": "pages of a long document in 日本語, with pictures",
        "bytes": 640_000_000, "metric": "cosine", "comment": "the widest of them all, and so the first that gives way",
    ]
    private static let names = ["name", "count", "summary", "bytes", "metric", "comment"]

    private func lines(_ width: Int) -> [String] {
        rows([Self.row], Self.names, .table, .terminal(width)).split(separator: "\n").map(String.init)
    }

    @Test func theWidestTextGivesWayFirst() {
        #expect(
            lines(120)[2]
                == " colpali_kanna_128 │ 1203411 │ pages of a long document in 日…  │ 640000000 │ cosine │ "
                + "the widest of them all, and so … ")
        #expect(
            lines(80)[2]
                == " colpali_kanna_128 │ 1203411 │ pages of a … │ 640000000 │ cosine │ the widest … ")
    }

    @Test func columnsThatDoNotFitAreCountedBelow() {
        #expect(lines(50)[2] == " colpali_kanna_128 │ 1203411 │ pages of a long d… ")
        #expect(lines(50)[3] == "… 3 more columns (format vertical shows all)")
        #expect(lines(30)[2] == " colpali_kanna_128 │ 1203411 ")
        #expect(lines(10)[2] == " colpali… ")
        #expect(lines(10)[3] == "… 5 more columns (format vertical shows all)")
    }

    @Test func numbersAreNeverShortenedBesideOthers() {
        let wide: [JSONValue] = [["a": "text", "n": 9_223_372_036_854_775_807, "b": "text"]]
        for width in 29...60 {
            #expect(rows(wide, ["a", "n", "b"], .table, .terminal(width)).contains("9223372036854775807"))
        }
        #expect(!rows(wide, ["a", "n", "b"], .table, .terminal(20)).contains("92233"))
    }

    @Test func everyLineOfATableHasOneWidthThatFits() {
        var random = SystemRandomNumberGenerator()
        for round in 0..<400 {
            let count = Int.random(in: 1...8, using: &random)
            let names = (0..<count).map { "\($0)" + Self.text(&random) }
            let table = Table(
                columns: names.map { name in
                    Table.Column(title: name, cells: (0..<5).map { _ in Self.cell(&random) })
                })
            let width = round.isMultiple(of: 5) ? nil : Int.random(in: 3...100, using: &random)
            let look = Look(width: width, isTerminal: true, signs: round.isMultiple(of: 2) ? .boxes : .ascii)
            for frame in [Table.Frame.full, .open] {
                let lines = table.lines(look, frame: frame)
                let body = lines.prefix(frame.isRuled ? 7 : 6)
                #expect(Set(body.map(\.width)).count == 1)
                #expect(body.allSatisfy { $0.width <= width ?? .max && displayWidth($0.text) == $0.width })
                #expect(lines.count - body.count <= 1)
            }
        }
    }

    @Test func everyLineOfADocumentHasOneWidth() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<100 {
            let inner = (0..<3).map { JSONValue.Member("m\($0)", .string(Self.text(&random))) }
            let document: [JSONValue.Member] = [
                JSONValue.Member("a" + Self.text(&random), .string(Self.text(&random))),
                JSONValue.Member("list", .array([.object(inner), .object([])])),
                JSONValue.Member("deep", .object([JSONValue.Member("x", .object(inner + inner))])),
            ]
            for width in [nil, 60, 120] {
                let look = Look(width: width, isTerminal: true, signs: .boxes)
                let lines = DocumentTable(members: document, look: look).lines()
                #expect(Set(lines.map(\.width)).count == 1)
                #expect(lines.allSatisfy { displayWidth($0.text) == $0.width })
            }
        }
    }

    @Test(arguments: [
        ([10, 10, 10], nil, [10, 10, 10]), ([10, 10, 10], 36, [10, 10, 10]), ([10, 30, 20], 50, [10, 17, 17]),
        ([10, 30, 20], 51, [10, 18, 17]), ([30, 5, 5], 20, [4, 5, 5]), ([30, 5, 5], 12, [4, 5]), ([30, 5], 3, [3]),
        ([30], 0, [1]), ([], 10, []),
    ])
    func widthsAreShared(_ natural: [Int], _ available: Int?, _ expected: [Int]) {
        let wishes = natural.map { ColumnWidths.Wish(natural: $0, least: min($0, $0 == 5 ? 5 : 4)) }
        #expect(ColumnWidths(wishes, gap: 3, within: available).widths == expected)
    }

    private static func text(_ random: inout SystemRandomNumberGenerator) -> String {
        let pieces = ["word", "文書", "👩‍🚀", "e\u{301}", "🇩🇪", "\n", "\u{1b}[1m", "ｗ", "1️⃣", " ", "\u{301}", "…", "क्ष"]
        return (0..<Int.random(in: 0...9, using: &random)).map { _ in
            pieces.randomElement(using: &random) ?? ""
        }.joined()
    }

    private static func cell(_ random: inout SystemRandomNumberGenerator) -> Cell {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: .null
        case 1: .absent
        case 2: .number(String(Int64.random(in: .min ... .max, using: &random)))
        default: .text(text(&random))
        }
    }
}
