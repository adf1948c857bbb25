import JSON
import Model

/// Records as the text of rows.
struct LightRAGRowWriter {
    private let name: LightRAGName
    private let collection: Collection
    private let writer: RecordWriter
    private let bare: Collection

    init(_ name: LightRAGName, _ collection: Collection) {
        self.name = name
        self.collection = collection
        var bare = collection
        bare.vectors = []
        self.bare = bare
        writer = RecordWriter(bare)
    }

    /// Each record's key and text; throws for one that could not be read again as what it is.
    func rows(_ batch: Batch) throws(StoreError) -> [(key: [UInt8], text: [UInt8]?)] {
        try checkVectors(batch)
        var rows: [(key: [UInt8], text: [UInt8]?)] = []
        for row in 0..<batch.count {
            let (key, text) = (batch.keys[row].utf8, try text(batch, row))
            if name.isGraph { try check(element: text, batch, row) }
            rows.append((key, text))
        }
        return rows
    }

    /// The embeddings, as they are to stand in the matrix.
    func embeddings(_ batch: Batch) -> [UInt8] {
        for (vector, column) in zip(collection.vectors, batch.vectors) where vector.element == .float32 {
            if case .dense(let bytes) = column.values { return bytes }
        }
        return []
    }

    // MARK: Text

    private func text(_ batch: Batch, _ row: Int) throws(StoreError) -> [UInt8] {
        var json = JSONWriter()
        if name.kind == .values {
            json.string(batch.keys[row].utf8)
            json.raw(": ")
        }
        json.raw("{")
        if name.kind != .values {
            json.name(LightRAGOutline.key.utf8)
            json.string(batch.keys[row].utf8)
        }
        var fields = batch
        fields.vectors = []
        writer.writeFields(fields, row: row, to: &json)
        try writeHalves(batch, row, &json)
        json.raw("}")
        try check(json.bytes, batch, row)
        return json.bytes
    }

    private func writeHalves(_ batch: Batch, _ row: Int, _ json: inout JSONWriter) throws(StoreError) {
        for (vector, column) in zip(collection.vectors, batch.vectors) where vector.element == .float16 {
            guard case .dense(let bytes) = column.values, column.mark(row) != .absent else { continue }
            json.name(vector.name.utf8)
            guard column.mark(row) == .value else {
                json.raw("null")
                continue
            }
            let stride = vector.stride
            do throws(LightRAGHalves.Failure) {
                let text = try bytes.withUnsafeBufferPointer { bytes throws(LightRAGHalves.Failure) in
                    let halves = UnsafeBufferPointer(rebasing: bytes[row * stride..<(row + 1) * stride])
                    return try LightRAGHalves.packed(UnsafeRawBufferPointer(halves))
                }
                json.string(text)
            } catch { throw batch.refusal(row, "its vector \"\(vector.name)\" \(error.message)") }
        }
    }

    // MARK: Checks

    /// JSON that a record carries is copied as it is, and checked nowhere else.
    private func check(_ text: [UInt8], _ batch: Batch, _ row: Int) throws(StoreError) {
        var reader = RecordReader(bare)
        var reserved = Reserved(name.kind, collection)
        do {
            try text.withScanner { scanner throws(JSONError) in
                if name.kind == .values {
                    _ = try scanner.string()
                    scanner.offset += 1
                }
                try reader.append(fields: &scanner) { () throws(JSONError) in
                    batch.keys[row]
                } other: {
                    (scanner, member) throws(JSONError) in
                    try reserved.read(member, &scanner)
                }
                try scanner.finish()
            }
        } catch { throw batch.refusal(row, error.message) }
    }

    /// nano-vectordb divides a vector by its length, and by zero too.
    private func checkVectors(_ batch: Batch) throws(StoreError) {
        guard let vector = collection.vectors.first(where: { $0.element == .float32 }) else { return }
        let stride = max(1, vector.stride)
        let flat = embeddings(batch).withUnsafeBytes { bytes in
            (0..<batch.count).first { row in
                var square: Float = 0
                for at in Swift.stride(from: row * stride, to: (row + 1) * stride, by: 4) {
                    let number = Float(bitPattern: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
                    square += number * number
                }
                return !(square > 0 && square.isFinite)
            }
        }
        guard let flat else { return }
        throw batch.refusal(
            flat, "its vector \"\(vector.name)\" has no length that float32 holds: LightRAG would make NaN of it")
    }

    /// GraphML's whole numbers have 64 bits.
    private func checkNumbers(_ batch: Batch, _ row: Int) throws(StoreError) {
        for (field, column) in zip(collection.fields, batch.fields) where field.type == .json {
            guard case .bytes(let values) = column.values, column.mark(row) == .value else { continue }
            let text = String(decoding: values[row], as: UTF8.self)
            guard text.allSatisfy({ $0.isNumber || $0 == "-" }), Int64(text) == nil else { continue }
            throw batch.refusal(row, "its field \"\(field.name)\" is a whole number that a graph cannot hold")
        }
    }

    private func check(element text: [UInt8], _ batch: Batch, _ row: Int) throws(StoreError) {
        guard let members = (try? JSONValue(text))?.members else { return }
        for member in members {
            switch member.value {
            case .array, .object, .raw:
                throw batch.refusal(row, "its field \"\(member.name)\" is a list or an object, and a graph holds none")
            case .string(let text) where !LightRAGXML.canHold(text.utf8):
                throw batch.refusal(row, "its \"\(member.name)\" has a control character, and XML has none")
            default: continue
            }
        }
        try checkNumbers(batch, row)
        guard name.kind == .edges else { return }
        let ends = [LightRAGGraph.source, LightRAGGraph.target].compactMap { name in
            members.first { $0.name == name }?.value.string
        }
        guard ends.count == 2, LightRAGGraph.key(Array(ends[0].utf8), Array(ends[1].utf8)) == batch.keys[row].utf8
        else {
            throw batch.refusal(
                row,
                "the key of an edge is its \(LightRAGGraph.source), \(LightRAGGraph.separator) and its \(LightRAGGraph.target)"
            )
        }
    }
}

/// The members of a row that are no fields, each of which stands there as often as we have written it.
private struct Reserved {
    private var left: [Text: Int]

    init(_ kind: LightRAGName.Kind, _ collection: Collection) {
        left = kind == .values ? [:] : [Text(LightRAGOutline.key): 1]
        if kind == .vectors { left["__vector__"] = 0 }
        for vector in collection.vectors where vector.element == .float16 { left[Text(vector.name)] = 1 }
    }

    mutating func read(_ member: Text, _ scanner: inout JSONScanner) throws(JSONError) -> Bool {
        guard let count = left[member] else { return false }
        guard count > 0 else {
            throw JSONError("it has a field \"\(member)\", and LightRAG uses this name itself", at: scanner.offset)
        }
        left[member] = count - 1
        try scanner.skip()
        return true
    }
}
