import JSON
import Model
import Wire

/// All that a server says of one collection.
struct MilvusTable: Sendable {
    var schema: MilvusSchema
    /// The server's number for it; Milvus Lite has none.
    var number: Int64 = 0
    var aliases: [String] = []
    var properties: [String: String] = [:]
    var consistency = 0
    var shards = 0
    /// How many partitions its partition key makes.
    var keyPartitions = 0
    var partitions: [String] = []
    var indexes: [MilvusIndex] = []

    static let ownPartition = "_default"
}

struct MilvusIndex: Hashable, Sendable {
    var name = ""
    var field = ""
    /// `index_type`, `metric_type`, and what else the server says.
    var params: [String: String] = [:]
    var indexed = 0
    var total = 0
    var pending = 0
    var state = 0
    var failure = ""
}

extension MilvusServer {
    func collectionNames() async throws(StoreError) -> [String] {
        var names: [String] = []
        try await ask("ShowCollections", request()) { field in
            if field.number == 2 { names.append(try field.text()) }
        }
        return names.sorted { Text($0) < Text($1) }
    }

    /// The collection behind a name or an alias.
    func table(_ name: String) async throws(StoreError) -> MilvusTable {
        var table = try await described(name)
        let real = table.schema.name
        if engine.hasAliases, table.aliases.isEmpty { table.aliases = try await aliases(of: real) }
        if engine.hasPartitions, !table.schema.hasPartitionKey { table.partitions = try await partitions(of: real) }
        table.indexes = try await indexes(of: real)
        return table
    }

    /// Nil if there is none.
    func existing(_ name: String) async throws(StoreError) -> MilvusTable? {
        do throws(StoreError) { return try await table(name) } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    func described(_ name: String) async throws(StoreError) -> MilvusTable {
        var table = MilvusTable(schema: MilvusSchema(name: ""))
        try await ask("DescribeCollection", request(name), about: name) { field in
            switch field.number {
            case 2: table.schema = try MilvusSchema(field.bytes())
            case 3: table.number = try field.integer()
            case 8: table.shards = Int(try field.integer())
            case 9: table.aliases.append(try field.text())
            case 11: table.consistency = Int(try field.integer())
            case 13: try field.forEachPair { table.properties[$0] = $1 }
            case 15: table.keyPartitions = Int(try field.integer())
            default: break
            }
        }
        guard !table.schema.name.isEmpty else { throw .noCollection(name) }
        table.aliases.sort { Text($0) < Text($1) }
        return table
    }

    func partitions(of name: String) async throws(StoreError) -> [String] {
        var names: [String] = []
        try await ask("ShowPartitions", request(name), about: name) { field in
            if field.number == 2 { names.append(try field.text()) }
        }
        return names.filter { $0 != MilvusTable.ownPartition }.sorted { Text($0) < Text($1) }
    }

    // MARK: Aliases

    /// Those of one collection, or of all.
    func aliases(of name: String) async throws(StoreError) -> [String] {
        var names: [String] = []
        try await ask("ListAliases", request(name), about: name) { field in
            if field.number == 4 { names.append(try field.text()) }
        }
        return names.sorted { Text($0) < Text($1) }
    }

    func target(ofAlias alias: String) async throws(StoreError) -> String {
        var name = ""
        try await ask("DescribeAlias", request(alias), about: alias) { field in
            if field.number == 4 { name = try field.text() }
        }
        return name
    }

    // MARK: Indexes

    func indexes(of name: String) async throws(StoreError) -> [MilvusIndex] {
        var (indexes, status): ([MilvusIndex], _) = ([], MilvusStatus())
        try line.read(try await line.call("DescribeIndex", request(name))) { field in
            switch field.number {
            case 1: status = try MilvusStatus(field.bytes())
            case 2: indexes.append(try MilvusIndex(field.bytes()))
            default: break
            }
        }
        guard status.isGood || status.isMissingIndex else { throw StoreError(status, self, name) }
        return indexes.sorted { Text($0.name) < Text($1.name) }
    }
}

extension MilvusIndex {
    fileprivate init(_ message: ArraySlice<UInt8>) throws {
        try ProtoReader.forEach(message) { part in
            switch part.number {
            case 1: name = try part.text()
            case 3: try part.forEachPair { params[$0] = $1 }
            case 4: field = try part.text()
            case 5: indexed = Int(try part.integer())
            case 6: total = Int(try part.integer())
            case 7: state = Int(try part.integer())
            case 8: failure = try part.text()
            case 9: pending = Int(try part.integer())
            default: break
            }
        }
    }
}
