/// What the place that text goes to can show.
package struct Look: Hashable, Sendable {
    /// The columns that lines have to fit; nil where they may be of any length.
    package var width: Int?
    package var isTerminal: Bool
    package var signs: Signs
    package var style: Style

    package init(
        width: Int? = nil, isTerminal: Bool = false, signs: Signs = .text, style: Style = .plain
    ) {
        self.width = width
        self.isTerminal = isTerminal
        self.signs = signs
        self.style = style
    }
}

/// The characters that tables are drawn with.
package struct Signs: Hashable, Sendable {
    var vertical: String
    var horizontal: String
    var crossing: String
    /// Stands where something is left out.
    var ellipsis: String
    /// Stands between `…` and how many elements a vector has.
    var times: String
    /// Stands for null; a value that is absent is blank, and empty text is `""`.
    var null: String

    /// For terminals that show UTF-8.
    package static let boxes = Signs(
        vertical: "│", horizontal: "─", crossing: "┼", ellipsis: "…", times: "×", null: "∅")
    /// For files and pipes: lines that other programs can split, signs that are in no number.
    package static let text = Signs(
        vertical: "|", horizontal: "-", crossing: "+", ellipsis: "…", times: "×", null: "∅")
    /// For terminals that show no UTF-8.
    package static let ascii = Signs(
        vertical: "|", horizontal: "-", crossing: "+", ellipsis: "...", times: "x", null: "NULL")
}
