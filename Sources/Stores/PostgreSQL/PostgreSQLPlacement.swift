import JSON
import Model

/// How the records of a collection are put into a table, where that is more than a column for a column.
struct PostgreSQLPlacement: Hashable, Sendable {
    /// What each column of the table gets, in terms of the columns as they travel.
    var values: [Value]
    /// What tells rows apart, the workspace among it.
    var unique: [String]
    /// What must be true of every record as it travels.
    var condition: String?
    /// What that means for a record's key.
    var rule = ""

    struct Value: Hashable, Sendable {
        var column: String
        var sql: String
    }

    /// From the table in which records arrive.
    func insertion(into name: PostgreSQLName) -> String {
        let columns = values.map(\.column.quoted)
        let keys = unique.map(\.quoted).joined(separator: ", ")
        let changes = values.filter { !unique.contains($0.column) }
            .map { "\($0.column.quoted) = excluded.\($0.column.quoted)" }
        let order = unique.compactMap { key in values.firstIndex { $0.column == key } }.map { "\($0 + 1)" }
        return """
            INSERT INTO \(name.sql) (\(columns.joined(separator: ", "))) OVERRIDING SYSTEM VALUE
            SELECT \(values.map(\.sql).joined(separator: ", ")) FROM pg_temp._vecsh_stage
            ORDER BY \(order.joined(separator: ", "))
            ON CONFLICT (\(keys)) DO \(changes.isEmpty ? "NOTHING" : "UPDATE SET \(changes.joined(separator: ", "))")
            """
    }
}

extension PostgreSQLTable {
    /// How records are put into the table; nil where each column gets what has travelled for it.
    var way: PostgreSQLPlacement? { placement ?? (key.columns.count > 1 ? bySeveralColumns : nil) }

    /// The columns of the key are fields, too, and what they say counts: the key must say the same.
    private var bySeveralColumns: PostgreSQLPlacement {
        let parts = key.columns.map { "(\($0.arriving))::text" }.joined(separator: ", ")
        let names = key.columns.map(\.name).joined(separator: ", ")
        return PostgreSQLPlacement(
            values: written.dropFirst().map { .init(column: $0.name, sql: $0.arriving) },
            unique: key.columns.map(\.name),
            condition: "\(writtenKey.name.quoted) = json_build_array(\(parts))::text",
            rule: "its key is a JSON array of the texts of \(names), which are fields, too: [\"a\", \"1\"]")
    }
}

extension PostgreSQLColumn {
    /// What has travelled for the column, as the column takes it.
    var arriving: String { isCast ? "\(name.quoted)::\(type)" : name.quoted }
}
