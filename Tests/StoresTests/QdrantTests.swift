import JSON
import Model
import TestSupport
import Testing

@testable import Stores

/// One at a time, as a Qdrant has no databases.
@Suite(.serialized, .needsQdrant) struct QdrantTests {
    @Test(arguments: Conformance.all)
    func conforms(_ rule: Conformance) async throws {
        let store = try await QdrantPlaces.emptyStore()
        try await Sample.$limits.withValue(QdrantPlaces.limits) { try await rule.check(store) }
        await store.close()
    }
}

enum QdrantPlaces {
    /// A store without collections, on a server that only asks for this.
    static func emptyStore() async throws -> any Store {
        let store = try await open(emptied.value.address)
        for alias in try await store.aliasing?.aliases().keys ?? [:].keys {
            try await store.aliasing?.remove(alias: alias)
        }
        for name in try await store.collections() { try await store.drop(name, being: nil) }
        return store
    }

    private static let emptied = Task { try await QdrantService.start() }

    /// On the server that all share.
    static func store(_ options: [String: String] = [:]) async throws -> any Store {
        try await open(QdrantService.running().address, options)
    }

    static func open(_ address: String, _ options: [String: String] = [:]) async throws -> any Store {
        let endpoint = try #require(Endpoint(address))
        let kind = endpoint.scheme == "qdrant" ? Qdrant.kind : Qdrant.secureKind
        return try await kind.open(endpoint, options)
    }

    /// A name that no other test has.
    static func name(_ word: String) -> String { "\(word)_\(UUID.random())" }

    // MARK: What Qdrant cannot hold of the samples

    /// Keys are numbers and UUIDs; vectors are of three types, and a list of them is not empty.
    static let limits = Sample.Limits(
        { line in
            guard let end = line.firstRange(of: #","vectors""#) else { return line }
            let spelled = String(line[..<end.lowerBound].dropFirst(#"{"key":"#.count))
            guard !spelled.hasPrefix("-") else { return nil }
            let key = keys[Text(spelled)] ?? spelled
            let text =
                #"{"key":"# + key + line[end.lowerBound...].replacing(#""v_multi":[]"#, with: #""v_multi":[[7,8]]"#)
            return without(["v_bfloat16", "v_int8", "v_binary"], text)
        }, vectors: { !["v_bfloat16", "v_int8", "v_binary"].contains($0.name) }, key: .id, metric: .ip)

    private static let keys: [Text: String] = {
        let keys = [
            (#""full""#, "1"), (#""""#, "0"), (#""nulls""#, "18446744073709551615"),
            (#""empties""#, "9223372036854775808"), (#""é""#, #""00000000-0000-0000-0000-000000000000""#),
            ("\"e\u{301}\"", #""550e8400-e29b-41d4-a716-446655440000""#),
            (#""quote ' \" \\ \n % _""#, #""ffffffff-ffff-ffff-ffff-ffffffffffff""#), (#""42""#, "42"),
        ]
        return Dictionary(keys.map { (Text($0.0), $0.1) }) { $1 }
    }()

    /// The line without these vectors, and nothing else spelled anew.
    private static func without(_ names: [String], _ line: String) -> String {
        names.reduce(line) { text, name in
            let found = (try? Regex("\"\(name)\":\\[[^\\]]*\\],?")).map { text.replacing($0, with: "") }
            return (found ?? text).replacing(",}", with: "}")
        }
    }
}
