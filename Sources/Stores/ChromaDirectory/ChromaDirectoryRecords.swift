import CSQLite
import JSON
import Model

/// Reads what records hold from Chroma's tables.
struct ChromaDirectoryRecords {
    let entry: ChromaDirectoryEntry
    let rows: ChromaDirectoryRows
    let database: ChromaDirectoryDatabase
    let connection: SQLiteConnection

    /// Neighbours in a table are read in one go, unless so much of others lies between them.
    private static let gap: Int64 = 64

    func texts(at positions: [Int], isWhole: Bool) throws(StoreError) -> [ChromaDirectoryText] {
        var texts = Array(repeating: ChromaDirectoryText(), count: positions.count)
        var start = 0
        while start < positions.count {
            var end = start + 1
            let numbers = rows.numbers
            while end < positions.count, numbers[positions[start]] > 0, numbers[positions[end]] > 0,
                numbers[positions[end]] - numbers[positions[end - 1]] <= Self.gap,
                numbers[positions[end]] > numbers[positions[end - 1]]
            {
                end += 1
            }
            try read(positions[start..<end], into: &texts, isWhole: isWhole)
            start = end
        }
        for (place, position) in positions.enumerated() {
            guard isWhole, let patches = rows.patches[position] else { continue }
            try apply(patches, to: &texts[place])
        }
        for place in texts.indices where texts[place].hasNote { try unfold(&texts[place]) }
        return texts
    }

    private func read(
        _ run: ArraySlice<Int>, into texts: inout [ChromaDirectoryText], isWhole: Bool
    ) throws(StoreError) {
        guard let first = run.first.map({ rows.numbers[$0] }), let last = run.last.map({ rows.numbers[$0] }) else {
            return
        }
        guard first > 0 else { return texts[run.startIndex].key = try queuedKey(-first) }
        let bounds: [SQLiteValue] = [.integer(first), .integer(last)]
        let keys = try connection.prepared(
            "SELECT id, embedding_id FROM embeddings WHERE id BETWEEN ? AND ? ORDER BY id")
        try each(keys, bounds, run) { place, row throws(StoreError) in
            texts[place].key = try text(row, 1, "its id")
        }
        guard isWhole else { return }
        var lists: [Int64: Set<Text>] = [:]
        if database.hasLists { lists = try readLists(bounds, run, into: &texts) }
        let values = try connection.prepared(
            """
            SELECT id, key, string_value, int_value, float_value, \(database.hasTruths ? "bool_value" : "NULL") \
            FROM embedding_metadata WHERE id BETWEEN ? AND ? ORDER BY id, key
            """)
        try each(values, bounds, run) { place, row throws(StoreError) in
            if !lists.isEmpty, lists[row.integer(0)]?.contains(Text(utf8: Array(row.bytes(1)))) == true { return }
            try take(row, into: &texts[place])
        }
    }

    /// Calls `body` for each row of the records of a run, and passes over those of other collections.
    private func each(
        _ statement: SQLiteStatement, _ bounds: [SQLiteValue], _ run: ArraySlice<Int>,
        _ body: (Int, SQLiteStatement) throws(StoreError) -> Void
    ) throws(StoreError) {
        defer { statement.reset() }
        try statement.bind(bounds)
        var place = run.startIndex
        var last = Int64.min
        while try statement.step() {
            let number = statement.integer(0)
            guard number >= last else { throw connection.isOutOfOrder("its metadata") }
            last = number
            while place < run.endIndex, rows.numbers[run[place]] < number { place += 1 }
            guard place < run.endIndex else { return }
            if rows.numbers[run[place]] == number { try body(place, statement) }
        }
    }

    // MARK: Values

    private func take(_ row: SQLiteStatement, into text: inout ChromaDirectoryText) throws(StoreError) {
        let name = row.bytes(1)
        if name.elementsEqual("chroma:document".utf8) {
            text.document = try self.text(row, 2, "its document")
        } else if name.elementsEqual("chroma:uri".utf8) {
            text.uri = try self.text(row, 2, "its uri")
        } else if let value = try value(row) {
            if name.elementsEqual(ChromaNote.others.utf8) { text.hasNote = true }
            text.rest.member(try valid(name, row, "the name of its metadata"))
            text.rest.raw(value)
        }
    }

