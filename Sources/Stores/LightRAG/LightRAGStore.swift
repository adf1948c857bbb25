import Files
import Glibc
import Model

/// Collections in the files of one working folder of LightRAG.
package actor LightRAGStore: Store {
    let root: String
    private let mayCreate: Bool
    /// The dimension that LightRAG is told to have vectors of; that of files that do not tell.
    private let dimension: Int?
    private let executor = BlockingQueue("lightrag")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    /// Held from the first change until the store is closed.
    private var lock: DiskLock?
    private var writers: [String: LightRAGWriter] = [:]
    /// The collections that are being loaded, and by which job: their files are made when that is finished.
    var loads: [String: String] = [:]
    /// The last state of each, so that a file is not looked through twice.
    private var snapshots: [String: LightRAGSnapshot] = [:]

    package init(at root: String, mayCreate: Bool = true, dimension: Int? = nil) {
        (self.root, self.mayCreate, self.dimension) = (root, mayCreate, dimension)
    }

    package nonisolated let facts = Facts(
        version: "nano-vectordb 0.0.4", write: Budget(records: 10_000, bytes: 32 << 20), readers: 4, writers: 1,
        moment: .durable)

    package nonisolated var search: (any Searching)? { self }
    package nonisolated var renaming: (any Renaming)? { self }
    package nonisolated var generations: (any Generations)? { self }
    package nonisolated var loading: (any Loading)? { self }

    // MARK: The folder

    /// Throws unless this is a folder of LightRAG's, or one that can become it.
    package func check() throws(StoreError) {
        guard Disk.exists(root) else {
            guard mayCreate else {
                throw StoreError(.notFound, "there is no folder \(root)", help: "connect with create=yes to make it")
            }
            return
        }
        guard Disk.isFolder(root) else {
            throw StoreError(.rejected, "\(root) is a file", help: "name the folder that it lies in")
        }
        let names = try Disk.names(in: root)
        guard names.contains(where: { !LightRAGName.inFile($0).isEmpty || $0 == LightRAGName.hidden }) || names.isEmpty
        else { throw noFiles(names) }
    }

    private func noFiles(_ names: [String]) -> StoreError {
        let workspaces = names.filter { name in
            let files = Disk.isFolder("\(root)/\(name)") ? try? Disk.names(in: "\(root)/\(name)") : nil
            return files?.contains { !LightRAGName.inFile($0).isEmpty } ?? false
        }
        let which = workspaces.sorted().joined(separator: ", ")
        return StoreError(
            .rejected, "\(root) holds none of LightRAG's files: vdb_*.json, kv_store_*.json, graph_*.graphml",
            help: which.isEmpty
                ? "name LightRAG's working folder; a folder that is empty or new can be written to"
                : "its workspaces are \(which): connect with workspace=\(workspaces.sorted()[0])")
    }

    package func collections() throws(StoreError) -> [String] {
        guard Disk.exists(root) else { return [] }
        var names: [String] = []
        for file in try Disk.names(in: root) {
            for name in LightRAGName.inFile(file) where try isThere(name) { names.append(name.name) }
        }
        let hidden = "\(root)/\(LightRAGName.hidden)"
        for file in Disk.exists(hidden) ? try Disk.names(in: hidden) : [] {
            guard let dot = file.lastIndex(of: "."), let name = LightRAGName(String(file[..<dot])),
                name.file == "\(LightRAGName.hidden)/\(file)"
            else { continue }
            names.append(name.name)
        }
        return names.sorted { Text($0) < Text($1) }
    }

    /// A graph's file has nodes and edges; where only one of them was made by us, the other is there once it has some.
    func isThere(_ name: LightRAGName) throws(StoreError) -> Bool {
        guard Disk.exists("\(root)/\(name.file)") else { return false }
        guard let sibling = name.sibling, try note(name) == nil, try note(sibling) != nil else { return true }
        return try !opened(name).outline.rows.isEmpty
    }

    // MARK: Shapes

    package func describe(_ name: String) throws(StoreError) -> Description { try snapshot(name).description }

    package nonisolated func fit(_ wanted: Collection, into existing: Collection?) -> Fit {
        LightRAGSchema.fit(wanted, into: existing)
    }

    @discardableResult
    package func create(_ collection: Collection) throws(StoreError) -> Identity {
        guard let name = LightRAGName(collection.name) else { throw .lightRAG(noName: collection.name) }
        let fit = fit(collection, into: nil)
        if let verdict = fit.verdicts.first(where: { $0.grade == .impossible }) {
            throw StoreError(.rejected, "\(name.name) cannot be made: \(verdict.subject): \(verdict.detail)")
        }
        if try isThere(name) {
            let existing = try snapshot(name.name)
            guard existing.collection == fit.collection else { throw .differs(name.name) }
            return existing.identity
        }
        try beginChange()
        forget(name)
        let note = LightRAGNote(fit.collection)
        try makeFile(name, note.collection)
        try note.save(name, in: root)
        return note.identity
    }

    /// An empty file, which may be there already for the other half of a graph.
    private func makeFile(_ name: LightRAGName, _ collection: Collection) throws(StoreError) {
        let text =
            switch name.kind {
            case .vectors:
                "{\"embedding_dim\": \(collection.vectors.first { $0.element == .float32 }?.dimension ?? 0), \"data\": [], \"matrix\": \"\"}"
            case .values: "{}\n"
            case .nodes, .edges: LightRAGGraphText.empty
            }
        guard !Disk.exists("\(root)/\(name.file)") else { return }
        try Disk.replace("\(root)/\(name.file)", with: Array(text.utf8))
    }

    package func drop(_ name: String, being identity: Identity?) throws(StoreError) {
        guard let name = LightRAGName(name), try isThere(name) else { return }
        if let identity, try identity != self.identity(of: name) { throw .changed(name.name) }
        try beginChange()
        forget(name)
        loads[name.name] = nil
        if let sibling = name.sibling, try isThere(sibling) {
            // A half without a note counts as there, unless the other half has one.
            if try note(sibling) == nil {
                try LightRAGNote(self.identity(of: sibling), opened(sibling).collection).save(sibling, in: root)
            }
            try LightRAGMerge.empty(try opened(name), in: root)
        } else {
            Disk.remove("\(root)/\(name.file)")
        }
        for path in try LightRAGWriter.paths(name, in: root) { Disk.remove(path) }
        Disk.remove(LightRAGNote.path(name, in: root))
        try Disk.syncFolder(of: "\(root)/\(name.file)")
        snapshots[name.name] = nil
    }

    // MARK: Records

    package func read(_ name: String, at moment: Moment?) throws(StoreError) -> any Reading {
        let snapshot = try snapshot(name)
        guard moment == nil || moment?.token == snapshot.stamp else {
            throw StoreError(
                .expired, "\(snapshot.file.path) was written since then", help: "LightRAG keeps only the last state")
        }
        return LightRAGReading(snapshot)
    }

    @discardableResult
    package func write(_ batch: Batch, to name: String, _ attempt: Attempt) throws(StoreError) -> Receipt {
        try writer(known(name)).write(batch)
        return Receipt()
    }

    @discardableResult
    package func delete(_ keys: [Key], from name: String) throws(StoreError) -> Int {
        let name = try known(name)
        return try writer(name).delete(keys, base: opened(name))
    }

    package func settle(_ name: String) throws(StoreError) {
        let name = try known(name)
        if loads[name.name] == nil { try publish(name) } else { try writers[name.name]?.sync() }
    }

    package func close() {
        for writer in writers.values where loads[writer.name.name] == nil {
            // Who wants to know whether it is safe has settled; here there is no one left to tell.
            try? publish(writer.name)
        }
        for writer in writers.values { writer.close() }
        (writers, snapshots, loads, lock) = ([:], [:], [:], nil)
    }
}

