import JSON
import Model

/// A batch as the body of a request that writes it.
struct ChromaRecords {
    private let batch: Batch
    private let shape: Collection
    private let engine: ChromaEngine
    /// Records that must go before they are written: no call takes away a document or a uri.
    private(set) var outdated: [Text] = []

    /// The columns are those of the shape.
    init(_ batch: Batch, _ shape: Collection, _ engine: ChromaEngine) {
        (self.batch, self.shape, self.engine) = (batch, shape, engine)
    }

    /// `old` is what stands there under the keys; those of its names that a record no longer has are taken away.
    mutating func body(replacing old: [Text: ChromaTraces] = [:]) throws(StoreError) -> [UInt8] {
        var body = JSONWriter()
        body.bytes.reserveCapacity(batch.byteCount * 2 + 1024)
        body.raw(#"{"ids":"#)
        body.list(batch.keys) { $0.string($1.chromaText) }
        writeVectors(to: &body)
        try writePayload(old, to: &body)
        body.raw("}")
        return body.bytes
    }

    private func writeVectors(to body: inout JSONWriter) {
        guard let vector = shape.vectors.first, case .dense(let bytes)? = batch.vectors.first?.values else { return }
        body.raw(#","embeddings":"#)
        bytes.withUnsafeBytes { buffer in
            body.list(0..<batch.count) { body, row in
                let one = UnsafeRawBufferPointer(rebasing: buffer[row * vector.stride..<(row + 1) * vector.stride])
                guard engine.takesBase64 else {
                    return body.floats(one)
                }
                body.raw("\"")
                Base64.append(one, to: &body.bytes)
                body.raw("\"")
            }
        }
    }

    private mutating func writePayload(
        _ old: [Text: ChromaTraces], to body: inout JSONWriter
    ) throws(StoreError) {
        let writer = RecordWriter(shape)
        var payload = ChromaPayload(shape, engine)
        var (metadata, documents, uris) = (JSONWriter(), ChromaTexts(), ChromaTexts())
        for row in 0..<batch.count {
            var object = JSONWriter()
            object.raw("{")
            writer.writeFields(batch, row: row, to: &object)
            object.raw("}")
            do { try payload.take(object.bytes) } catch { throw batch.refusal(row, "its payload is no JSON: \(error)") }
            documents.append(payload.document)
            uris.append(payload.uri)
            let gone = gone(old, payload, Text(utf8: batch.keys[row].chromaText))
            metadata.separated(row) { payload.write(removing: gone, to: &$0) }
        }
        body.raw(#","metadatas":["#)
        body.raw(metadata.bytes)
        body.raw("]")
        documents.write("documents", to: &body)
        uris.write("uris", to: &body)
    }

    /// The names of the old record that the new one does not have.
    private mutating func gone(_ old: [Text: ChromaTraces], _ new: ChromaPayload, _ id: Text) -> [Text] {
        guard let old = old[id] else { return [] }
        guard old.hasDocument && new.document.isEmpty || old.hasURI && new.uri.isEmpty else {
            return old.names.subtracting(new.names).sorted()
        }
        outdated.append(id)
        return []
    }
}

/// One text a record, or null; nothing at all where no record has one.
private struct ChromaTexts {
    private var list = JSONWriter()
    private var count = 0
    private var isAnyThere = false

    mutating func append(_ text: [UInt8]) {
        list.separated(count) { text.isEmpty ? $0.raw("null") : $0.raw(text) }
        count += 1
        isAnyThere = isAnyThere || !text.isEmpty
    }

    func write(_ name: String, to body: inout JSONWriter) {
        guard isAnyThere else { return }
        body.name(name.utf8)
        body.raw("[")
        body.raw(list.bytes)
        body.raw("]")
    }
}

/// What of a record stands in Chroma, beside its vector.
struct ChromaTraces {
    var names: Set<Text> = []
    var hasDocument = false
    var hasURI = false
}

extension JSONWriter {
    fileprivate mutating func separated(_ row: Int, _ write: (inout JSONWriter) -> Void) {
        if row > 0 { raw(",") }
        write(&self)
    }
}
