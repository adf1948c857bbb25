import JSON
import Model

/// What `get` answers: columns of JSON text, as far as they were asked for, in the server's own order.
struct ChromaAnswer {
    private let text: [UInt8]
    private var idRanges: [Range<Int>] = []
    /// One a record, or none at all.
    private(set) var documents: [Range<Int>] = []
    private(set) var uris: [Range<Int>] = []
    private(set) var metadata: [Range<Int>] = []
    private(set) var vectors: ChromaVectors

    var count: Int { idRanges.count }

    /// `dimension` is that of the vectors, as far as they were asked for.
    init(_ text: [UInt8], dimension: Int = 0) throws(JSONError) {
        self.text = text
        vectors = ChromaVectors(dimension: dimension)
        try text.withScanner { scanner throws(JSONError) in
            try scanner.object { (scanner, name) throws(JSONError) in
                switch String(decoding: try scanner.decoded(name), as: UTF8.self) {
                case "ids": idRanges = try scanner.places()
                case "documents": documents = try scanner.places()
                case "uris": uris = try scanner.places()
                case "metadatas": metadata = try scanner.places()
                case "embeddings": try vectors.read(&scanner)
                default: try scanner.skip()
                }
            }
            try scanner.finish()
        }
    }

    /// Runs `body` with a scanner in front of a value.
    func scan<Result>(
        _ range: Range<Int>, _ body: (inout JSONScanner) throws(JSONError) -> Result
    ) throws(JSONError) -> Result {
        try text.withUnsafeBufferPointer { buffer throws(JSONError) in
            var scanner = JSONScanner(buffer, from: range.lowerBound)
            return try body(&scanner)
        }
    }

    func raw(_ range: Range<Int>) -> ArraySlice<UInt8> { text[range] }

    /// Whether a record has a value in this column.
    func has(_ column: [Range<Int>], _ row: Int) -> Bool { row < column.count && text[column[row].lowerBound] != 0x6E }

    func ids() throws(JSONError) -> [Text] {
        try idRanges.map { range throws(JSONError) in
            Text(utf8: try scan(range) { scanner throws(JSONError) in try scanner.string() })
        }
    }

    // MARK: What stands there

    func traces() throws(JSONError) -> [(Text, ChromaTraces)] {
        let ids = try ids()
        return try ids.indices.map { row throws(JSONError) in
            var traces = ChromaTraces(hasDocument: has(documents, row), hasURI: has(uris, row))
            if has(metadata, row) {
                try scan(metadata[row]) { scanner throws(JSONError) in
                    try scanner.object { (scanner, name) throws(JSONError) in
                        traces.names.insert(Text(utf8: try scanner.decoded(name)))
                        try scanner.skip()
                    }
                }
            }
            return (ids[row], traces)
        }
    }
}

/// Vectors as they are read, end to end; a number that is null makes its vector none.
struct ChromaVectors {
    let dimension: Int
    private(set) var bytes: [UInt8] = []
    private(set) var isThere: [Bool] = []

    init(dimension: Int) { self.dimension = dimension }

    mutating func read(_ scanner: inout JSONScanner) throws(JSONError) {
        guard try scanner.kind() != .null else { return try scanner.null() }
        try scanner.array { scanner throws(JSONError) in try append(&scanner) }
    }

    private mutating func append(_ scanner: inout JSONScanner) throws(JSONError) {
        let start = scanner.offset
        guard try scanner.kind() != .null else {
            try scanner.null()
            return appendNothing()
        }
        let before = bytes.count
        let found: Int
        do { found = try scanner.floats(appendingTo: &bytes) } catch {
            guard try isWithoutNumbers(&scanner, start) else { throw error }
            bytes.removeSubrange(before...)
            return appendNothing()
        }
        guard found == dimension else {
            throw JSONError("a vector of dimension \(found), where all have \(dimension)", at: start)
        }
        isThere.append(true)
    }

    /// Passes over a vector if some of its numbers are null.
    private func isWithoutNumbers(_ scanner: inout JSONScanner, _ start: Int) throws(JSONError) -> Bool {
        scanner.offset = start
        var hasNull = false
        try scanner.array { scanner throws(JSONError) in
            hasNull = try scanner.kind() == .null || hasNull
            try scanner.skip()
        }
        return hasNull
    }

    private mutating func appendNothing() {
        bytes.append(contentsOf: repeatElement(0, count: dimension * 4))
        isThere.append(false)
    }
}

extension JSONScanner {
    /// Where the elements of the array that comes next stand; none for null.
    fileprivate mutating func places() throws(JSONError) -> [Range<Int>] {
        guard try kind() != .null else {
            try null()
            return []
        }
        var places: [Range<Int>] = []
        try array { scanner throws(JSONError) in places.append(try scanner.skip()) }
        return places
    }
}
