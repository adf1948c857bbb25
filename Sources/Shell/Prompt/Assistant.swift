import Language

/// What the prompt asks about the text that is being written.
///
/// It is asked at every key, so the answers come from what is known already; offsets count bytes of UTF-8.
package struct Assistant: Sendable {
    /// What may stand at the cursor.
    package var completions: @Sendable (_ text: String, _ cursor: Int) -> Candidates
    /// What comes next, in a few words; empty when there is nothing to say.
    package var hint: @Sendable (_ text: String, _ cursor: Int) -> String
    /// Why the text is not a whole statement yet (`{`, `(`, `'''`, `\`), or nil when it is.
    package var unfinished: @Sendable (_ text: String) -> String?

    package init(
        completions: @escaping @Sendable (_ text: String, _ cursor: Int) -> Candidates,
        hint: @escaping @Sendable (_ text: String, _ cursor: Int) -> String,
        unfinished: @escaping @Sendable (_ text: String) -> String?
    ) {
        self.completions = completions
        self.hint = hint
        self.unfinished = unfinished
    }
}
