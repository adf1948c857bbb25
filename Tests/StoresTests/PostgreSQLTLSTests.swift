import Foundation
import Model
import TestSupport
import Testing

@testable import Stores

/// A server that takes nothing but TLS, and has no pgvector.
@Suite(.needs(.encrypted)) struct PostgreSQLTLSTests {
    @Test func theServerIsKnownByItsCertificate() async throws {
        try await Database.temporary(.encrypted, hasVector: false) { database in
            let root = "\(database.server.place)/ca.pem"
            let store = try await database.open(database.address + "?sslmode=verify-full&sslrootcert=\(root)")
            #expect(try await store.collections() == [])
            try await database.sql("CREATE TABLE a (id bigint PRIMARY KEY, page bigint); INSERT INTO a VALUES (1, 2)")
            #expect(try await store.everything(in: "a").count == 1)
            await store.close()
            let strangers = "\(database.server.place)/data/server.key"
            for options in ["sslmode=verify-full&sslrootcert=\(strangers)", "sslmode=verify-ca&sslrootcert=/nowhere"] {
                await refuses(.unavailable) { _ = try await database.open(database.address + "?" + options) }
            }
            do {
                _ = try await database.open(database.address + "?sslmode=disable")
                Issue.record("connected without TLS")
            } catch let error as StoreError {
                #expect(error.code == .unauthorized, "\(error)")
                #expect(!"\(error) \(error.help ?? "")".contains(database.server.password))
            }
        }
    }

    @Test func vectorsAreRefusedWhereTheServerHasNoPlaceForThem() async throws {
        try await Database.temporary(.encrypted, hasVector: false) { database in
            let store = try await database.store()
            do {
                try await store.create(Sample.plain("a"))
                Issue.record("made without pgvector")
            } catch let error as StoreError {
                #expect(error.code == .unsupported && error.message.contains("cannot hold vector"), "\(error)")
                #expect(error.help?.contains("the server has no pgvector: install it") == true, "\(error)")
            }
            #expect(try await store.collections() == [])
            await store.close()
        }
    }
}
