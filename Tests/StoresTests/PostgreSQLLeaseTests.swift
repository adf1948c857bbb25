import Foundation
import Model
import TestSupport
import Testing

@testable import Stores

@Suite(.needs(.newest)) struct PostgreSQLLeaseTests {
    private func open(_ database: Database, _ name: String) async throws -> any Leasing {
        let endpoint = try #require(Endpoint(database.address + "?lock=\(name)&lease=30s"))
        let opened = try #require(PostgreSQL.kind.leasing)
        return try await opened(endpoint)
    }

    private func lease() -> Lease {
        let holder = Holder(user: "ada", host: "elsewhere", process: 7, incarnation: "")
        return Lease(id: .random(), holder: holder, since: 0, until: nil)
    }

    @Test func conforms() async throws {
        try await Database.temporary { database in
            try await LeaseConformance { try await open(database, "words") }.check()
        }
    }

    /// The server frees what the connection held, and its holder notices.
    @Test func endsWithItsConnection() async throws {
        try await Database.temporary { database in
            let (a, b) = (try await open(database, "words"), try await open(database, "words"))
            let first = try await a.take(lease())
            try await database.sql(
                """
                SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = database
                WHERE locktype = 'advisory' AND datname = current_database()
                """)
            #expect(try await !a.extend(first))
            let wanted = lease()
            #expect(try await b.take(wanted).id == wanted.id)
            await a.close()
            await b.close()
        }
    }

    /// Names are numbers for the server; others of the same database do not meet.
    @Test func namesAreApart() async throws {
        try await Database.temporary { database in
            let (a, b) = (try await open(database, "words"), try await open(database, "lines"))
            let (first, second) = (lease(), lease())
            #expect(try await a.take(first).id == first.id)
            #expect(try await b.take(second).id == second.id)
            await a.close()
            await b.close()
            await refuses(.rejected) { _ = try await open(database, "") }
        }
    }
}
