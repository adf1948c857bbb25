import JSON
import Model

extension QdrantStore {
    /// Qdrant replaces by key, so that a second attempt is like the first.
    package func write(
        _ batch: Batch, to name: String, _ attempt: Attempt
    ) async throws(StoreError) -> Receipt {
        let table = try await table(name)
        try table.collection.check(batch)
        try table.collection.checkForQdrant(batch)
        var points = QdrantPoints(batch.withoutTwins(), table)
        var hasWritten = false
        while let body = points.next() {
            do throws(StoreError) {
                let path = QdrantServer.path(table.name, "/points?wait=true")
                let answer = try await server.line.bytes("PUT", path, body, about: table.name)
                do { _ = try JSONValue(answer) } catch { throw server.line.malformed(error) }
            } catch {
                var error = error
                error.mayHaveWritten = error.mayHaveWritten || hasWritten
                throw error
            }
            hasWritten = true
        }
        return Receipt()
    }

    package func delete(_ keys: [Key], from name: String) async throws(StoreError) -> Int {
        let table = try await fresh(name)
        // The server does not say how many were there.
        let there = try await QdrantReading(server, table).fetch(keys, .keys).keys
        for start in stride(from: 0, to: there.count, by: 1_000) {
            let some = there[start..<min(start + 1_000, there.count)]
            _ = try await server.line.result(
                "POST", QdrantServer.path(table.name, "/points/delete?wait=true"),
                ["points": .array(some.map(QdrantKey.json))], about: table.name)
        }
        return there.count
    }
}

/// Records as the bodies of requests that a server takes whole.
struct QdrantPoints {
    private let batch: Batch
    private let shape: Collection
    private let unnamed: String?
    private let fields: RecordWriter
    private var row = 0
    /// The text of a record that did not fit any more.
    private var rest: [UInt8] = []

    /// Below the 32 MiB that a server takes unless it is told otherwise.
    static let longestBody = 30 << 20

    init(_ batch: Batch, _ table: QdrantTable) {
        self.batch = batch
        shape = table.collection
        unnamed = table.unnamed
        fields = RecordWriter(shape)
    }

