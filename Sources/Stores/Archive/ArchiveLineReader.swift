import JSON
import Model

/// Lines into columns; the dense vectors come from their files, a line says only which are missing.
struct ArchiveLineReader {
    private let shape: Collection
    private var reader: RecordReader
    private let dense: [Text: Int]
    private var marks: [[Column.Mark]]

    init(_ collection: Collection, wanted: Projection = .all) {
        shape = wanted.shape(of: collection)
        reader = RecordReader(collection.withoutDense, wanted: wanted)
        dense = Dictionary(uniqueKeysWithValues: shape.dense.enumerated().map { (Text($0.element.name), $0.offset) })
        marks = shape.dense.map { _ in [] }
    }

    var count: Int { reader.count }

    /// Throws where the line stops being a record; then the reader must not be used again.
    mutating func append(_ line: UnsafeBufferPointer<UInt8>) throws(JSONError) {
        var scanner = JSONScanner(line)
        var aside = Aside()
        try reader.append(next: &scanner) { (scanner, name) throws(JSONError) in try aside.read(name, &scanner) }
        try scanner.finish()
        for name in aside.nulls { mark(name, .null) }
        for name in aside.absents { mark(name, .absent) }
    }

    private mutating func mark(_ name: Text, _ mark: Column.Mark) {
        guard let place = dense[name] else { return }
        marks[place] += repeatElement(.value, count: reader.count - 1 - marks[place].count)
        marks[place].append(mark)
    }

    /// The records read since the last call; `vectors` are the bytes of their dense vectors.
    mutating func take(_ vectors: [[UInt8]]) -> Batch {
        let count = reader.count
        var batch = reader.take()
        var others = batch.vectors[...]
        var place = 0
        batch.vectors = shape.vectors.compactMap { vector in
            guard vector.layout == .dense else { return others.popFirst() }
            defer { place += 1 }
            return Column(.dense(vectors[place]), marks: takeMarks(place, of: count))
        }
        return batch
    }

    private mutating func takeMarks(_ place: Int, of count: Int) -> [Column.Mark] {
        guard !marks[place].isEmpty else { return [] }
        defer { marks[place] = [] }
        return marks[place] + repeatElement(.value, count: count - marks[place].count)
    }
}

/// What a line says beside the record itself.
private struct Aside {
    var nulls: [Text] = []
    var absents: [Text] = []

    /// Whether this is a member that belongs here.
    mutating func read(_ name: [UInt8], _ scanner: inout JSONScanner) throws(JSONError) -> Bool {
        switch String(decoding: name, as: UTF8.self) {
        // The page reads it, which must know before it takes the line.
        case "partition": _ = try scanner.string()
        case "null": try Self.read(&nulls, &scanner)
        case "absent": try Self.read(&absents, &scanner)
        default: return false
        }
        return true
    }

    private static func read(_ names: inout [Text], _ scanner: inout JSONScanner) throws(JSONError) {
        try scanner.array { scanner throws(JSONError) in names.append(Text(utf8: try scanner.string())) }
    }
}
