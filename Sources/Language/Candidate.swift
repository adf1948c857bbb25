/// Something that may be written at the cursor.
package struct Candidate: Hashable, Sendable {
    /// What stands in the line when it is chosen, quoted where that is needed.
    package var text: String
    /// What it is, in a word: `verb`, `clause`, `connection`, `collection`, `field`, `file`, …
    package var kind: String
    /// Shown beside it in a list; may be empty.
    package var note: String
    /// What is typed behind it when it is the only one: a space, `:` after a connection, `=` after an option.
    package var follow: String

    package init(_ text: String, kind: String, note: String = "", follow: String = " ") {
        self.text = text
        self.kind = kind
        self.note = note
        self.follow = follow
    }
}

/// What may be written at a place, and which text it would replace.
package struct Candidates: Hashable, Sendable {
    /// UTF-8 offsets of the word that is being written; empty where none has begun.
    package var replacing: Range<Int>
    package var items: [Candidate]

    package init(replacing: Range<Int>, items: [Candidate]) {
        self.replacing = replacing
        self.items = items
    }
}
