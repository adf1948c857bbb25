import Files
import Glibc
import JSON
import Model

/// One collection as its file was when it was opened; the file lives on while this does, also when it was replaced.
final class LightRAGSnapshot: Sendable {
    let name: LightRAGName
    let file: DiskFile
    let outline: LightRAGOutline
    let collection: Collection
    let vectors: LightRAGVectors
    let identity: Identity
    /// Differs whenever the file was written.
    let stamp: String
    let bytes: Int
    /// The dimension that LightRAG is told to have vectors of.
    let expected: Int?

    init(
        _ name: LightRAGName, in root: String, note: LightRAGNote?, expected: Int?
    ) throws(StoreError) {
        do { file = try DiskFile("\(root)/\(name.file)", O_RDONLY) } catch  where error.code == .notFound {
            throw .noCollection(name.name)
        }
        (self.name, self.expected) = (name, expected)
        stamp = try file.stamp()
        bytes = try file.size()
        outline = try LightRAGOutline(name.kind, file, keysOf: note?.collection.key.type)
        let shape = try LightRAGShape(name, outline, file, noted: note?.collection, fallback: expected)
        (collection, vectors) = (shape.collection, shape.vectors)
        identity = note?.identity ?? Self.identity(found: name)
        try checkUnchanged()
    }

    /// Of a collection that this program did not make.
    static func identity(found name: LightRAGName) -> Identity { Identity("found \(name.name)") }

    /// Throws if the file itself was written to, and not replaced: then nothing that is known of it holds.
    func checkUnchanged() throws(StoreError) {
        guard try file.stamp() != stamp else { return }
        throw StoreError(
            .expired, "\(file.path) was changed while it was being read",
            help: "wait until LightRAG has finished, or stop it, then say the same again")
    }

    var embedding: VectorField? { collection.vectors.first { $0.element == .float32 } }
    var halves: VectorField? { collection.vectors.first { $0.element == .float16 } }

    func key(spelled text: [UInt8]) throws(JSONError) -> Key {
        let type = collection.key.type
        if case .text = type, case let key = Key.text(Text(utf8: text)), type.accepts(key) { return key }
        guard let key = type.key(spelled: Text(utf8: text).description) else {
            throw JSONError("its id \"\(Text(utf8: text))\" is no \(type)", at: 0)
        }
        return key
    }
}

// MARK: Pages

extension LightRAGSnapshot {
    /// The rows from one on, as far as the budget goes; the first always comes.
    func page(_ rows: Range<Int>, _ wanted: Projection, _ budget: Budget) throws(StoreError) -> Batch? {
        guard !rows.isEmpty else { return nil }
        try checkUnchanged()
        let fixed = cost(wanted)
        var end = rows.lowerBound
        var bytes = 0
        while end < rows.upperBound, end - rows.lowerBound < max(1, budget.records) {
            bytes += fixed + outline.rows[end].count
            guard end == rows.lowerBound || bytes <= budget.bytes else { break }
            end += 1
        }
        let batch = try batch(Array(rows.lowerBound..<end), wanted)
        try checkUnchanged()
        return batch
    }

    /// What a record takes in memory beside its text, never less than it does.
    private func cost(_ wanted: Projection) -> Int {
        let shape = wanted.shape(of: collection)
        return 16 + shape.vectors.reduce(0) { $0 + $1.stride } + 8 * (shape.fields.count + 1)
    }

    /// The rows of these numbers, which ascend.
    func batch(_ rows: [Int], _ wanted: Projection) throws(StoreError) -> Batch {
        var reader = LightRAGRows(self, wanted)
        for run in rows.runs {
            let start = outline.rows[run.lowerBound].lowerBound
            let text = try text(start..<outline.rows[run.upperBound - 1].upperBound)
            try text.withUnsafeBufferPointer { text throws(StoreError) in
                for row in run {
                    let range = outline.rows[row]
                    let part = UnsafeBufferPointer(rebasing: text[range.lowerBound - start..<range.upperBound - start])
                    try reader.append(part, row: row)
                }
            }
        }
        return try reader.batch()
    }

    private func text(_ range: Range<Int>) throws(StoreError) -> [UInt8] {
        let text = try file.read(range.count, at: range.lowerBound)
        guard text.count == range.count else {
            try checkUnchanged()
            throw .lightRAG(broken: file.path, "ends before byte \(range.upperBound)")
        }
        return text
    }

    /// The rows of those keys that are there, ascending.
    func rows(of keys: [Key]) -> [Int] {
        let known = Set(keys).filter { collection.key.type.accepts($0) }
        return known.compactMap { outline.keys[KeyNumbers.Hash($0.utf8)] }.sorted()
    }
}

extension Key {
    /// How it is spelled in a file.
    var utf8: [UInt8] { if case .text(let text) = self { text.utf8 } else { Array(description.utf8) } }
}
