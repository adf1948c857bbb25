import JSON
import Model

/// Points as the server answers them, read straight into columns of the shape that is wanted.
struct QdrantAnswer {
    private(set) var batch: Batch
    /// Whether nothing stands behind.
    private(set) var isAtEnd = true

    init(_ bytes: [UInt8], _ table: QdrantTable, _ wanted: Projection) throws(JSONError) {
        var points = QdrantColumns(table, wanted, length: bytes.count)
        var isAtEnd = true
        try bytes.withScanner { scanner throws(JSONError) in
            try scanner.object { (scanner, name) throws(JSONError) in
                guard scanner.isName(name, "result") else { return _ = try scanner.skip() }
                guard try scanner.kind() == .object else { return try points.read(&scanner) }
                try scanner.object { (scanner, name) throws(JSONError) in
                    if scanner.isName(name, "points") { return try points.read(&scanner) }
                    if scanner.isName(name, "next_page_offset") { isAtEnd = try scanner.kind() == .null }
                    try scanner.skip()
                }
            }
            try scanner.finish()
        }
        batch = points.batch()
        self.isAtEnd = isAtEnd
    }
}

/// The columns of points as they grow.
private struct QdrantColumns {
    private let shape: Collection
    private let unnamed: Int?
    private var keys: [Key] = []
    private var vectors: [QdrantVectors]
    private var payload: QdrantPayload
    /// Of the whole answer.
    private let length: Int

    init(_ table: QdrantTable, _ wanted: Projection, length: Int) {
        self.length = length
        shape = wanted.shape(of: table.collection)
        unnamed = shape.vectors.firstIndex { $0.name == table.unnamed }
        vectors = shape.vectors.map { QdrantVectors($0) }
        payload = QdrantPayload(table.collection, wanted)
    }

    mutating func batch() -> Batch {
        let payload = payload.take()
        return Batch(keys: keys, vectors: vectors.map(\.column), fields: payload.fields, rest: payload.rest)
    }

    mutating func read(_ scanner: inout JSONScanner) throws(JSONError) {
        try scanner.array { scanner throws(JSONError) in
            do throws(JSONError) { try readPoint(&scanner) } catch {
                let point = keys.last.map { "point \($0): " } ?? ""
                throw JSONError(point + error.message, at: error.offset)
            }
        }
    }

    private mutating func readPoint(_ scanner: inout JSONScanner) throws(JSONError) {
        let (before, start) = (keys.count, scanner.offset)
        try scanner.object { (scanner, name) throws(JSONError) in
            if scanner.isName(name, "id") {
                keys.append(try QdrantKey.read(&scanner))
            } else if scanner.isName(name, "payload") {
                try payload.read(&scanner)
            } else if scanner.isName(name, "vector") {
                try readVectors(&scanner)
            } else {
                try scanner.skip()
            }
        }
        guard keys.count == before + 1 else { throw JSONError("a point without an id", at: scanner.offset) }
        if before == 0 { reserve(length / max(1, scanner.offset - start) + 1) }
        try payload.fill(keys.count, at: scanner.offset)
        for place in vectors.indices where vectors[place].count < keys.count { vectors[place].appendAbsent() }
        guard vectors.allSatisfy({ $0.count == keys.count }) else {
            throw JSONError("a vector stands there twice", at: scanner.offset)
        }
    }

    /// Makes room once: points of a collection are much of a size.
    private mutating func reserve(_ rows: Int) {
        for place in vectors.indices { vectors[place].reserve(rows) }
    }

    private mutating func readVectors(_ scanner: inout JSONScanner) throws(JSONError) {
        switch try scanner.kind() {
        case .null: try scanner.null()
        case .array:
            guard let unnamed else { return _ = try scanner.skip() }
            try vectors[unnamed].read(&scanner)
        default:
            try scanner.object { (scanner, name) throws(JSONError) in
                guard let place = try place(&scanner, name) else { return _ = try scanner.skip() }
                try vectors[place].read(&scanner)
            }
        }
    }

    private func place(_ scanner: inout JSONScanner, _ name: Range<Int>) throws(JSONError) -> Int? {
        let text = try scanner.decoded(name)
        return text.isEmpty ? unnamed : vectors.firstIndex { $0.name == text }
    }
}

/// What points carry beside their vectors.
private struct QdrantPayload {
    private enum Kind { case none, whole, fields }

    private let kind: Kind
    private var count = 0
    private var reader: RecordReader
    private var whole = Ragged<UInt8>()
    private var marks: [Column.Mark] = []

    init(_ collection: Collection, _ wanted: Projection) {
        var shape = collection
        shape.vectors = []
        let wished = wanted.shape(of: shape)
        // Payload of which nothing is declared is copied as it stands.
        kind =
            !shape.fields.isEmpty && (wished.isOpen || !wished.fields.isEmpty)
            ? .fields : wished.isOpen ? .whole : .none
        reader = RecordReader(shape, wanted: wanted)
    }

    mutating func take() -> (fields: [Column], rest: Column?) {
        switch kind {
        case .none: return ([], nil)
        case .whole: return ([], Column(.bytes(whole), marks: marks.contains(.absent) ? marks : []))
        case .fields:
            let batch = reader.take()
            return (batch.fields, batch.rest)
        }
    }

    mutating func read(_ scanner: inout JSONScanner) throws(JSONError) {
        guard try scanner.kind() == .object else { return _ = try scanner.skip() }
        count += 1
        switch kind {
        case .none: try scanner.skip()
        case .whole: try append(scanner.raw(scanner.skip()))
        case .fields: try append(&scanner)
        }
    }

