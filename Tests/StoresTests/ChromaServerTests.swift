import Foundation
import JSON
import Model
import TestSupport
import Testing

@testable import Stores

@Suite struct ChromaServerTests {
    @Test(.needs(.chroma15), arguments: Conformance.all)
    func conforms(_ rule: Conformance) async throws { try await check(rule, .chroma15) }

    @Test(.needs(.chroma05), arguments: Conformance.all)
    func oldConforms(_ rule: Conformance) async throws { try await check(rule, .chroma05) }

    private func check(_ rule: Conformance, _ kind: ChromaService.Kind) async throws {
        let store = try await ChromaPlaces.store(kind)
        try await Sample.$limits.withValue(ChromaPlaces.limits(kind)) {
            // Chroma takes no name of fewer than three letters.
            try await rule.check(PrefixedStore(store, "c0_"))
        }
        await store.close()
    }
}

/// Empty databases of the servers that tests run on.
enum ChromaPlaces {
    static func store(_ kind: ChromaService.Kind, _ options: [String: String] = [:]) async throws -> any Store {
        let service = try await ChromaService.running(kind)
        let name = "t" + Foundation.UUID().uuidString.lowercased()
        return try await open(service, "/default_tenant/\(name)", options.merging(["create": "yes"]) { $1 })
    }

    static func open(
        _ service: ChromaService, _ path: String = "", _ options: [String: String] = [:]
    ) async throws -> any Store {
        var options = options
        if let token = service.token, options["token"] == nil { options["token"] = token }
        return try await Chroma.kind.open(#require(Endpoint(service.address + path)), options)
    }

    /// What Chroma cannot hold of the samples: a record without a vector, and the empty key since 1.5.
    static func limits(_ kind: ChromaService.Kind) -> Sample.Limits {
        Sample.Limits { line in
            if kind == .chroma15, line.contains(#""key":"","#) || line.contains(#""key":"""#) { return nil }
            return held(line)
        } vectors: {
            $0.name == "v_float32"
        }
    }

    /// Every record has one vector, and by cosine one whose length is its only number.
    private static func held(_ line: String) -> String? {
        guard line.contains("\"vectors\""), line.contains("v_") || line.contains("\"vectors\":{}"),
            !line.contains(#""page""#), let record = try? JSONValue(line)
        else { return line }
        guard let start = line.firstRange(of: "\"vectors\":")?.upperBound,
            let end = line.firstRange(of: ",\"fields\"")?.lowerBound
        else { return line }
        let first = record["vectors"]?["v_float32"]?.array?.first?.double ?? 3
        let length = first == 0 ? 3 : first
        return line[..<start] + #"{"v_float32":[\#(length),0,0,0,0,0,0,0]}"# + line[end...]
    }
}
