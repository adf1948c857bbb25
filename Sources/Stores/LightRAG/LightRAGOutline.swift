import Files
import JSON
import Model

/// Where everything stands in a file, found in one pass over it.
struct LightRAGOutline: Sendable {
    /// The text of each row: an object, a member, or an element.
    var rows: [Range<Int>] = []
    var keys = KeyNumbers()
    var fields = LightRAGFields()
    /// Whether every key is one of the type that was asked for.
    private(set) var hasKeysOfType = true
    private var keyType: KeyType?
    /// What `embedding_dim` says.
    var dimension: Int?
    /// The characters of the matrix, and how many bytes they stand for.
    var matrix: Range<Int>?
    var matrixBytes = 0
    /// Members of the file that are none of the above, with their names.
    var others: [Range<Int>] = []
    /// What is special about a graph.
    var graph: LightRAGGraph?

    static let key = "__id__"

    init() {}

    init(_ kind: LightRAGName.Kind, _ file: DiskFile, keysOf type: KeyType?) throws(StoreError) {
        keyType = type == .text(maxLength: nil) ? nil : type
        let stream = try LightRAGStream(file)
        switch kind {
        case .vectors: try readVectors(stream)
        case .values: try readValues(stream)
        case .nodes, .edges: try readGraph(stream, kind)
        }
    }

    // MARK: Files of vectors

    private mutating func readVectors(_ stream: LightRAGStream) throws(StoreError) {
        var hasData = false
        try stream.eachMember { name throws(StoreError) in
            switch String(decoding: try stream.bytes(name), as: UTF8.self) {
            case "embedding_dim": dimension = try readDimension(stream)
            case "data":
                hasData = true
                try stream.eachElement { () throws(StoreError) in try readRow(stream) }
            case "matrix": try readMatrix(stream)
            default:
                let value = try stream.passValue()
                others.append(name.lowerBound - 1..<value.upperBound)
            }
        }
        try stream.finish()
        guard hasData else {
            throw .lightRAG(broken: stream.file.path, "has no \"data\": it is no file of nano-vectordb's")
        }
    }

    private func readDimension(_ stream: LightRAGStream) throws(StoreError) -> Int {
        let text = String(decoding: try stream.bytes(stream.passValue()), as: UTF8.self)
        guard let number = Int(text), number > 0 else {
            throw .lightRAG(broken: stream.file.path, "embedding_dim is \(text.prefix(40)), and no dimension")
        }
        return number
    }

    private mutating func readMatrix(_ stream: LightRAGStream) throws(StoreError) {
        let text = try passMatrix(stream)
        let end = try stream.bytes(max(text.lowerBound, text.upperBound - 3)..<text.upperBound)
        guard let count = Base64.byteCount(text.count, ending: end), count % 4 == 0 else {
            throw .lightRAG(
                broken: stream.file.path, "its matrix, of \(text.count) characters, is no base64 of float32")
        }
        matrix = text
        matrixBytes = count
    }

    /// Most of a file is its matrix, and how long it should be is known: whether it holds what it should is seen when it is
    /// decoded.
    private func passMatrix(_ stream: LightRAGStream) throws(StoreError) -> Range<Int> {
        if let dimension, !rows.isEmpty {
            let (bytes, overflows) = (4 * rows.count).multipliedReportingOverflow(by: dimension)
            if !overflows, let text = try stream.passString(of: (bytes + 2) / 3 * 4) { return text }
        }
        return try stream.passString()
    }

    private mutating func readRow(_ stream: LightRAGStream) throws(StoreError) {
        let range = try stream.passValue()
        var key: [UInt8]?
        try read(stream, range) { (scanner, outline) throws(JSONError) in
            try outline.fields.look(at: &scanner) { (scanner, name) throws(JSONError) in
                guard scanner.raw(name).elementsEqual(Self.key.utf8) else { return false }
                guard key == nil else { throw JSONError("a second member \"\(Self.key)\"", at: name.lowerBound) }
                key = try scanner.string()
                return true
            }
        }
        guard let key else {
            throw .lightRAG(broken: stream.file.path, "row \(rows.count + 1) has no \"\(Self.key)\"")
        }
        try add(key, range, stream)
    }

    // MARK: Files of values

    private mutating func readValues(_ stream: LightRAGStream) throws(StoreError) {
        try stream.eachMember { name throws(StoreError) in
            let value = try stream.passValue()
            var key: [UInt8] = []
            try read(stream, name.lowerBound - 1..<value.upperBound) { (scanner, outline) throws(JSONError) in
                key = try scanner.string()
                scanner.offset = value.lowerBound - name.lowerBound + 1
                guard try scanner.kind() == .object else {
                    throw JSONError("the value of \"\(Text(utf8: key))\" is no object", at: scanner.offset)
                }
                try outline.fields.look(at: &scanner) { (_, _) throws(JSONError) in false }
            }
            try add(key, name.lowerBound - 1..<value.upperBound, stream)
        }
        try stream.finish()
    }

    // MARK: Rows

    private mutating func read(
        _ stream: LightRAGStream, _ range: Range<Int>,
        _ body: (inout JSONScanner, inout LightRAGOutline) throws(JSONError) -> Void
    ) throws(StoreError) {
        var scanner = JSONScanner(try stream.bytes(range))
        do {
            try body(&scanner, &self)
            try scanner.finish()
        } catch {
            let place = "row \(rows.count + 1), at byte \(range.lowerBound + error.offset)"
            throw .lightRAG(broken: stream.file.path, "\(place): \(error.message)")
        }
    }

    mutating func add(_ key: [UInt8], _ range: Range<Int>, _ stream: LightRAGStream) throws(StoreError) {
        if let other = keys.insert(KeyNumbers.Hash(key), rows.count) {
            throw .lightRAG(
                broken: stream.file.path,
                "rows \(other + 1) and \(rows.count + 1) both have the id \"\(Text(utf8: key))\"",
                help: "remove one of them: which one is meant cannot be known")
        }
        rows.append(range)
        if let keyType, keyType.key(spelled: Text(utf8: key).description) == nil { hasKeysOfType = false }
    }
}