    /// The value as JSON; nil where Chroma itself hands out nothing.
    private func value(_ row: SQLiteStatement) throws(StoreError) -> [UInt8]? {
        var json = JSONWriter()
        switch (row.type(2), row.type(3), row.type(4), row.type(5)) {
        case (SQLITE_TEXT, _, _, _): json.string(try valid(row.bytes(2), row, "its metadata"))
        case (SQLITE_NULL, _, _, SQLITE_INTEGER): json.bool(row.integer(5) != 0)
        case (SQLITE_NULL, SQLITE_INTEGER, _, SQLITE_NULL): json.integer(row.integer(3))
        case (SQLITE_NULL, SQLITE_NULL, SQLITE_FLOAT, SQLITE_NULL),
            (SQLITE_NULL, SQLITE_NULL, SQLITE_INTEGER, SQLITE_NULL):
            guard row.double(4).isFinite else { return try infinite(row) }
            json.fraction(row.double(4))
        case (SQLITE_NULL, SQLITE_NULL, SQLITE_NULL, SQLITE_NULL): return nil
        default: throw broken(row, "its metadata")
        }
        return json.bytes
    }

    private func infinite(_ row: SQLiteStatement) throws(StoreError) -> [UInt8]? {
        guard !database.files.place.dropsInfinite else { return nil }
        throw StoreError(
            .malformed,
            "record \(row.integer(0)) of \(entry.name) has metadata \"\(row.string(1))\" that is infinite, which JSON cannot say",
            help: "connect with infinite=drop to leave such values out, as Chroma does since 1.0")
    }

    private func readLists(
        _ bounds: [SQLiteValue], _ run: ArraySlice<Int>, into texts: inout [ChromaDirectoryText]
    ) throws(StoreError) -> [Int64: Set<Text>] {
        var names: [Int64: Set<Text>] = [:]
        let statement = try connection.prepared(
            """
            SELECT id, key, string_value, int_value, float_value, bool_value FROM embedding_metadata_array \
            WHERE id BETWEEN ? AND ? ORDER BY id, key, rowid
            """)
        var open: Int?
        try each(statement, bounds, run) { place, row throws(StoreError) in
            let name = Text(utf8: try text(row, 1, "the name of its metadata"))
            if names[row.integer(0), default: []].insert(name).inserted {
                if let open { texts[open].rest.raw("]") }
                name.utf8.withUnsafeBufferPointer { texts[place].rest.member($0) }
                texts[place].rest.raw("[")
            } else {
                texts[place].rest.raw(",")
            }
            open = place
            texts[place].rest.raw(try value(row) ?? Array("null".utf8))
        }
        if let open { texts[open].rest.raw("]") }
        return names
    }

    private func text(_ row: SQLiteStatement, _ column: Int32, _ what: String) throws(StoreError) -> [UInt8] {
        guard row.type(column) == SQLITE_TEXT else { throw broken(row, what) }
        return Array(try valid(row.bytes(column), row, what))
    }

    private func valid(
        _ bytes: UnsafeBufferPointer<UInt8>, _ row: SQLiteStatement, _ what: String
    ) throws(StoreError) -> UnsafeBufferPointer<UInt8> {
        guard bytes.isText else { throw broken(row, what) }
        return bytes
    }

    private func broken(_ row: SQLiteStatement, _ what: String) -> StoreError {
        .chroma(
            broken: database.files.place.path,
            "is damaged: in record \(row.integer(0)) of \(entry.name) \(what) is none",
            help: "restore it from a backup")
    }

    private func unfold(_ text: inout ChromaDirectoryText) throws(StoreError) {
        do throws(JSONError) { try text.unfold() } catch {
            throw .chroma(
                broken: database.files.place.path,
                "has a record \"\(Text(utf8: text.key))\" in \(entry.name) whose \"\(ChromaNote.others)\" is no JSON: \(error.message)",
                help: "remove that metadata from the record")
        }
    }

    // MARK: The queue

    private func queuedKey(_ sequence: Int64) throws(StoreError) -> [UInt8] {
        let found = try connection.rows(
            "SELECT seq_id, id FROM embeddings_queue WHERE seq_id = ?", [.integer(sequence)]
        ) {
            row throws(StoreError) in try text(row, 1, "its id")
        }
        guard let key = found.first else { throw database.files.place.isWritten }
        return key
    }

