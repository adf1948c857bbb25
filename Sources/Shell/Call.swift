import Language

/// A command's words with their values found: what it runs on.
package struct Call: Sendable {
    let parsed: ParsedCall
    private let given: [String: Given]

    init(_ parsed: ParsedCall, given: [String: Given]) {
        self.parsed = parsed
        self.given = given
    }

    /// What stands in a place that must be filled, by the grammar.
    subscript<Content>(parameter: Parameter<Content>) -> Content {
        get throws {
            guard let content = try optional(parameter) else {
                throw Diagnostic("E0312", "\(parameter.slot.name) is missing", at: parsed.span)
            }
            return content
        }
    }

    func optional<Content>(_ parameter: Parameter<Content>) throws -> Content? {
        try given[parameter.slot.name].map { value throws(Diagnostic) in try parameter.read(value) }
    }

    /// Whether a clause, or a word that tells forms apart, was written.
    func has(_ keyword: String) -> Bool { parsed.has(keyword) }

    /// Where a parameter was written; else the verb.
    func span<Content>(of parameter: Parameter<Content>) -> Span { given[parameter.slot.name]?.span ?? parsed.verb }

    var verb: Span { parsed.verb }
}
