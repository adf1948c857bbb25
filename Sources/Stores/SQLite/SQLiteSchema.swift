import JSON
import Model

/// A collection and the table that holds it.
struct SQLiteTable: Hashable, Sendable {
    var collection: Collection
    var identity: Identity
    var name: String
    var columns: SQLiteColumns

    /// A new table whose name and indexes do not clash with those that are `taken`.
    init(_ collection: Collection, identity: Identity, taken names: inout SQLiteNames) {
        self.collection = collection
        self.identity = identity
        name = names.claim(collection.name)
        columns = SQLiteColumns(collection)
    }

    init(_ collection: Collection, identity: Identity, name: String, columns: SQLiteColumns) {
        self.collection = collection
        self.identity = identity
        self.name = name
        self.columns = columns
    }
}

/// What the parts of a collection are called in its table.
struct SQLiteColumns: Hashable, Sendable {
    /// The number of a row, which it keeps for life; the key itself where that is an `int64`.
    var row: String
    var key: String
    var fields: [String]
    var vectors: [String]
    /// Where records may carry more than the declared fields: a JSON object, or NULL.
    var rest: String?
    /// Where fields may be missing: the columns that are absent, not null, as a JSON array; NULL for none.
    var absent: String?
    /// The names in the file of the indexes that are really built, by the index's own name.
    var indexes: [String: String] = [:]

    init(_ collection: Collection) {
        var names = SQLiteNames()
        key = names.claim(collection.key.name)
        fields = collection.fields.map { names.claim($0.name) }
        vectors = collection.vectors.map { names.claim($0.name) }
        row = collection.key.type == .int64 ? key : names.claim("_row")
        rest = collection.isOpen ? names.claim("_rest") : nil
        let isAnyNullable =
            collection.fields.contains(where: \.isNullable) || collection.vectors.contains(where: \.isNullable)
        absent = isAnyNullable ? names.claim("_absent") : nil
    }

    /// In the order of the table: the vectors, which are long, stand behind what is often read without them.
    var stored: [String] { [key] + fields + [rest, absent].compactMap(\.self) + vectors }
}

/// Names that SQLite tells apart: it folds the case of ASCII letters.
struct SQLiteNames {
    private var taken: Set<Text> = []

    init(taken names: [String] = []) { taken = Set(names.map(SQLiteNames.folded)) }

    /// The name itself where it is free and legal, else one like it.
    mutating func claim(_ wanted: String) -> String {
        let plain = SQLiteNames.legal(wanted)
        var name = plain
        var number = 2
        while !taken.insert(SQLiteNames.folded(name)).inserted {
            name = "\(plain)_\(number)"
            number += 1
        }
        return name
    }

    private static func folded(_ name: String) -> Text {
        Text(utf8: name.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 })
    }

    private static func legal(_ name: String) -> String {
        let plain =
            name.isEmpty ? "_" : String(decoding: name.utf8.map { $0 == 0 ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
        let start = folded(plain).description
        return start.hasPrefix("sqlite_") || start.hasPrefix("_vecsh_") ? "_" + plain : plain
    }
}

// MARK: Statements

extension SQLiteTable {
    var creation: String {
        let parts = [keyDeclaration] + fieldDeclarations + ownDeclarations + vectorDeclarations
        return "CREATE TABLE \(name.quoted) (\n    \(parts.joined(separator: ",\n    "))\n)"
    }

    /// A small index over the rows' numbers, so that counting and cutting need not pass over the vectors.
    func rowsIndex(_ index: String) -> String {
        "CREATE INDEX \(index.quoted) ON \(name.quoted) (\(columns.row.quoted))"
    }

    private var keyDeclaration: String {
        let key = columns.key.quoted
        let row = columns.row.quoted
        return switch collection.key.type {
        case .int64: "\(key) INTEGER PRIMARY KEY"
        case .text, .uuid: "\(row) INTEGER PRIMARY KEY,\n    \(key) TEXT NOT NULL UNIQUE"
        // Without a type, so that integers and the text of larger ones stay what they are.
        case .uint64, .id: "\(row) INTEGER PRIMARY KEY,\n    \(key) NOT NULL UNIQUE"
        }
    }

    private var fieldDeclarations: [String] {
        zip(collection.fields, columns.fields).map { field, column in
            column.quoted + field.type.declaration + (field.isNullable ? "" : " NOT NULL")
        }
    }

    private var ownDeclarations: [String] {
        [columns.rest, columns.absent].compactMap { $0.map { $0.quoted + " TEXT" } }
    }

    private var vectorDeclarations: [String] {
        zip(collection.vectors, columns.vectors).map { vector, column in
            column.quoted + " BLOB" + (vector.isNullable ? "" : " NOT NULL")
        }
    }

    /// Inserts or replaces by key; the number of a row that is replaced stays.
    var upsert: String {
        let names = columns.stored.map(\.quoted)
        let marks = names.map { _ in "?" }.joined(separator: ", ")
        let changes = names.dropFirst().map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        let action = changes.isEmpty ? "NOTHING" : "UPDATE SET \(changes)"
        return """
            INSERT INTO \(name.quoted) (\(names.joined(separator: ", "))) VALUES (\(marks)) \
            ON CONFLICT (\(columns.key.quoted)) DO \(action)
            """
    }

    var deletion: String { "DELETE FROM \(name.quoted) WHERE \(columns.key.quoted) = ?" }
}

extension FieldType {
    /// Numbers with a fraction have no type in SQLite's sense: REAL would turn -0.0 into 0.
    fileprivate var declaration: String {
        switch self {
        case .bool: " BOOLEAN"
        case .int8, .int16, .int32, .int64, .timestamp: " INTEGER"
        case .float, .double: ""
        case .text, .json, .array: " TEXT"
        }
    }
}

// MARK: As JSON, in the catalog

extension SQLiteColumns {
    var json: JSONValue {
        [
            "row": .string(row), "key": .string(key), "fields": .array(fields.map(JSONValue.string)),
            "vectors": .array(vectors.map(JSONValue.string)), "rest": .optional(rest), "absent": .optional(absent),
            "indexes": .object(indexes.mapValues(JSONValue.string)),
        ]
    }

    init?(json: JSONValue) {
        guard let row = json["row"]?.string, let key = json["key"]?.string,
            let fields = json["fields"]?.array?.map(\.string), let vectors = json["vectors"]?.array?.map(\.string),
            let indexes = json["indexes"]?.dictionary
        else { return nil }
        self.row = row
        self.key = key
        self.fields = fields.compactMap(\.self)
        self.vectors = vectors.compactMap(\.self)
        rest = json["rest"]?.string
        absent = json["absent"]?.string
        self.indexes = indexes.compactMapValues(\.string)
    }
}
