import Files
import Model

extension ArchiveStore: Searching {}

/// Indexes of every type are kept as they are described, so that a restored collection gets them back.
extension ArchiveStore: Indexing {
    package nonisolated var kinds: [IndexKind] {
        [
            IndexKind("flat", on: .vector, "every vector is looked at"),
            IndexKind("hnsw", on: .vector, "kept as described, not built", params: ["M", "efConstruction"]),
            IndexKind("ivf_flat", on: .vector, "kept as described, not built", params: ["nlist"]),
            IndexKind("inverted", on: .field, "kept as described, not built"),
        ]
    }

    package func create(_ index: Index, on name: String) throws(StoreError) {
        let collection = try snapshot(name).manifest.collection
        try collection.checkField(index.field)
        if let existing = collection.indexes.first(where: { $0.name == index.name }) {
            guard existing == index else { throw .indexDiffers(index.name, name) }
            return
        }
        try change(collection.name) { $0.indexes.append(index) }
    }

    package func drop(index: String, on name: String) throws(StoreError) {
        let collection = try snapshot(name).manifest.collection
        guard collection.indexes.contains(where: { $0.name == index }) else { throw .noIndex(index, collection) }
        try change(collection.name) { $0.indexes.removeAll { $0.name == index } }
    }
}

extension ArchiveStore: Aliasing {
    package func aliases() throws(StoreError) -> [String: String] { try aliasFile().targets }

    package func point(_ alias: String, to name: String) throws(StoreError) {
        guard !exists(alias) else { throw .isCollection(alias) }
        let target = try resolved(name)
        try beginChange()
        var aliases = try aliasFile()
        try aliases.point(alias, to: target)
    }

    package func remove(alias: String) throws(StoreError) {
        guard try aliasFile().targets[alias] != nil else { throw .noAlias(alias) }
        try beginChange()
        var aliases = try aliasFile()
        try aliases.remove(alias)
    }
}

extension ArchiveStore: Renaming {
    package func rename(_ name: String, to newName: String) throws(StoreError) {
        var aliases = try aliasFile()
        guard aliases.targets[name] == nil else { throw .isAlias(name) }
        guard !exists(newName) else { throw .isCollection(newName) }
        guard aliases.targets[newName] == nil else { throw .isAlias(newName) }
        _ = try snapshot(name)
        try beginChange()
        forget(name)
        try aliases.follow(from: name, to: newName) { () throws(StoreError) in
            try Disk.move(folder(name), to: folder(newName))
            try Disk.syncFolder(of: folder(newName))
        }
        // The folder says how the collection is called; what its manifest says is for people.
        try change(newName) { $0.name = newName }
    }
}

extension ArchiveStore: Residency {
    package func load(_ name: String) throws(StoreError) {
        for map in try snapshot(name).maps { try map.advise(isNeeded: true) }
    }

    package func release(_ name: String) throws(StoreError) {
        for map in try snapshot(name).maps { try map.advise(isNeeded: false) }
    }
}