    private mutating func append(_ text: Swift.Slice<UnsafeBufferPointer<UInt8>>) {
        let isEmpty = text.dropFirst().dropLast().allSatisfy { $0 == 0x20 }
        marks.append(isEmpty ? .absent : .value)
        if !isEmpty { whole.elements.append(contentsOf: UnsafeBufferPointer(rebasing: text)) }
        whole.ends.append(whole.elements.count)
    }

    private mutating func append(_ scanner: inout JSONScanner) throws(JSONError) {
        // The keys are kept beside.
        try reader.append(fields: &scanner, key: { () throws(JSONError) in .integer(0) }) { (_, _) throws(JSONError) in
            false
        }
    }

    /// A point without a payload has an empty one.
    mutating func fill(_ wanted: Int, at offset: Int) throws(JSONError) {
        guard count < wanted else {
            guard count == wanted else { throw JSONError("a second payload", at: offset) }
            return
        }
        try Array("{}".utf8).withScanner { scanner throws(JSONError) in try read(&scanner) }
    }
}

/// One vector of every point.
private struct QdrantVectors {
    let name: [UInt8]
    private let field: VectorField
    private(set) var count = 0
    /// The dense vectors, of all points or of each.
    private var bytes: [UInt8] = []
    private var ends: [Int] = []
    private var indices: [UInt32] = []
    private var weights: [Float] = []
    private var marks: [Column.Mark] = []
    private var scratch: [UInt8] = []

    init(_ field: VectorField) {
        self.field = field
        name = Array(field.name.utf8)
    }

    var column: Column {
        switch field.layout {
        case .dense: Column(.dense(bytes), marks: marks)
        case .multi: Column(.multi(Ragged(ends: ends, elements: bytes)), marks: marks)
        case .sparse: Column(.sparse(Ragged(ends: ends, elements: indices), weights), marks: marks)
        }
    }

    mutating func reserve(_ rows: Int) {
        if field.layout == .dense { bytes.reserveCapacity(min(rows * field.stride, 64 << 20)) }
    }

    mutating func appendAbsent() {
        marks.append(contentsOf: repeatElement(.value, count: count - marks.count))
        marks.append(.absent)
        count += 1
        switch field.layout {
        case .dense: bytes.append(contentsOf: repeatElement(0, count: field.stride))
        case .multi: ends.append(bytes.count)
        case .sparse: ends.append(indices.count)
        }
    }

    mutating func read(_ scanner: inout JSONScanner) throws(JSONError) {
        if try scanner.kind() == .null {
            try scanner.null()
            return appendAbsent()
        }
        switch field.layout {
        case .dense: try readDense(&scanner)
        case .multi:
            try scanner.array { scanner throws(JSONError) in try readDense(&scanner) }
            ends.append(bytes.count)
        case .sparse: try readSparse(&scanner)
        }
        count += 1
        if !marks.isEmpty { marks.append(.value) }
    }

    private mutating func readDense(_ scanner: inout JSONScanner) throws(JSONError) {
        let start = scanner.offset
        // Not as an argument of the check, which would hold on to the bytes and so have them copied.
        guard field.element != .float32 else {
            let length = try scanner.floats(appendingTo: &bytes)
            return try check(length, at: start)
        }
        scratch.removeAll(keepingCapacity: true)
        let length = try scanner.floats(appendingTo: &scratch)
        try check(length, at: start)
        let numbers = scratch.withUnsafeBytes { Element.float32.floats($0, dimension: field.dimension ?? 0) }
        guard field.element.append(numbers, to: &bytes) else {
            throw JSONError("vector \"\(field.name)\" holds a number that is no \(field.element.rawValue)", at: start)
        }
    }

    private func check(_ length: Int, at start: Int) throws(JSONError) {
        guard length == field.dimension else {
            throw JSONError(
                "vector \"\(field.name)\" has dimension \(field.dimension ?? 0), not \(length)", at: start)
        }
    }

    private mutating func readSparse(_ scanner: inout JSONScanner) throws(JSONError) {
        let start = scanner.offset
        var row: [UInt32] = []
        scratch.removeAll(keepingCapacity: true)
        var length = 0
        try scanner.object { (scanner, name) throws(JSONError) in
            if scanner.isName(name, "indices") {
                try scanner.array { scanner throws(JSONError) in row.append(try readIndex(&scanner)) }
            } else if scanner.isName(name, "values") {
                length += try scanner.floats(appendingTo: &scratch)
            } else {
                throw JSONError("a sparse vector has indices and values, and nothing else", at: name.lowerBound)
            }
        }
        guard row.count == length else {
            throw JSONError("a sparse vector has as many values as indices", at: start)
        }
        append(row, scratch.withUnsafeBytes { Element.float32.floats($0, dimension: length) })
    }

    /// Qdrant promises no order of indices.
    private mutating func append(_ row: [UInt32], _ values: [Float]) {
        if zip(row, row.dropFirst()).allSatisfy({ $0 < $1 }) {
            indices += row
            weights += values
        } else {
            let order = row.indices.sorted { row[$0] < row[$1] }
            indices += order.map { row[$0] }
            weights += order.map { values[$0] }
        }
        ends.append(indices.count)
    }

    private func readIndex(_ scanner: inout JSONScanner) throws(JSONError) -> UInt32 {
        guard let index = try scanner.integer().flatMap(UInt32.init(exactly:)) else {
            throw JSONError("an index is a whole number below 2^32", at: scanner.offset)
        }
        return index
    }
}