    /// Metadata that Chroma has noted and not yet taken up.
    private func apply(_ patches: [Int64], to text: inout ChromaDirectoryText) throws(StoreError) {
        var patched = ChromaDirectoryPatched(text)
        for sequence in patches {
            let sql = "SELECT metadata FROM embeddings_queue WHERE seq_id = ?"
            let json = try connection.rows(sql, [.integer(sequence)]) { Array($0.bytes(0)) }.first ?? []
            guard !json.isEmpty else { continue }
            do throws(JSONError) { try patched.apply(json) } catch {
                throw .chroma(
                    broken: database.files.place.path,
                    "holds metadata in row \(sequence) of its queue that is no JSON: \(error.message)")
            }
        }
        text = patched.text(key: text.key)
    }
}

/// The members of a record while others are laid over them.
private struct ChromaDirectoryPatched {
    private var members: [(name: Text, value: [UInt8])] = []

    init(_ text: ChromaDirectoryText) {
        // What was written here is JSON.
        try? apply(text.rest.bytes + [UInt8(ascii: "}")])
        for at in members.indices where ["#document", "#uri"].contains(members[at].name) {
            members[at].name.utf8.removeFirst()
        }
        if let document = text.document { set("chroma:document", JSONWriter(string: document).bytes) }
        if let uri = text.uri { set("chroma:uri", JSONWriter(string: uri).bytes) }
    }

    /// Null takes a member away.
    mutating func apply(_ json: [UInt8]) throws(JSONError) {
        var found: [(Text, [UInt8])] = []
        try json.withScanner { scanner throws(JSONError) in
            try scanner.object { (scanner, name) throws(JSONError) in
                let name = Text(utf8: try scanner.decoded(name))
                found.append((name, Array(scanner.raw(try scanner.skip()))))
            }
        }
        for (name, value) in found {
            if value.elementsEqual("null".utf8) { members.removeAll { $0.name == name } } else { set(name, value) }
        }
    }

    private mutating func set(_ name: Text, _ value: [UInt8]) {
        if let place = members.firstIndex(where: { $0.name == name }) {
            members[place].value = value
        } else {
            members.append((name, value))
        }
    }

    func text(key: [UInt8]) -> ChromaDirectoryText {
        var text = ChromaDirectoryText()
        text.key = key
        for (name, value) in members {
            switch name {
            case "chroma:document": text.document = value.string
            case "chroma:uri": text.uri = value.string
            default:
                if name == ChromaPayload.others { text.hasNote = true }
                name.utf8.withUnsafeBufferPointer { text.rest.member($0) }
                text.rest.raw(value)
            }
        }
        return text
    }
}

extension [UInt8] {
    /// The text that this JSON spells.
    fileprivate var string: [UInt8]? { try? withScanner { scanner throws(JSONError) in try scanner.string() } }
}

extension JSONWriter {
    fileprivate init(string: [UInt8]) {
        self.init()
        self.string(string)
    }

    /// The name of what users have called it; where that is the name of a field, it gets a mark before it.
    fileprivate mutating func member(_ name: UnsafeBufferPointer<UInt8>) {
        guard name.elementsEqual("document".utf8) || name.elementsEqual("uri".utf8) else { return self.name(name) }
        self.name([UInt8(ascii: "#")] + name)
    }

    /// A number that is no integer, even where it has no fraction: Chroma tells the two apart.
    fileprivate mutating func fraction(_ value: Double) {
        let start = bytes.count
        double(value)
        let isPlain = bytes[start...].allSatisfy { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "e") }
        if isPlain { raw(".0") }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether this is UTF-8; what is ASCII is found to be so eight bytes at a time.
    fileprivate var isText: Bool {
        let raw = UnsafeRawBufferPointer(self)
        var at = 0
        var high: UInt64 = 0
        while at + 8 <= raw.count {
            high |= raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            at += 8
        }
        while at < raw.count {
            high |= UInt64(raw[at])
            at += 1
        }
        return high & 0x8080_8080_8080_8080 == 0 || String(validating: self, as: UTF8.self) != nil
    }
}
