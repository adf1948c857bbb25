import JSON
import Model

/// An answer of the server as a batch, in the order of the ids.
struct ChromaPage {
    var batch: Batch
    /// Records without the vector that they should have.
    private(set) var unread: [Text] = []

    /// The columns beside the vectors that a shape needs.
    static func columns(_ shape: Collection) -> [String] {
        guard !shape.fields.isEmpty || shape.isOpen else { return [] }
        let names = Set(shape.fields.map(\.name))
        return ["metadatas"] + (shape.isOpen || names.contains(ChromaTable.document) ? ["documents"] : [])
            + (shape.isOpen || names.contains(ChromaTable.uri) ? ["uris"] : [])
    }

    /// `shape` is that of the batch; `wanted` are the ids in order.
    init(_ answer: ChromaAnswer, _ shape: Collection, _ wanted: [Text]) throws {
        let ids = try answer.ids()
        let rows = Self.order(ids, wanted)
        let bare = Self.withoutVectors(shape)
        var reader = RecordReader(bare)
        var keys: [Key] = []
        for row in rows { keys.append(try shape.key(spelled: ids[row])) }
        for (row, key) in zip(rows, keys) { try Self.read(answer, row, key, into: &reader, bare) }
        batch = reader.take()
        guard let vector = shape.vectors.first else { return }
        try takeVectors(answer.vectors, rows, vector, ids)
    }

    private static func withoutVectors(_ shape: Collection) -> Collection {
        var bare = shape
        bare.vectors = []
        // What others wrote may lack what this program would have asked for.
        for place in bare.fields.indices { bare.fields[place].isNullable = true }
        return bare
    }

    /// The rows of the answer, in the order that is wanted.
    private static func order(_ ids: [Text], _ wanted: [Text]) -> [Int] {
        guard ids != wanted else { return Array(ids.indices) }
        let places = Dictionary(ids.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
        return wanted.compactMap { places[$0] }
    }

    // MARK: Payload

    private static func read(
        _ answer: ChromaAnswer, _ row: Int, _ key: Key, into reader: inout RecordReader, _ shape: Collection
    ) throws {
        guard !shape.fields.isEmpty || shape.isOpen else {
            return try Array("{}".utf8).withScanner { scanner throws(JSONError) in
                try append(&scanner, key, to: &reader)
            }
        }
        let object = try members(answer, row)
        do {
            try object.withScanner { scanner throws(JSONError) in try append(&scanner, key, to: &reader) }
        } catch {
            throw StoreError(
                .malformed,
                "record \"\(key)\" of \(shape.name) is not what the collection was made for: \(error.message)",
                help: "change the record, or remove \"\(ChromaNote.shape)\" from the collection's metadata")
        }
    }

    private static func append(
        _ scanner: inout JSONScanner, _ key: Key, to reader: inout RecordReader
    ) throws(JSONError) {
        try reader.append(fields: &scanner, key: { () throws(JSONError) in key }) { (_, _) throws(JSONError) in false }
    }

    /// All that a record has, as the members of one object.
    private static func members(_ answer: ChromaAnswer, _ row: Int) throws(JSONError) -> [UInt8] {
        var object = JSONWriter()
        object.raw("{")
        for (name, column) in [(ChromaTable.document, answer.documents), (ChromaTable.uri, answer.uris)]
        where answer.has(column, row) {
            object.name(name.utf8)
            object.raw(answer.raw(column[row]))
        }
        if answer.has(answer.metadata, row) {
            try answer.scan(answer.metadata[row]) { scanner throws(JSONError) in
                try appendMembers(&scanner, to: &object, isOuter: true)
            }
        }
        object.raw("}")
        return object.bytes
    }

    private static func appendMembers(
        _ scanner: inout JSONScanner, to object: inout JSONWriter, isOuter: Bool
    ) throws(JSONError) {
        try scanner.object { (scanner, name) throws(JSONError) in
            let name = Text(utf8: try scanner.decoded(name))
            if isOuter, name == ChromaPayload.others, try scanner.kind() == .string {
                let text = try scanner.string()
                return try text.withScanner { inner throws(JSONError) in
                    try appendMembers(&inner, to: &object, isOuter: false)
                }
            }
            object.name((isOuter ? ChromaPayload.outer(name) : name).utf8)
            object.raw(scanner.raw(try scanner.skip()))
        }
    }

    // MARK: Vectors

    private mutating func takeVectors(
        _ vectors: ChromaVectors, _ rows: [Int], _ field: VectorField, _ ids: [Text]
    ) throws(StoreError) {
        guard vectors.isThere.count == ids.count else {
            throw StoreError(
                .malformed, "\(vectors.isThere.count) vectors came for \(ids.count) records",
                help: "records without a vector cannot be told apart; delete them, or give them one")
        }
        let isInOrder = rows == Array(ids.indices)
        let column = Column(.dense(vectors.bytes), marks: vectors.isThere.allSatisfy(\.self) ? [] : vectors.marks)
        batch.vectors = [isInOrder ? column : column.rows(rows, of: ids.count)]
        guard !field.isNullable, !batch.vectors[0].marks.isEmpty else { return }
        let there = rows.indices.filter { batch.vectors[0].marks[$0] == .value }
        unread = rows.indices.filter { batch.vectors[0].marks[$0] != .value }.map { ids[rows[$0]] }
        batch = batch.rows(there)
        batch.vectors[0].marks = []
    }
}

extension ChromaVectors {
    fileprivate var marks: [Column.Mark] { isThere.map { $0 ? .value : .absent } }
}
