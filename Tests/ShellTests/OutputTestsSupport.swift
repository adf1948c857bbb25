import JSON
import Model

@testable import Shell

extension Look {
    static func terminal(_ width: Int) -> Look { Look(width: width, isTerminal: true, signs: .boxes) }
}

func document(_ value: JSONValue, _ format: Format, _ look: Look = Look()) -> String {
    String(decoding: AnswerText(format: format, look: look).document(value), as: UTF8.self)
}

func rows(_ rows: [JSONValue], _ columns: [String], _ format: Format, _ look: Look = Look()) -> String {
    String(decoding: AnswerText(format: format, look: look).rows(rows, columns: columns), as: UTF8.self)
}

func records(
    _ batches: [Batch], of shape: Collection, _ format: Format, _ look: Look = Look(), scores: [Float]? = nil
) -> String {
    var text = format.records(of: shape, hasScores: scores != nil, look: look)
    var writer = JSONWriter()
    text.begin(to: &writer)
    for batch in batches {
        for row in 0..<batch.count { text.write(batch, row: row, score: scores?[row], to: &writer) }
    }
    text.finish(to: &writer)
    return writer.text
}

extension String {
    /// With a mark for each space at the end of a line, which editors would remove from the expected text.
    var marked: String {
        split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.last == " " ? line.dropLast() + "␣" : String(line)
        }.joined(separator: "\n")
    }
}