// MARK: Files

extension LightRAGStore {
    /// Takes the right to change the folder, and makes it.
    func beginChange() throws(StoreError) {
        guard lock == nil else { return }
        try check()
        try Disk.makeFolder("\(root)/\(LightRAGName.hidden)")
        lock = try DiskLock("\(root)/\(LightRAGName.hidden)/lock", on: "the folder \(root)")
        try finishSwap()
    }

    func known(_ name: String) throws(StoreError) -> LightRAGName {
        guard let known = LightRAGName(name), try isThere(known) else { throw .noCollection(name) }
        return known
    }

    func note(_ name: LightRAGName) throws(StoreError) -> LightRAGNote? { try LightRAGNote(name, in: root) }

    func identity(of name: LightRAGName) throws(StoreError) -> Identity {
        try note(name)?.identity ?? LightRAGSnapshot.identity(found: name)
    }

    /// What the collection holds now, with all that was written to it but for a load that goes on.
    func snapshot(_ name: String) throws(StoreError) -> LightRAGSnapshot {
        let name = try known(name)
        if loads[name.name] == nil { try publish(name) }
        return try opened(name)
    }

    /// What its file holds.
    func opened(_ name: LightRAGName) throws(StoreError) -> LightRAGSnapshot {
        let path = "\(root)/\(name.file)"
        if let snapshot = snapshots[name.name], Disk.exists(path),
            try DiskFile(path, O_RDONLY).stamp() == snapshot.stamp
        {
            return snapshot
        }
        let snapshot = try LightRAGSnapshot(name, in: root, note: note(name), expected: dimension)
        snapshots[name.name] = snapshot
        return snapshot
    }

    func writer(_ name: LightRAGName) throws(StoreError) -> LightRAGWriter {
        let collection = try opened(name).collection
        // Others may have written rows of another shape since nothing of ours waits.
        if let writer = writers[name.name], !writer.isEmpty || writer.collection == collection { return writer }
        try beginChange()
        let writer = try LightRAGWriter(name, in: root, collection, for: loads[name.name])
        writers[name.name] = writer
        return writer
    }

    /// Brings what was written into the file.
    func publish(_ name: LightRAGName) throws(StoreError) {
        guard let writer = writers[name.name] else { return }
        try writer.publish { () throws(StoreError) in try opened(name) }
    }

    /// Lets go of what is open for changes.
    func endWriting(_ name: LightRAGName) { writers.removeValue(forKey: name.name)?.close() }

    /// Lets go of what is open of a collection.
    func forget(_ name: LightRAGName) {
        endWriting(name)
        snapshots[name.name] = nil
    }
}
