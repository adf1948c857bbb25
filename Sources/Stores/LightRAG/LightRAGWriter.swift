import Files
import Glibc
import Model

/// One collection, open for changes: they go to its spool, and from there into its file.
final class LightRAGWriter {
    let name: LightRAGName
    let collection: Collection
    private let root: String
    private let path: String
    private let rows: LightRAGRowWriter
    private var spool: LightRAGSpool

    /// What an earlier program left in the spool is taken up.
    init(_ name: LightRAGName, in root: String, _ collection: Collection, for job: String?) throws(StoreError) {
        (self.name, self.root, self.collection) = (name, root, collection)
        path = Self.path(name, in: root, for: job)
        rows = LightRAGRowWriter(name, collection)
        spool = try Self.open(path, collection)
    }

    /// A job's load has a spool of its own, so that one that nobody finishes is not brought into the file by another write.
    private static func path(_ name: LightRAGName, in root: String, for job: String?) -> String {
        "\(root)/\(LightRAGName.hidden)/\(name.name)" + (job.map { ".\($0).load" } ?? ".spool")
    }

    /// The spools of a collection: what waits for its file, and loads that are not finished.
    static func paths(_ name: LightRAGName, in root: String) throws(StoreError) -> [String] {
        let hidden = "\(root)/\(LightRAGName.hidden)"
        guard Disk.exists(hidden) else { return [] }
        let loads = try Disk.names(in: hidden).filter { file in
            guard file.hasPrefix(name.name + "."), file.hasSuffix(".load") else { return false }
            return file.dropFirst(name.name.count).count(where: { $0 == "." }) == 2
        }
        return [path(name, in: root, for: nil)] + loads.map { "\(hidden)/\($0)" }
    }

    private static func open(_ path: String, _ collection: Collection) throws(StoreError) -> LightRAGSpool {
        let stride = collection.vectors.first { $0.element == .float32 }?.stride ?? 0
        return try LightRAGSpool(path, stride: stride)
    }

    var isEmpty: Bool { spool.entries.isEmpty }

    func write(_ batch: Batch) throws(StoreError) {
        try collection.check(batch)
        try spool.append(rows.rows(batch), vectors: rows.embeddings(batch))
    }

    /// Answers how many of these keys were there; `base` is what the file holds.
    func delete(_ keys: [Key], base: LightRAGSnapshot) throws(StoreError) -> Int {
        let there = Set(keys).filter { key in
            guard collection.key.type.accepts(key) else { return false }
            let hash = KeyNumbers.Hash(key.utf8)
            if let number = spool.keys[hash] { return spool.entries[number].text != nil }
            return base.outline.keys[hash] != nil
        }
        if !there.isEmpty { try spool.append(there.map { ($0.utf8, nil) }, vectors: []) }
        return there.count
    }

    func sync() throws(StoreError) { try spool.sync() }

    /// Leaves nothing behind if there is nothing to keep.
    func close() {
        if isEmpty { Disk.remove(spool.path) }
    }

    /// Makes the file anew with all that was written, in one step; `base` opens what it holds now.
    func publish(_ base: () throws(StoreError) -> LightRAGSnapshot?) throws(StoreError) {
        guard !isEmpty else { return }
        for _ in 0..<3 {
            let old = try base()
            guard old == nil || old?.embedding?.dimension == embedding?.dimension else { throw otherDimension(old) }
            let output = try LightRAGOutput("\(root)/\(LightRAGName.hidden)/\(name.name).new")
            try LightRAGMerge(name, collection, old, spool, to: output).run()
            let isDone = try output.replace("\(root)/\(name.file)") { () throws(StoreError) in
                try stamp() == old?.stamp
            }
            guard isDone else { continue }
            Disk.remove(spool.path)
            try Disk.syncFolder(of: spool.path)
            spool = try Self.open(path, collection)
            return
        }
        throw StoreError(
            .unavailable, "\(root)/\(name.file) is being written by another program, probably LightRAG",
            help: "stop it, then say the same again: what was written so far is kept")
    }

    private var embedding: VectorField? { collection.vectors.first { $0.element == .float32 } }

    /// What stands at the file's place now; nil if nothing does.
    private func stamp() throws(StoreError) -> String? {
        let path = "\(root)/\(name.file)"
        return try Disk.exists(path) ? DiskFile(path, O_RDONLY).stamp() : nil
    }

    private func otherDimension(_ old: LightRAGSnapshot?) -> StoreError {
        StoreError(
            .conflict,
            "\(root)/\(name.file) has vectors of dimension \(old?.embedding?.dimension ?? 0) now, and what was written \(embedding?.dimension ?? 0)",
            help: "drop it, or copy to another name")
    }
}
