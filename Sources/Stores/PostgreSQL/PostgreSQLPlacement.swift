import JSON
import Model

/// How the records of a collection are put into a table that another program has laid out.
struct PostgreSQLPlacement: Hashable, Sendable {
    /// What each column of the table gets, in terms of the columns as they travel.
    var values: [Value]
    /// What tells rows apart, the workspace among it.
    var unique: [String]
    /// What must be true of every record as it travels, and how to say that it is not.
    var condition: String?

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
            INSERT INTO \(name.sql) (\(columns.joined(separator: ", ")))
            SELECT \(values.map(\.sql).joined(separator: ", ")) FROM pg_temp._vecsh_stage
            ORDER BY \(order.joined(separator: ", "))
            ON CONFLICT (\(keys)) DO \(changes.isEmpty ? "NOTHING" : "UPDATE SET \(changes.joined(separator: ", "))")
            """
    }
}
