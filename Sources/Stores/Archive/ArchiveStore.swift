import Files
import Glibc
import JSON
import Model

/// Collections as folders of one folder.
package actor ArchiveStore: Store {
    let root: String
    private let mayCreate: Bool
    private let isVerifying: Bool
    private let executor = BlockingQueue("archive")
    /// Held from the first change until the store is closed.
    private var lock: DiskLock?
    /// By folder, as are the snapshots.
    private(set) var writers: [String: ArchiveWriter] = [:]
    /// Kept, so that what was verified once stays so.
    private var snapshots: [String: ArchiveSnapshot] = [:]

    /// Opens the archive in a folder, which need not exist yet if it may be created.
    package init(at root: String, mayCreate: Bool = true, isVerifying: Bool = true) throws(StoreError) {
        guard mayCreate || Disk.exists(root) else {
            throw StoreError(.notFound, "there is no folder \(root)", help: "connect with create=yes to make it")
        }
        guard Disk.isFolder(root) || !Disk.exists(root) else {
            throw StoreError(.rejected, "\(root) is a file", help: "an archive is a folder: name that")
        }
        self.root = root
        self.mayCreate = mayCreate
        self.isVerifying = isVerifying
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    package nonisolated let facts = Facts(
        version: "1", write: Budget(records: 10_000, bytes: 64 << 20), readers: 4, writers: 1, moment: .durable)

    package nonisolated var search: (any Searching)? { self }
    package nonisolated var indexing: (any Indexing)? { self }
    package nonisolated var aliasing: (any Aliasing)? { self }
    package nonisolated var renaming: (any Renaming)? { self }
    package nonisolated var generations: (any Generations)? { self }
    package nonisolated var residency: (any Residency)? { self }

    // MARK: Names

    nonisolated func folder(_ name: String) -> String { "\(root)/\(ArchiveNames.encoded(name))" }

    nonisolated func exists(_ name: String) -> Bool {
        Disk.exists("\(folder(name))/\(ArchiveManifest.file)")
    }

    func aliasFile() throws(StoreError) -> ArchiveAliases { try ArchiveAliases(root, exists: exists) }

    /// The name of the collection behind a name or an alias.
    func resolved(_ name: String) throws(StoreError) -> String {
        if exists(name) { return name }
        guard let target = try aliasFile().targets[name] else { throw .noCollection(name) }
        return target
    }

    package func collections() throws(StoreError) -> [String] {
        guard Disk.exists(root) else { return [] }
        var names: [String] = []
        for file in try Disk.names(in: root) {
            let path = "\(root)/\(file)/\(ArchiveManifest.file)"
            if let name = ArchiveNames.decoded(file) {
                if Disk.exists(path) { names.append(name) }
            } else if ArchiveNames.isCut(file) {
                names.append(try ArchiveManifest(Disk.contents(path), path: path).collection.name)
            }
        }
        return names.sorted { Text($0) < Text($1) }
    }

    // MARK: Shapes

    package func describe(_ name: String) throws(StoreError) -> Description {
        try description(of: snapshot(name))
    }

    private func description(of snapshot: ArchiveSnapshot) throws(StoreError) -> Description {
        let manifest = snapshot.manifest
        let states = manifest.collection.indexes.map { ($0.name, IndexState(.finished, indexed: manifest.records)) }
        return Description(
            collection: manifest.collection, identity: manifest.identity,
            aliases: try aliasFile().names(of: manifest.collection.name),
            states: Dictionary(states) { $1 }, bytes: manifest.bytes)
    }

    package nonisolated func fit(_ wanted: Collection, into existing: Collection?) -> Fit {
        .exact((try? wanted.asWritten) ?? wanted, into: existing)
    }

    @discardableResult
    package func create(_ wanted: Collection) throws(StoreError) -> Identity {
        let collection = try wanted.asWritten
        if exists(collection.name) {
            let existing = try snapshot(collection.name).manifest
            guard existing.collection == collection else { throw .differs(collection.name) }
            return existing.identity
        }
        let aliases = try aliasFile()
        guard aliases.targets[collection.name] == nil else { throw .isAlias(collection.name) }
        try beginChange()
        if Disk.exists("\(root)/aliases.json") { try aliases.save() }
        return try make(collection)
    }

    private func make(_ collection: Collection) throws(StoreError) -> Identity {
        let token = (0..<2).map { _ in String(UInt64.random(in: 1 << 60 ... .max), radix: 16) }.joined()
        let manifest = ArchiveManifest(collection, identity: Identity(token))
        let new = "\(root)/.new-\(token)"
        try Disk.makeFolder(new)
        var files = try ArchiveFiles(new, manifest)
        _ = try files.settle()
        try Disk.replace("\(new)/\(ArchiveManifest.file)", with: Array(manifest.text.utf8))
        try Disk.move(new, to: folder(collection.name))
        try Disk.syncFolder(of: new)
        return manifest.identity
    }

    package func drop(_ name: String, being identity: Identity?) throws(StoreError) {
        guard exists(name) else {
            guard try aliasFile().targets[name] == nil else { throw .isAlias(name) }
            return
        }
        let found = try self.identity(of: name)
        guard identity == nil || identity == found else { throw .changed(name) }
        try beginChange()
        let gone = "\(root)/.dropped-\(UInt64.random(in: .min ... .max))"
        try Disk.move(folder(name), to: gone)
        try Disk.syncFolder(of: gone)
        forget(name)
        try Disk.removeFolder(gone)
        let aliases = try aliasFile()
        if Disk.exists("\(root)/aliases.json") { try aliases.save() }
    }

    /// Nil if its manifest cannot be read: what is broken can be dropped, too, if no one insists on its identity.
    func identity(of name: String) throws(StoreError) -> Identity? {
        let path = "\(folder(name))/\(ArchiveManifest.file)"
        return try? ArchiveManifest(Disk.contents(path), path: path).identity
    }

    // MARK: Records

    package func read(_ name: String, at moment: Moment?) throws(StoreError) -> any Reading {
        let snapshot = try snapshot(name)
        guard moment == nil || moment?.token == snapshot.fingerprint else {
            throw StoreError(
                .expired, "\(name) has changed since that moment", help: "an archive keeps only its last state")
        }
        return ArchiveReading(snapshot, try description(of: snapshot))
    }

    @discardableResult
    package func write(_ batch: Batch, to name: String, _ attempt: Attempt) throws(StoreError) -> Receipt {
        let name = try resolved(name)
        let writer = try writer(name)
        try writer.manifest.collection.check(batch)
        try writer.write(batch)
        return Receipt()
    }

    @discardableResult
    package func delete(_ keys: [Key], from name: String) throws(StoreError) -> Int {
        let name = try resolved(name)
        return try writer(name).delete(keys)
    }

    package func settle(_ name: String) throws(StoreError) {
        let name = try resolved(name)
        guard let writer = writers[folder(name)] else { return }
        try writer.settle()
        if writer.isMostlyDead { try compact(name) }
    }

    private func compact(_ name: String) throws(StoreError) {
        let snapshot = try snapshot(name)
        forget(name)
        try ArchiveCompaction.run(folder(name), snapshot)
    }

    package func close() {
        for writer in writers.values {
            // Who wants to know whether it is safe has settled; here there is no one left to tell.
            try? writer.settle()
            if writer.manifest.dead.count > 0 { try? compact(writer.manifest.collection.name) }
        }
        writers = [:]
        snapshots = [:]
        lock = nil
    }
}

// MARK: Folders

extension ArchiveStore {
    /// Takes the right to change the archive, and makes its folder.
    func beginChange() throws(StoreError) {
        guard lock == nil else { return }
        guard mayCreate || Disk.exists(root) else {
            throw StoreError(.notFound, "there is no folder \(root)", help: "connect with create=yes to make it")
        }
        try Disk.makeFolder(root)
        lock = try DiskLock("\(root)/.lock", on: "the archive \(root)")
        for name in try Disk.names(in: root) where name.hasPrefix(".new-") || name.hasPrefix(".dropped-") {
            try Disk.removeFolder("\(root)/\(name)")
        }
        try ArchiveSwap.finish(in: root)
    }

    /// The last settled state, with all that this store has written.
    func snapshot(_ name: String) throws(StoreError) -> ArchiveSnapshot {
        let name = try resolved(name)
        try writers[folder(name)]?.settle()
        return try openSnapshot(name, attempts: 5)
    }

    /// Another program may commit while files are opened, and remove some of them: then it is tried again.
    private func openSnapshot(_ name: String, attempts: Int) throws(StoreError) -> ArchiveSnapshot {
        let (folder, path) = (folder(name), "\(folder(name))/\(ArchiveManifest.file)")
        let text = try Disk.contents(path)
        if let known = snapshots[folder], known.isOf(text) { return known }
        do throws(StoreError) {
            let snapshot = try ArchiveSnapshot(folder, name: name, text: text, isVerifying: isVerifying)
            // Another program may have put another collection in this place while its files were opened.
            let now = try Disk.contents(path)
            if now != text, try identity(of: name) != snapshot.manifest.identity { throw .changed(name) }
            snapshots[folder] = snapshot
            return snapshot
        } catch {
            guard attempts > 1, let now = try? Disk.contents(path), now != text else { throw error }
            return try openSnapshot(name, attempts: attempts - 1)
        }
    }

    func writer(_ name: String) throws(StoreError) -> ArchiveWriter {
        let folder = folder(name)
        if let writer = writers[folder] { return writer }
        try beginChange()
        let writer = try ArchiveWriter(folder, from: snapshot(name))
        writers[folder] = writer
        return writer
    }

    /// Lets go of what is open of a collection.
    func forget(_ name: String) {
        writers[folder(name)] = nil
        snapshots[folder(name)] = nil
    }

    func forgetAll() {
        writers = [:]
        snapshots = [:]
    }

    /// Replaces the shape that the manifest keeps.
    func change(_ name: String, _ change: (inout Collection) -> Void) throws(StoreError) {
        try beginChange()
        var manifest = try snapshot(name).manifest
        change(&manifest.collection)
        forget(name)
        try Disk.replace("\(folder(name))/\(ArchiveManifest.file)", with: Array(manifest.text.utf8))
    }
}

extension Collection {
    /// The shape as it will be read again; throws if that is no shape at all.
    fileprivate var asWritten: Collection {
        get throws(StoreError) { try throughJSON.withDistinctVectors }
    }

    private var withDistinctVectors: Collection {
        get throws(StoreError) {
            let names = vectors.map { Text($0.name) }
            guard Set(names).count == names.count else {
                throw StoreError(.rejected, "\(name) has two vectors of one name")
            }
            return self
        }
    }
}
