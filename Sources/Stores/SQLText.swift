extension String {
    /// As an identifier in SQL.
    var quoted: String { "\"" + replacing("\"", with: "\"\"") + "\"" }
}
