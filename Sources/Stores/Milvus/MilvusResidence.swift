import Model
import Synchronization
import Wire

/// Sees to it that collections can be read, and leaves them as it found them.
actor MilvusResidence {
    private let server: MilvusServer
    private let mayLoad: Bool
    /// What was brought into memory only to be read.
    private var loaded: Set<String> = []
    /// Those on their way, so that two readers do not both do it.
    private var underWay: [String: Task<Void, any Error>] = [:]

    init(_ server: MilvusServer, mayLoad: Bool) { (self.server, self.mayLoad) = (server, mayLoad) }

    /// Returns when the collection can be read.
    func prepare(_ table: MilvusTable) async throws(StoreError) {
        let name = table.schema.name
        do {
            if let task = underWay[name] { return try await task.value }
            guard try await server.loadState(name) != .loaded else { return }
            guard mayLoad else {
                throw StoreError(.rejected, "\"\(name)\" is not in memory, where Milvus reads", help: "load it first")
            }
            let task = Task { try await server.load(table) }
            underWay[name] = task
            defer { underWay[name] = nil }
            try await task.value
            loaded.insert(name)
        } catch let error as StoreError { throw error } catch { throw StoreError(.unavailable, "\(error)") }
    }

    /// It stays in memory from now on.
    func keep(_ name: String) { loaded.remove(name) }

    func renamed(_ name: String, to newName: String) {
        if loaded.remove(name) != nil { loaded.insert(newName) }
    }

    /// Lets go what was loaded only to be read.
    func leave() async {
        for name in loaded {
            guard let table = try? await server.table(name) else { continue }
            try? await server.release(name)
            for index in table.indexes where index.isForReading { try? await server.drop(index, of: name) }
        }
        loaded = []
    }
}

extension MilvusServer {
    enum LoadState: Int { case missing, released, loading, loaded }

    func loadState(_ name: String) async throws(StoreError) -> LoadState {
        var state = LoadState.missing
        let request = ProtoWriter { writer in
            writer.text(2, name)
            writer.text(4, database)
        }
        try await ask("GetLoadState", request, about: name) { field in
            if field.number == 2 { state = LoadState(rawValue: Int(try field.integer())) ?? .missing }
        }
        return state
    }

    /// Brings a collection into memory; vectors without an index get one that is only for that.
    func load(_ table: MilvusTable) async throws(StoreError) {
        let name = table.schema.name
        if engine.needsIndexes {
            let indexed = Set(table.indexes.map(\.field))
            for field in table.schema.fields where field.type.vector != nil && !indexed.contains(field.name) {
                try await create(.forReading(field), of: name)
            }
        }
        var request = request(name)
        request.integer(4, 1)
        try await order("LoadCollection", request, about: name)
        var pause = Duration.milliseconds(10)
        let deadline = ContinuousClock.now + max(line.timeout, .seconds(60))
        while try await loadState(name) != .loaded {
            do { try await Task.sleep(for: pause) } catch {
                throw StoreError(.cancelled, "stopped while \(name) is loaded")
            }
            guard .now < deadline else {
                throw StoreError(
                    .unavailable, "Milvus is still bringing \(name) into memory",
                    help: "its indexes may not be built yet, or its memory is full; its log says which")
            }
            pause = min(pause * 2, .milliseconds(250))
        }
    }

    func release(_ name: String) async throws(StoreError) {
        try await order("ReleaseCollection", request(name), about: name)
    }

    func create(_ index: MilvusIndex, of name: String) async throws(StoreError) {
        var request = request(name)
        request.text(4, index.field)
        request.pairs(5, index.params)
        request.text(6, index.name)
        try await order("CreateIndex", request, about: name)
    }

    func drop(_ index: MilvusIndex, of name: String) async throws(StoreError) {
        var request = request(name)
        request.text(4, index.field)
        request.text(5, index.name)
        try await order("DropIndex", request, about: name)
    }
}

extension MilvusIndex {
    fileprivate static func forReading(_ field: MilvusField) -> MilvusIndex {
        MilvusIndex(
            name: MilvusMark.indexForReading + field.name, field: field.name,
            params: [
                "index_type": field.type.plainIndex.uppercased(),
                "metric_type": field.isOutput ? "BM25" : field.type.anyMetric.rawValue.uppercased(),
            ])
    }
}
