import Language

/// What every command takes.
enum Universal {
    static let format = Parameter<Located<String>>.words(
        "format",
        [
            Slot.Choice("table", "columns that fit the terminal"), Slot.Choice("vertical", "one field a line"),
            Slot.Choice("json", "one document"), Slot.Choice("jsonl", "one object a line"),
            Slot.Choice("csv", "RFC 4180, with a header"),
        ], "How the result is written")
    static let output = Parameter<Located<String>>.path("output", "A file for the result; - is the standard output")
    static let pipe = Parameter<Located<String>>.text("pipe", kind: .shell, "A shell command that gets the result")
    static let timeout = Parameter<Duration>.duration("timeout", "Longest time it may take")

    static let clauses = [
        Clause("format", [format.form], format.slot.summary),
        Clause("output", [output.form], output.slot.summary),
        Clause("pipe", [pipe.form], pipe.slot.summary),
        Clause("timeout", [timeout.form], timeout.slot.summary),
        Clause("yes", [], "Do not ask for a confirmation"),
        Clause("quiet", [], "Say nothing beside the result"),
    ]
}

/// Clauses that several commands share.
enum Shared {
    static let filter = Parameter<Expression>.expression("where", kind: .filter, "Which records are meant")
    static let limit = Parameter<Int>.number("limit", "At most so many")
    static let fields = Parameter<[Located<Value>]>.list("fields", of: .field(of: "collection"), "Only these fields")
    static let ids = Parameter<[Located<Value>]>.list("id", of: .id, "The keys that are meant")
    static let policy = Parameter<Located<String>>.words(
        "if exists",
        [
            Slot.Choice("fail", "stop, the default"), Slot.Choice("skip", "leave it as it is"),
            Slot.Choice("replace", "drop it first"),
        ], "What happens if it is there")

    static let whereClause = Clause("where", [filter.form], "Only records for which this holds")
    static let limitClause = Clause("limit", [limit.form], "At most so many")
    static let fieldsClause = Clause("fields", [fields.form], "Only these fields and vectors")
    static let idClause = Clause("id", [ids.form], "The records with these keys")
    static let ifExists = Clause("if", [.word("exists"), policy.form], "What happens if it is there")
}
