import Foundation
import Model
import TestSupport
import Testing

@testable import Stores

/// The server that the tests run against: a URI of one where databases may be made.
let postgresURI = ProcessInfo.processInfo.environment["VECSH_TEST_POSTGRES"]

@Suite(.enabled(if: postgresURI != nil, "no PostgreSQL"))
struct PostgreSQLTests {
    @Test(arguments: Conformance.all)
    func conforms(_ rule: Conformance) async throws {
        try await Database.temporary { database in
            try await Sample.$limits.withValue(Self.limits) { try await rule.check(database.store()) }
        }
    }

    /// Text has no U+0000, and sparse vectors have fewer dimensions than ours.
    private static let limits = Sample.Limits { line in
        line.contains("\\u0000") ? nil : line.replacing("4294967295", with: "999999999")
    }
}

/// A database of its own, gone when the test ends.
struct Database: Sendable {
    let name: String

    static func temporary(_ body: (Database) async throws -> Void) async throws {
        let database = Database(name: "vecsh_\(Foundation.UUID().uuidString.lowercased().prefix(8))")
        try admin("CREATE DATABASE \(database.name)")
        do { try await body(database) } catch {
            try? admin("DROP DATABASE \(database.name) WITH (FORCE)")
            throw error
        }
        try admin("DROP DATABASE \(database.name) WITH (FORCE)")
    }

    func store(_ options: [String: String] = [:]) async throws -> any Store {
        guard let endpoint = Endpoint(uri) else { throw StoreError(.rejected, uri) }
        return try await PostgreSQL.kind.open(endpoint, options)
    }

    /// What somebody else does to the database.
    @discardableResult
    func sql(_ text: String) throws -> [[String?]] {
        guard let endpoint = Endpoint(uri) else { return [] }
        return try Self.run(text, endpoint)
    }

    private static func admin(_ text: String) throws {
        guard let uri = postgresURI, let endpoint = Endpoint(uri) else { return }
        _ = try run(text, endpoint)
    }

    private static func run(_ text: String, _ endpoint: Endpoint) throws -> [[String?]] {
        let result = try PostgreSQLConnection(PostgreSQLServer(endpoint, [:])).run(text)
        return result.rows.map { row in (0..<Int32(result.columns)).map { row.text($0) } }
    }

    var uri: String {
        guard var endpoint = postgresURI.flatMap({ Endpoint($0) }) else { return "" }
        endpoint.path = "/" + name
        let secret = endpoint.password.map { ":\($0)" } ?? ""
        return "postgres://\(endpoint.user ?? "")\(secret)@\(endpoint.host):\(endpoint.port ?? 5432)\(endpoint.path)"
    }
}