    /// Nil when nothing is left.
    mutating func next() -> [UInt8]? {
        guard row < batch.count || !rest.isEmpty else { return nil }
        var json = JSONWriter()
        json.bytes.reserveCapacity(min(Self.longestBody, (batch.count - row + 1) * (batch.byteCount / batch.count) * 3))
        json.raw(#"{"points":["#)
        json.bytes += rest
        rest = []
        while row < batch.count {
            let end = json.bytes.count
            if json.bytes[end - 1] != UInt8(ascii: "[") { json.raw(",") }
            let start = json.bytes.count
            write(row, to: &json)
            row += 1
            guard json.bytes.count > Self.longestBody, end != start else { continue }
            rest = Array(json.bytes[start...])
            json.bytes.removeSubrange(end...)
            break
        }
        json.raw("]}")
        return json.bytes
    }

    private func write(_ row: Int, to json: inout JSONWriter) {
        json.raw(#"{"id":"#)
        fields.write(batch.keys[row], to: &json)
        json.raw(#","vector":"#)
        writeVectors(row, to: &json)
        json.raw(#","payload":{"#)
        fields.writeFields(batch, row: row, to: &json)
        json.raw("}}")
    }

    private func writeVectors(_ row: Int, to json: inout JSONWriter) {
        if shape.vectors.count == 1, shape.vectors[0].name == unnamed, batch.vectors[0].mark(row) == .value {
            return write(shape.vectors[0], batch.vectors[0], row, to: &json)
        }
        json.raw("{")
        for (place, vector) in shape.vectors.enumerated() where batch.vectors[place].mark(row) == .value {
            json.name(vector.name == unnamed ? "".utf8 : vector.name.utf8)
            write(vector, batch.vectors[place], row, to: &json)
        }
        json.raw("}")
    }

    private func write(_ vector: VectorField, _ column: Column, _ row: Int, to json: inout JSONWriter) {
        switch column.values {
        case .dense(let bytes):
            bytes.withUnsafeBytes { write(vector, $0, at: row * vector.stride, to: &json) }
        case .multi(let rows):
            let range = rows.range(of: row)
            rows.elements.withUnsafeBytes { buffer in
                json.list(stride(from: range.lowerBound, to: range.upperBound, by: max(1, vector.stride))) {
                    write(vector, buffer, at: $1, to: &$0)
                }
            }
        case .sparse(let indices, let weights):
            let range = indices.range(of: row)
            json.raw(#"{"indices":"#)
            json.list(indices[row]) { $0.integer($1) }
            json.raw(#","values":"#)
            weights.withUnsafeBytes {
                json.floats(UnsafeRawBufferPointer(rebasing: $0[range.lowerBound * 4..<range.upperBound * 4]))
            }
            json.raw("}")
        case .bools, .integers, .floats, .bytes: preconditionFailure("no vector is kept like this")
        }
    }

    private func write(_ vector: VectorField, _ bytes: UnsafeRawBufferPointer, at start: Int, to json: inout JSONWriter)
    {
        let own = UnsafeRawBufferPointer(rebasing: bytes[start..<start + vector.stride])
        if vector.element == .float32 { return json.floats(own) }
        vector.element.floats(own, dimension: vector.dimension ?? 0).withUnsafeBytes { json.floats($0) }
    }
}

extension Collection {
    /// What a shape allows and Qdrant does not.
    fileprivate func checkForQdrant(_ batch: Batch) throws(StoreError) {
        for (vector, column) in zip(vectors, batch.vectors) where vector.layout == .multi {
            guard case .multi(let rows) = column.values,
                let row = (0..<batch.count).first(where: { column.mark($0) == .value && rows[$0].isEmpty })
            else { continue }
            throw batch.refusal(row, "its list of vectors \"\(vector.name)\" is empty, and Qdrant takes none such")
        }
        for (field, column) in zip(fields, batch.fields) where field.type.isJSON {
            if let row = column.firstLongNumber(batch.count) { throw batch.longNumber(row, "field \"\(field.name)\"") }
        }
        if let row = batch.rest?.firstLongNumber(batch.count) { throw batch.longNumber(row, "payload") }
    }
}

extension Batch {
    fileprivate func longNumber(_ row: Int, _ what: String) -> StoreError {
        refusal(row, "its \(what) holds a whole number beyond 64 bits, which Qdrant would round")
    }
}

extension FieldType {
    fileprivate var isJSON: Bool {
        switch self {
        case .json, .array: true
        case .bool, .int8, .int16, .int32, .int64, .float, .double, .timestamp, .text: false
        }
    }
}

extension Column {
    /// The first row of JSON with a whole number that fits neither 64 bits with a sign nor without.
    fileprivate func firstLongNumber(_ count: Int) -> Int? {
        guard case .bytes(let rows) = values, rows.elements.hasLongRunOfDigits else { return nil }
        return (0..<count).first { row in
            mark(row) == .value && Array(rows[row]).hasLongRunOfDigits
                && (try? Array(rows[row]).withScanner { scanner throws(JSONError) in
                    try scanner.hasLongNumber()
                }) == true
        }
    }
}

extension [UInt8] {
    /// Whether as many digits stand in a row as a number beyond 64 bits has; numbers are looked at only where they do.
    fileprivate var hasLongRunOfDigits: Bool {
        withUnsafeBufferPointer { bytes in
            var length = 0
            for byte in bytes {
                length = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? length + 1 : 0
                if length == 19 { return true }
            }
            return false
        }
    }
}

extension JSONScanner {
    fileprivate mutating func hasLongNumber() throws(JSONError) -> Bool {
        var found = false
        switch try kind() {
        case .object:
            try object { (scanner, _) throws(JSONError) in found = try scanner.hasLongNumber() || found }
        case .array: try array { scanner throws(JSONError) in found = try scanner.hasLongNumber() || found }
        case .number:
            let digits = String(decoding: raw(try number()), as: UTF8.self)
            let isWhole = digits.utf8.allSatisfy { $0 != 0x2E && $0 | 0x20 != 0x65 }
            found = isWhole && Int64(digits) == nil && UInt64(digits) == nil
        case .string, .bool, .null: try skip()
        }
        return found
    }
}
