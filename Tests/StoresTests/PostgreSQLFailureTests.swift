import Foundation
import Model
import TestSupport
import Testing

@testable import Stores

@Suite(.needs(.newest)) struct PostgreSQLFailureTests {
    @Test func whoCannotConnectIsToldWhy() async throws {
        try await Database.temporary { database in
            let secret = database.server.password
            let right = database.address
            let wrong: [(String, StoreError.Code)] = [
                (right.replacing(secret, with: "s3same"), .unauthorized),
                (right.replacing(":\(secret)", with: ""), .unauthorized),
                (right.replacing(database.name, with: "nowhere"), .notFound),
                (right.replacing(":\(database.server.port)/", with: ":1/"), .unavailable),
                (right + "?sslmode=require", .unavailable), (right + "?nonsense=1", .unavailable),
                (right + "?service=nowhere", .unavailable),
            ]
            for (address, code) in wrong {
                do {
                    _ = try await database.open(address)
                    Issue.record("connected to \(address)")
                } catch let error as StoreError {
                    #expect(error.code == code, "\(error)")
                    #expect(!"\(error) \(error.help ?? "")".contains("s3same"), "\(error)")
                    #expect(!"\(error) \(error.help ?? "")".contains(secret), "\(error)")
                }
            }
            await refuses(.rejected) { _ = try await database.store(["extension": "perhaps"]) }
            await refuses(.notFound) { _ = try await database.store(["schema": "nowhere"]) }
        }
    }

    @Test func passwordsWithAnyCharacterAreTaken() async throws {
        try await Database.temporary { database in
            try await database.sql("CREATE ROLE \"\(database.name)\" LOGIN PASSWORD 'p@ss:w/rd%41?#'")
            let old = "postgres:\(database.server.password)@"
            let address = database.address.replacing(old, with: "\(database.name):p%40ss%3Aw%2Frd%2541%3F%23@")
            let store = try await database.open(address)
            #expect(try await store.collections() == [])
            await store.close()
            let endpoint = try #require(Endpoint(address))
            #expect(!"\(endpoint)".contains("ss"))
            #expect(
                "\(try #require(Endpoint("postgres://h/d?password=abc&sslmode=require")))".contains("password=•••&ssl"))
        }
    }

    @Test func theExtensionIsMadeOrAskedFor() async throws {
        try await Database.temporary(hasVector: false) { database in
            let careful = try await database.store(["extension": "no"])
            await refuses(.unsupported) { try await careful.create(Sample.plain("a")) }
            var bits = Sample.plain("bits", dimension: 8, metric: .hamming)
            bits.vectors[0].element = .bit
            try await careful.create(bits)
            await careful.close()
            try await database.sql(
                """
                CREATE ROLE "\(database.name)" LOGIN PASSWORD 'x'; GRANT CREATE ON SCHEMA public TO "\(database.name)"
                """)
            let old = "postgres:\(database.server.password)@"
            let weak = try await database.open(database.address.replacing(old, with: "\(database.name):x@"))
            do {
                try await weak.create(Sample.plain("a"))
                Issue.record("made without the right")
            } catch let error as StoreError {
                // pgvector is trusted, so an owner of the database may; this one is none.
                #expect(error.code == .unauthorized && error.help?.contains("CREATE EXTENSION") == true, "\(error)")
            }
            await refuses(.unauthorized) { _ = try await weak.everything(in: "bits") }
            await weak.close()
            let store = try await database.store()
            try await store.create(Sample.plain("a"))
            #expect(try await store.describe("a").collection == Sample.plain("a"))
            await store.close()
        }
    }

    @Test func aConnectionLostInTheMiddleOfACopyIsMadeAnew() async throws {
        try await Database.temporary { database in
            let store = try await database.store()
            try await store.create(Sample.plain("a"))
            try await store.write(Sample.records(0..<10), to: "a", .first)
            try await database.sql(
                """
                CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.05); RETURN new; END';
                CREATE TRIGGER slow BEFORE INSERT ON a FOR EACH ROW WHEN (new.page > 5) EXECUTE FUNCTION slow()
                """)
            for attempt: Attempt in [.first, .again] {
                async let killed: Void = Self.killWriters(database)
                do {
                    try await store.write(Sample.records(100..<2000), to: "a", attempt)
                    Issue.record("written in spite of it")
                } catch let error as StoreError {
                    #expect(error.code == .unavailable && error.isWorthRetrying, "\(error)")
                    #expect(error.message.contains("lost") || error.message.contains("terminat"), "\(error)")
                }
                try await killed
                #expect(try await store.everything(in: "a").count == 10)
            }
            try await database.sql("DROP TRIGGER slow ON a")
            try await store.write(Sample.records(100..<2000), to: "a", .again)
            #expect(try await store.everything(in: "a").count == 1910)
            await store.close()
        }
    }

    /// Ends the backends that write as soon as there are any.
    private static func killWriters(_ database: Database) async throws {
        let kill = """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()
            AND state = 'active' AND pid <> pg_backend_pid() AND (query LIKE 'COPY%' OR query LIKE 'INSERT%')
            AND now() - query_start > interval '0.2 s'
            """
        for _ in 0..<200 {
            if try await database.sql(kill) != "0" { return }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    @Test func connectionsThatDiedWhileIdleAreReplaced() async throws {
        try await Database.temporary { database in
            let store = try await database.store()
            try await store.create(Sample.plain("a"))
            try await store.write(Sample.records(0..<100), to: "a", .first)
            let reading = try await store.read("a", at: nil)
            var scan = Scan(budget: Budget(records: 30))
            scan.slice.after = try await reading.page(scan)?.end
            try await database.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            #expect(try await store.describe("a").collection.name == "a")
            try await store.write(Sample.records(100..<110), to: "a", .first)
            do {
                while let page = try await reading.page(scan) { scan.slice.after = page.end }
                Issue.record("a snapshot has outlived its connection")
            } catch let error as StoreError { #expect([.unavailable, .expired].contains(error.code), "\(error)") }
            await refuses(.expired) { [scan] in _ = try await reading.page(scan) }
            await reading.close()
            await refuses(.expired) { _ = try await store.read("a", at: reading.moment) }
            #expect(try await store.everything(in: "a").count == 110)
            await store.close()
        }
    }

    @Test func whatTheServerRefusesIsNamed() async throws {
        try await Database.temporary { database in
            let store = try await database.store()
            try await store.create(Sample.plain("a"))
            func raising(_ state: String) async throws {
                try await database.sql(
                    """
                    CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF new.id = 5 THEN RAISE 'not this one' USING ERRCODE = '\(state)'; END IF; RETURN new; END $$;
                    CREATE OR REPLACE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()
                    """)
            }
            let codes: [(String, StoreError.Code)] = [
                ("53100", .full), ("23514", .rejected), ("40P01", .unavailable), ("42501", .unauthorized),
            ]
            for (state, code) in codes {
                try await raising(state)
                for attempt: Attempt in [.first, .again] {
                    do {
                        try await store.write(Sample.records(0..<10), to: "a", attempt)
                        Issue.record("written")
                    } catch let error as StoreError {
                        #expect(error.code == code && error.message.contains("not this one"), "\(error)")
                        if code == .rejected, attempt == .first { #expect(error.rows == [5]) }
                    }
                }
            }
            try await database.sql("DROP TRIGGER t ON a; ALTER TABLE a ADD UNIQUE (page)")
            await refuses(.rejected) { try await store.write(Sample.records(0..<10), to: "a", .first) }
            #expect(try await store.everything(in: "a").count == 0)
            let reader = try await database.open(database.address + "?options=-cdefault_transaction_read_only%3Don")
            await refuses(.unauthorized) { try await reader.write(Sample.records(0..<1), to: "a", .first) }
            #expect(try await reader.collections() == ["a"])
            await reader.close()
            await store.close()
        }
    }

    @Test func aTaskThatIsCancelledStopsTheServer() async throws {
        try await Database.temporary { database in
            let store = try await database.store()
            try await store.create(Sample.plain("a"))
            try await store.write(Sample.records(0..<1), to: "a", .first)
            let reading = try await store.read("a", at: nil)
            let start = ContinuousClock.now
            let task = Task { try await reading.count(.native(text: "pg_sleep(600) IS NOT NULL")) }
            try await Task.sleep(for: .milliseconds(500))
            task.cancel()
            await refuses(.cancelled) { _ = try await task.value }
            #expect(ContinuousClock.now - start < .seconds(300))
            #expect(try await reading.count(nil) == 1)
            await reading.close()
            await store.close()
        }
    }

    @Test func allSlicesSeeOneMomentWhateverIsWritten() async throws {
        try await Database.temporary { database in
            let store = try await database.store()
            try await store.create(Sample.plain("a"))
            try await store.write(Sample.records(0..<5000), to: "a", .first)
            let reading = try await store.read("a", at: nil)
            let slices = try await reading.slices(atMost: 4)
            #expect(slices.count == 4)
            let keys = try await withThrowingTaskGroup(of: [Key].self) { group in
                for slice in slices {
                    group.addTask {
                        var keys: [Key] = []
                        for try await page in FilteredPages(reading, nil, slice: slice, budget: Budget(records: 50)) {
                            keys += page.batch.keys
                        }
                        return keys
                    }
                }
                for part in 0..<20 {
                    try await store.write(Sample.records(part * 100..<part * 100 + 50), to: "a", .again)
                    try await store.delete([.integer(Int64(4000 + part))], from: "a")
                }
                return try await group.reduce(into: [Key]()) { $0 += $1 }
            }
            #expect(keys.sorted() == (0..<5000).map { .integer($0) })
            await reading.close()
            await store.close()
        }
    }
}
