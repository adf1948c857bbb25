import Foundation
import Model
import TestSupport
import Testing

@testable import Stores

/// What is remembered of a table between two writes.
@Suite(.needs(.newest)) struct PostgreSQLWritingTests {
    @Test func aTableThatSomebodyChangesBetweenTwoWritesIsSeenAsItIs() async throws {
        try await Database.temporary { database in
            let store = try await database.store()
            try await store.create(Sample.plain("a"))
            try await store.write(Sample.records(0..<10), to: "a", .first)
            // As wide in a binary COPY as before, and another type.
            try await database.sql("ALTER TABLE a ALTER page TYPE double precision")
            await refuses(.rejected) { try await store.write(Sample.records(10..<20), to: "a", .first) }
            try await database.sql("ALTER TABLE a ALTER page TYPE smallint")
            try await store.write(Sample.records(10..<20), to: "a", .first)
            #expect(try await database.sql("SELECT sum(page) FROM a") == "10")
            try await database.sql("ALTER TABLE a DROP CONSTRAINT a_pkey, ADD PRIMARY KEY (id, page)")
            await refuses(.rejected) { try await store.write(Sample.records(20..<30), to: "a", .again) }
            try await database.sql("ALTER TABLE a DROP CONSTRAINT a_pkey, ADD PRIMARY KEY (id)")
            try await store.write(Sample.records(15..<30), to: "a", .again)
            #expect(try await store.everything(in: "a").count == 30)
            await store.close()
        }
    }

    @Test func anotherTableOfTheSameNameIsNotTakenForTheOldOne() async throws {
        try await Database.temporary { database in
            let store = try await database.store()
            try await store.create(Sample.plain("a"))
            try await store.write(Sample.records(0..<10), to: "a", .first)
            try await database.sql("ALTER TABLE a RENAME TO b; CREATE TABLE a (LIKE b INCLUDING ALL)")
            try await store.write(Sample.records(10..<20), to: "a", .first)
            #expect(try await database.sql("SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b)") == "10|10")
            try await database.sql("DROP TABLE a")
            await refuses(.notFound) { try await store.write(Sample.records(20..<30), to: "a", .first) }
            await store.close()
        }
    }

    @Test func aDimensionThatOnlyTheRowsTellIsLookedUpEachTime() async throws {
        try await Database.temporary { database in
            try await database.sql("CREATE TABLE a (id bigint PRIMARY KEY, page bigint, v vector)")
            let store = try await database.store()
            await refuses(.rejected) { try await store.write(Sample.records(0..<10), to: "a", .first) }
            try await database.sql("INSERT INTO a VALUES (1000, 1, '[1,2]')")
            try await store.write(Sample.records(0..<10), to: "a", .first)
            try await database.sql("TRUNCATE a; INSERT INTO a VALUES (1000, 1, '[1,2,3]')")
            await refuses(.rejected) { try await store.write(Sample.records(0..<10), to: "a", .first) }
            await store.close()
        }
    }
}
