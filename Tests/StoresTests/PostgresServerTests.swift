import TestSupport
import Testing

/// The servers that other tests run on are what they say.
@Suite struct PostgresServerTests {
    @Test(
        .needs(.newest), .needs(.oldest),
        arguments: [(PostgresServer.Kind.newest, "18", "0.8.5"), (.oldest, "16", "0.6.2")])
    func haveTheirVersions(_ kind: PostgresServer.Kind, _ version: String, _ vector: String) async throws {
        let server = try await PostgresServer.running(kind)
        #expect(try server.sql("show server_version").hasPrefix(version))
        let database = try server.freshDatabase()
        #expect(try server.sql("select extversion from pg_extension where extname = 'vector'", in: database) == vector)
        #expect(try server.sql("select '[1,2]'::vector <-> '[1,4]'", in: database) == "2")
    }

    @Test(.needs(.encrypted)) func theEncryptedOneTakesNothingElse() async throws {
        let server = try await PostgresServer.running(.encrypted)
        #expect(try server.sql("select ssl from pg_stat_ssl where pid = pg_backend_pid()") == "t")
        #expect(throws: PostgresServer.Failure.self) { try server.sql("select 1", in: "vecsh?sslmode=disable") }
        #expect(throws: PostgresServer.Failure.self) { try server.sql("create extension vector") }
    }
}
