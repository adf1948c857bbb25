import JSON
import Model

/// A table and the collection that it is to us: all that the rest of the room knows of either.
///
/// Whoever finds another way to see a collection in a table makes one of these.
struct PostgreSQLTable: Hashable, Sendable {
    var collection: Collection
    /// The table's oid, which it keeps through renames.
    var oid: UInt32
    var name: PostgreSQLName
    var key: PostgreSQLKey
    /// In the order of the collection's fields and vectors.
    var fields: [PostgreSQLColumn]
    var vectors: [PostgreSQLColumn]
    /// Where records may carry more than the declared fields: a JSON object, or NULL.
    var payload: PostgreSQLColumn?
    /// Which of the rows are records of this collection.
    var scope = "true"
    /// How records are put into a table that another program has laid out.
    var placement: PostgreSQLPlacement?
    /// The tables that hold the rows: itself, its partitions, and whatever inherits from it.
    var parts: [UInt32] = []

    var identity: Identity { Identity(String(oid)) }
}

/// A column, and how its values travel.
struct PostgreSQLColumn: Hashable, Sendable {
    var name: String
    /// As PostgreSQL spells it.
    var type: String
    var wire: PostgreSQLWire
    /// Whether values are read and written as their text, and made into the type by the server.
    var isCast = false
    /// Whether the server makes the values itself.
    var isGenerated = false
    var isNullable = true
    /// Whether texts that are equal have the same bytes.
    var isBytewiseEqual = true
    /// Whether its dimension is the one that its rows have by now, as its type says none.
    var isMeasured = false
    var note = PostgreSQLNote()
    /// What is read, where it is not the column itself.
    var reading: String?

    /// What stands for the column where it is read.
    var selection: String { reading ?? plainSelection }

    private var plainSelection: String { isCast ? "\(name.quoted)::text" : name.quoted }
}

/// By what the rows of a table are told apart.
struct PostgreSQLKey: Hashable, Sendable {
    /// One for most tables, several for a key that is made of several, none if there is none.
    var columns: [PostgreSQLColumn]

    /// What stands for the key where it is read: several values become a JSON array of texts.
    var selection: String {
        guard columns.count != 1 else { return columns[0].selection }
        return "json_build_array(\(columns.map { "\($0.name.quoted)::text" }.joined(separator: ", ")))::text"
    }

    var wire: PostgreSQLWire { columns.count == 1 && !columns[0].isCast ? columns[0].wire : .text }

    var order: String { columns.map { $0.reading ?? $0.name.quoted }.joined(separator: ", ") }
}

extension PostgreSQLTable {
    /// Throws unless the rows can be told apart.
    func checkReadable() throws(StoreError) {
        guard !key.columns.isEmpty else {
            throw StoreError(
                .unsupported, "table \(collection.name) has no primary key, so its records cannot be told apart",
                help: "add one: ALTER TABLE \(name.sql) ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
        }
    }

    /// Throws unless a record can be written by its key.
    func checkWritable() throws(StoreError) {
        try checkReadable()
        guard let generated = key.columns.first(where: \.isGenerated) else { return }
        throw StoreError(
            .unsupported, "the key of table \(collection.name) is made by the server: column \"\(generated.name)\"",
            help: "vecsh reads such a table; copy it to a new one to write to it")
    }

    /// What a COPY carries, in this order: vectors, which are long, stand behind what is short.
    var written: [PostgreSQLColumn] {
        [writtenKey] + (fields + [payload].compactMap(\.self) + vectors).filter { !$0.isGenerated }
    }

    /// The key as it travels, which is one column whatever the table has.
    var writtenKey: PostgreSQLColumn {
        guard key.columns.count != 1 else { return key.columns[0] }
        return PostgreSQLColumn(name: "_vecsh_key", type: "text", wire: .text, isNullable: false)
    }
}
