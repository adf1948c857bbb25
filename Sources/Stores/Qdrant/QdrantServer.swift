import JSON
import Model

/// A Qdrant that has answered.
struct QdrantServer: Sendable {
    let line: QdrantLine
    let engine: QdrantEngine
    /// Whether the types of fields that this program has noted in a collection hold.
    let hasTypes: Bool

    static func reached(_ line: QdrantLine, hasTypes: Bool) async throws(StoreError) -> QdrantServer {
        guard let words = try await line.answer("GET", "/")["version"]?.string else {
            throw StoreError(.malformed, "\(line.address) does not say its version", help: "is this a Qdrant?")
        }
        let server = QdrantServer(line: line, engine: QdrantEngine(words), hasTypes: hasTypes)
        // A wrong key is refused here; the version is told to anyone.
        _ = try await server.names()
        return server
    }

    /// The names of all collections.
    func names() async throws(StoreError) -> [String] {
        let list = try await line.result("GET", "/collections")["collections"]?.array ?? []
        return list.compactMap { $0["name"]?.string }
    }

    /// What each alias stands for.
    func aliases() async throws(StoreError) -> [String: String] {
        let list = try await line.result("GET", "/aliases")["aliases"]?.array ?? []
        var aliases: [String: String] = [:]
        for entry in list {
            guard let alias = entry["alias_name"]?.string, let name = entry["collection_name"]?.string else { continue }
            aliases[alias] = name
        }
        return aliases
    }

    /// The collection behind a name or an alias.
    func table(_ name: String) async throws(StoreError) -> QdrantTable {
        let aliases = try await aliases()
        return try await table(aliases[name] ?? name, aliases)
    }

    func table(_ name: String, _ aliases: [String: String]) async throws(StoreError) -> QdrantTable {
        let info = try await line.result("GET", Self.path(name), about: name)
        let own = aliases.filter { $0.value == name }.map(\.key).sorted { Text($0) < Text($1) }
        return try QdrantTable(name, info, own, hasTypes: hasTypes)
    }

    /// Nil if there is none.
    func existing(_ name: String) async throws(StoreError) -> QdrantTable? {
        do throws(StoreError) { return try await table(name) } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    /// Where a collection is asked, and what of it.
    static func path(_ name: String, _ rest: String = "") -> String { "/collections/\(name.pathStep)\(rest)" }

    /// Several changes that readers see all at once.
    func change(aliases actions: [JSONValue]) async throws(StoreError) {
        _ = try await line.result("POST", "/collections/aliases", ["actions": .array(actions)])
    }
}

/// What a version of Qdrant can do.
struct QdrantEngine: Hashable, Sendable {
    let version: [Int]
    /// As the server says it.
    let words: String

    init(_ words: String) {
        self.words = words
        version = words.prefix { $0.isNumber || $0 == "." }.split(separator: ".").prefix(3).compactMap { Int($0) }
    }

    private func isAtLeast(_ least: [Int]) -> Bool { !version.lexicographicallyPrecedes(least) }

    /// Whether a collection has room for notes of ours.
    var hasMetadata: Bool { isAtLeast([1, 16]) }
    var hasQuery: Bool { isAtLeast([1, 10]) }
    /// Whether it can hand out points by chance.
    var hasSamples: Bool { isAtLeast([1, 11]) }
    /// Whether a condition can ask for vectors.
    var hasVectorConditions: Bool { isAtLeast([1, 13]) }
    /// Whether a name of any letters can be asked for.
    var hasQuotedNames: Bool { isAtLeast([1, 10]) }
    var hasSparseVectors: Bool { isAtLeast([1, 7]) }
    var hasMultiVectors: Bool { isAtLeast([1, 10]) }

    func has(_ element: Element) -> Bool {
        switch element {
        case .float32: true
        case .uint8: isAtLeast([1, 9])
        case .float16: isAtLeast([1, 10])
        case .bfloat16, .int8, .bit: false
        }
    }

    /// Why this cannot be the name of a collection; nil if it can.
    func objection(to name: String) -> String? {
        let isRefused = name.unicodeScalars.contains { #"<>:"/\|?*"#.unicodeScalars.contains($0) || $0.value < 0x20 }
        guard !name.isEmpty, name.utf8.count <= 255, !isRefused, name != ".", name != ".." else {
            return #"Qdrant takes names of 1 to 255 bytes, without < > : " / \ | ? * in them"#
        }
        return nil
    }
}
