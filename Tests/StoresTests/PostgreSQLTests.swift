import Foundation
import Model
import TestSupport
import Testing

@testable import Stores

@Suite struct PostgreSQLTests {
    @Test(.needs(.newest), arguments: Conformance.all)
    func conforms(_ rule: Conformance) async throws {
        try await Database.temporary { database in
            try await Sample.$limits.withValue(Database.limits) { try await rule.check(database.store()) }
        }
    }

    /// pgvector 0.6 has no halfvec, and no sparsevec at all.
    @Test(.needs(.oldest), arguments: Conformance.all)
    func conformsWithAnOldExtension(_ rule: Conformance) async throws {
        try await Database.temporary(.oldest) { database in
            try await Sample.$limits.withValue(Database.limitsWithoutSparse) { try await rule.check(database.store()) }
        }
    }
}

/// A database of its own, gone when the test ends.
struct Database: Sendable {
    let server: PostgresServer
    let name: String

    static func temporary(
        _ kind: PostgresServer.Kind = .newest, hasVector: Bool = true, _ body: (Database) async throws -> Void
    ) async throws {
        let server = try await PostgresServer.running(kind)
        let database = Database(
            server: server, name: try await Self.aside { try server.freshDatabase(hasVector: hasVector) })
        let drop = "DROP DATABASE \"\(database.name)\" WITH (FORCE)"
        do { try await body(database) } catch {
            _ = try? await apart { try server.sql(drop) }
            throw error
        }
        _ = try await Self.aside { try server.sql(drop) }
    }

    var address: String { server.address(name) }

    func store(_ options: [String: String] = [:]) async throws -> any Store { try await open(address, options) }

    func open(_ address: String, _ options: [String: String] = [:]) async throws -> any Store {
        guard let endpoint = Endpoint(address) else { throw StoreError(.rejected, address) }
        return try await PostgreSQL.kind.open(endpoint, options)
    }

    /// What somebody else does to the database.
    @discardableResult
    func sql(_ text: String) async throws -> String { try await Self.aside { try server.sql(text, in: name) } }

    /// Runs what waits on a thread of its own.
    private static func aside<Answer: Sendable>(_ body: @escaping @Sendable () throws -> Answer) async throws -> Answer
    {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "aside").async { continuation.resume(with: Swift.Result { try body() }) }
        }
    }

    /// Text has no U+0000, and sparse vectors have fewer dimensions than ours.
    static let limits = Sample.Limits { line in
        line.contains("\\u0000") ? nil : line.replacing("4294967295", with: "999999999")
    }

    static let limitsWithoutSparse = Sample.Limits { line in
        let parts = [
            #""v_sparse":{"indices":[0,7,4294967295],"values":[0.25,-1,3]},"#, #""v_sparse":null,"#,
            #""v_sparse":{"indices":[],"values":[]},"#,
        ]
        return line.contains("\\u0000") ? nil : parts.reduce(line) { $0.replacing($1, with: "") }
    } vectors: {
        $0.layout != .sparse
    }
}
