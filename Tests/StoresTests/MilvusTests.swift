import Foundation
import JSON
import Model
import TestSupport
import Testing
import Wire

@testable import Stores

@Suite struct MilvusTests {
    @Test(.needs(.lite), arguments: Conformance.all)
    func liteConforms(_ rule: Conformance) async throws { try await check(rule, .lite) }

    /// Loading takes Milvus seconds, so that only what differs from Milvus Lite is asked of it.
    @Test(.needs(.whole), arguments: Conformance.all.filter { wholeRules.contains($0.testDescription) })
    func wholeConforms(_ rule: Conformance) async throws { try await check(rule, .whole) }

    private static let wholeRules: Set<String> = [
        "create is idempotent, and conflicts with another shape", "describe gives back what fit promised",
        "names are kept as they are written", "dropped is gone; what is not there is not found",
        "every type comes back as it was sent: null, absent and empty told apart",
        "keys of every type, canonically equal texts apart", "writing twice is writing once",
        "two records of one key in one batch: the last stays",
        "delete removes by key, and passes over what is not there",
        "a scan resumes after any page that it handed out, whatever was asked in between",
        "a budget of bytes is kept; a record above it comes alone",
        "fetch finds by key, in any order, and leaves out what is not there",
        "filters mean what the reference means", "search finds the nearest, by metric and filter",
        "an alias is read like its collection, moves in one step, and is never dropped through",
        "rename keeps the records and the aliases", "indexes are listed as they were made, twice is once",
        "promoting twice is promoting once; the old generation stays, and aliases stay with the name",
        "a live name that is an alias moves; what it meant is kept by another, and goes by that",
    ]

    private func check(_ rule: Conformance, _ kind: MilvusService.Kind) async throws {
        let store = try await MilvusPlaces.store(kind)
        try await Sample.$limits.withValue(MilvusLimits.limits(kind)) { try await rule.check(store) }
        await store.close()
    }
}

/// One at a time, as this server has no databases.
@Suite(.serialized) struct MilvusNativeLiteTests {
    @Test(.needs(.nativeLite), arguments: Conformance.all)
    func conforms(_ rule: Conformance) async throws {
        let store = try await MilvusPlaces.store(.nativeLite)
        try await Sample.$limits.withValue(MilvusLimits.limits(.nativeLite)) { try await rule.check(store) }
        await store.close()
    }
}

/// Empty databases of the servers that tests run on.
enum MilvusPlaces {
    static func store(_ kind: MilvusService.Kind, _ options: [String: String] = [:]) async throws -> any Store {
        let service = try await MilvusService.running(kind)
        let line = MilvusLine(
            grpc: GRPC("http://127.0.0.1:\(service.port)"), address: "test", timeout: .seconds(60))
        let server = try await MilvusServer.reached(line, database: "")
        defer { line.grpc.close() }
        var address = service.address
        if kind == .nativeLite {
            // It keeps names without their case in places: of `A` and `a` it drops one at a time.
            for name in try await server.collectionNames() {
                try? await server.order("DropCollection", server.request(name))
            }
            for name in try await server.collectionNames() {
                try await server.order("DropCollection", server.request(name))
            }
        } else {
            let name = "t_" + Foundation.UUID().uuidString.lowercased().replacing("-", with: "_")
            try await server.order("CreateDatabase", ProtoWriter { $0.text(2, name) })
            address += "/" + name
        }
        return try await Milvus.kind.open(#require(Endpoint(address)), options)
    }
}

/// What the servers cannot hold of the samples.
enum MilvusLimits {
    static func limits(_ kind: MilvusService.Kind) -> Sample.Limits {
        let names = vectors(kind)
        return Sample.Limits { line in
            // Milvus would take this key, and never hand it out again.
            if kind == .whole, line.contains(#""key":9223372036854775807"#) { return nil }
            if kind == .nativeLite, line.contains(#""key":"\u0000""#) { return nil }
            return held(line, names, mayBeNull: kind == .lite)
        } vectors: {
            names.contains($0.name)
        }
    }

    private static func vectors(_ kind: MilvusService.Kind) -> [String] {
        switch kind {
        case .whole, .guarded: ["v_float32"]
        case .lite: ["v_float32", "v_sparse"]
        case .nativeLite: ["v_float32", "v_float16", "v_bfloat16", "v_binary", "v_sparse"]
        }
    }

    /// Every vector has a value, and every field where it cannot be null; sparse vectors have one index fewer.
    private static func held(_ line: String, _ vectors: [String], mayBeNull: Bool) -> String? {
        guard line.contains("\"vectors\""), line.contains("v_") || line.contains("\"vectors\":{}"),
            !line.contains(#""page""#)
        else { return line }
        // Values would otherwise lose digits on the way.
        let spared = [("18446744073709551615", "\"BIG\""), ("1.0,", "\"ONE\",")]
        // The newer Milvus Lite takes no negative weights, nor a vector without any.
        let line = mayBeNull ? line.replacing("[0.25,-1,3]", with: "[0.25,1,3]") : line
        var text = line.replacing("4294967295", with: "4294967294")
        for (digits, mark) in spared { text = text.replacing(digits, with: mark) }
        guard let record = try? JSONValue(text) else { return nil }
        let made: JSONValue = [
            "key": record["key"] ?? .null,
            "vectors": filled(record["vectors"], vectors, only: vectors, vector),
            "fields": filled(record["fields"], mayBeNull ? [] : fields.map(\.0), only: nil) { name in
                fields.first { $0.0 == name }?.1 ?? .null
            },
        ]
        text = made.text
        for (digits, mark) in spared { text = text.replacing(mark, with: digits) }
        return text
    }

    private static func filled(
        _ value: JSONValue?, _ names: [String], only kept: [String]?, _ fallback: (String) -> JSONValue
    ) -> JSONValue {
        var members = (value?.members ?? []).filter { kept?.contains($0.name) ?? true }
        members.removeAll { names.contains($0.name) && ($0.value == .null || $0.value["indices"] == .array([])) }
        for name in names where !members.contains(where: { $0.name == name }) {
            members.append(JSONValue.Member(name, fallback(name)))
        }
        return .object(members)
    }

    private static func vector(_ name: String) -> JSONValue {
        name == "v_sparse" ? ["indices": [1], "values": [1]] : [1, 1, 0, 0, 0, 0, 0, 1]
    }

    private static let fields: [(String, JSONValue)] = [
        ("f_bool", true), ("f_int8", 1), ("f_int16", 1), ("f_int32", 1), ("f_int64", 1), ("f_float", 1),
        ("f_double", 1), ("f_json", [:]), ("f_timestamp", "2025-01-01T00:00:00Z"), ("f_text", ""),
        ("f_text_16", ""), ("f_array_int64", []), ("f_array_text", []),
    ]
}
