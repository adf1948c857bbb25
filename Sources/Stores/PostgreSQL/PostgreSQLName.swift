import JSON
import Model

/// A table's name and its schema's.
struct PostgreSQLName: Hashable, Sendable {
    var schema: String
    var table: String

    var sql: String { "\(schema.quoted).\(table.quoted)" }

    /// How the collection is called: tables of the default schema go by their own name.
    func shown(in schema: String) -> String { self.schema == schema ? table : "\(self.schema).\(table)" }

    /// What `schema.table` names; nil for a name without a dot.
    init?(dotted name: String) {
        guard let dot = name.firstIndex(of: "."), dot != name.startIndex, name.index(after: dot) != name.endIndex
        else { return nil }
        self.init(schema: String(name[..<dot]), table: String(name[name.index(after: dot)...]))
    }

    init(schema: String, table: String) {
        self.schema = schema
        self.table = table
    }
}

extension String {
    /// As a text in SQL, given that backslashes are nothing special.
    var literal: String { "'" + replacing("'", with: "''") + "'" }

    /// PostgreSQL would cut it short without a word.
    var isTooLongForPostgreSQL: Bool { utf8.count > longestName }

    /// The texts of an array of texts in JSON.
    var jsonTexts: [String] { (try? JSONValue(self))?.array?.compactMap(\.string) ?? [] }

    /// The name, cut where a character ends so that `suffix` still fits behind it.
    func clipped(before suffix: String = "") -> String {
        var bytes = Array(utf8.prefix(longestName - suffix.utf8.count))
        if bytes.count < utf8.count {
            while let last = bytes.last, last & 0xC0 == 0x80 { bytes.removeLast() }
            if let last = bytes.last, last >= 0xC0 { bytes.removeLast() }
        }
        return String(decoding: bytes, as: UTF8.self) + suffix
    }
}

private let longestName = 63

/// Names that are told apart by their bytes, each at most as long as PostgreSQL has them.
struct PostgreSQLNames {
    private var taken: Set<Text>

    /// PostgreSQL's own columns, which every table has.
    private static let reserved = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"]

    init(taken names: [String] = reserved) { taken = Set(names.map { Text($0) }) }

    /// The name itself where it is free and legal, else one like it.
    mutating func claim(_ wanted: String) -> String {
        let plain = wanted.isEmpty ? "_" : wanted.replacing("\u{0}", with: "_")
        var name = plain.clipped()
        var number = 2
        while !taken.insert(Text(name)).inserted {
            name = plain.clipped(before: "_\(number)")
            number += 1
        }
        return name
    }
}
