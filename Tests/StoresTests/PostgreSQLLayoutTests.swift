import Foundation
import Model
import TestSupport
import Testing

@testable import Stores

/// Tables as LightRAG and HybridRAG have them, seen as LightRAG's collections.
@Suite(.needs(.newest)) struct PostgreSQLLayoutTests {
    private static let entities = Collection(
        name: "vdb_entities", key: KeyField(type: .text(maxLength: nil)),
        vectors: [VectorField(name: "embedding", dimension: 2, metric: .cosine)],
        fields: ["entity_name", "content", "source_id", "file_path"].map {
            Field(name: $0, type: .text(maxLength: nil))
        }
            + [Field(name: "__created_at__", type: .int64)])

    private func line(_ key: String, source: String = "c1<SEP>c2") -> String {
        #"{"key":"\#(key)","vectors":{"embedding":[1,0]},"fields":{"entity_name":"a","content":"x","source_id":"\#(source)","file_path":null,"__created_at__":1766180000}}"#
    }

    private func filled(_ database: Database, _ workspace: String, _ keys: [String]) async throws -> any Store {
        let store = try await database.store(["layout": "lightrag", "workspace": workspace])
        let shape = store.fit(Self.entities, into: nil).collection
        try await store.create(shape)
        try await store.write(Sample.batch(keys.map { line($0) }, of: shape), to: shape.name, .first)
        return store
    }

    @Test func columnsAreAsLightRAGWantsThem() async throws {
        try await Database.temporary { database in
            let store = try await filled(database, "w", ["ent-1"])
            let row = try await database.sql(
                "SELECT workspace, id, chunk_ids, content_vector, create_time, file_path IS NULL FROM lightrag_vdb_entity"
            )
            #expect(row == "w|ent-1|{c1,c2}|[1,0]|2025-12-19 21:33:20|t")
            let read = try await store.everything(in: "vdb_entities")
            #expect(read == (try Sample.batch([line("ent-1")], of: store.fit(Self.entities, into: nil).collection)))
        }
    }

    /// LightRAG's files mostly have neither in `vdb_chunks`, and its storage asks for both.
    @Test func tokensAndPlaceOfAChunkAreKeptWhereTheSourceHasThem() async throws {
        try await Database.temporary { database in
            let store = try await database.store(["layout": "lightrag", "workspace": "w"])
            var chunks = Self.entities
            chunks.name = "vdb_chunks"
            chunks.fields =
                [Field(name: "content", type: .text(maxLength: nil))]
                + ["tokens", "chunk_order_index"].map { Field(name: $0, type: .int64) }
            let fit = store.fit(chunks, into: nil)
            #expect(fit.verdicts.allSatisfy { $0.grade != .lossy }, "\(fit.verdicts)")
            try await store.create(fit.collection)
            let lines = [("a", #""content":"x","tokens":7,"chunk_order_index":3"#), ("b", #""content":"y""#)].map {
                #"{"key":"\#($0.0)","vectors":{"embedding":[1,0]},"fields":{\#($0.1)}}"#
            }
            let shape = try await store.describe("vdb_chunks").collection
            try await store.write(Sample.batch(lines, of: shape), to: "vdb_chunks", .first)
            let rows =
                "SELECT string_agg(concat_ws(',', id, tokens, chunk_order_index), ' ' ORDER BY id) FROM lightrag_vdb_chunks"
            #expect(try await database.sql(rows) == "a,7,3 b")
            await store.close()
        }
    }

    @Test func twoWorkspacesInOneTableAreTwoCollections() async throws {
        try await Database.temporary { database in
            let one = try await filled(database, "one", ["a", "b"])
            let two = try await filled(database, "two", ["b", "c", "d"])
            #expect(try await one.everything(in: "vdb_entities").keys.count == 2)
            #expect(try await two.read("vdb_entities", at: nil).count(nil) == 3)
            #expect(try await one.delete([.text("b"), .text("c")], from: "vdb_entities") == 1)
            #expect(try await two.read("vdb_entities", at: nil).count(nil) == 3)
            try await one.drop("vdb_entities", being: nil)
            #expect(try await two.read("vdb_entities", at: nil).count(nil) == 3)
            try await two.drop("vdb_entities", being: nil)
            #expect(try await database.sql("SELECT to_regclass('lightrag_vdb_entity') IS NULL") == "t")
        }
    }

    @Test func aTableThatAnotherWorkspaceUsesIsNotReplaced() async throws {
        try await Database.temporary { database in
            let one = try await filled(database, "one", ["a"])
            _ = try await filled(database, "two", ["b"])
            var staged = one.fit(Self.entities, into: nil).collection
            staged.name = "vdb_entities_staging"
            let new = try await one.create(staged)
            let old = try await one.describe("vdb_entities").identity
            await refuses(.conflict) {
                try await one.generations?.swap([Move(name: "vdb_entities", from: old, to: new)])
            }
            #expect(try await database.sql("SELECT count(*) FROM lightrag_vdb_entity") == "2")
        }
    }

    @Test func anEdgeHasItsEndsInColumnsOfTheirOwn() async throws {
        try await Database.temporary { database in
            let store = try await database.store(["layout": "hybridrag", "workspace": "w"])
            let text = FieldType.text(maxLength: nil)
            let wanted = Collection(
                name: "graph_edges", key: KeyField(type: .text(maxLength: nil)),
                fields: [
                    Field(name: "src_id", type: text, isNullable: false),
                    Field(name: "tgt_id", type: text, isNullable: false), Field(name: "weight", type: .double),
                ])
            let shape = store.fit(wanted, into: nil).collection
            try await store.create(shape)
            let good = #"{"key":"a<SEP>b","vectors":{},"fields":{"src_id":"a","tgt_id":"b","weight":1.5}}"#
            try await store.write(Sample.batch([good], of: shape), to: "graph_edges", .first)
            let row = try await database.sql("SELECT source_id, target_id, properties FROM hybridrag_graph_edges")
            #expect(row == #"a|b|{"weight": 1.5}"#)
            #expect(try await store.everything(in: "graph_edges") == Sample.batch([good], of: shape))
            let bad = #"{"key":"other","vectors":{},"fields":{"src_id":"a","tgt_id":"c","weight":null}}"#
            await refuses(.rejected) {
                try await store.write(Sample.batch([bad], of: shape), to: "graph_edges", .first)
            }
        }
    }

    @Test func whatAnotherProgramPacksIsRead() async throws {
        try await Database.temporary { database in
            try await database.sql(
                """
                CREATE TABLE hybridrag_kv_store (workspace VARCHAR(255), key VARCHAR(512), value JSONB,
                    UNIQUE (workspace, key));
                INSERT INTO hybridrag_kv_store VALUES ('w', 'doc-1', '{"content": "x", "n": [1, 2]}'), ('v', 'doc-1', '{}')
                """)
            let store = try await database.store(["layout": "hybridrag", "workspace": "w"])
            #expect(try await store.collections() == ["kv_store_full_docs"])
            let shape = try await store.describe("kv_store_full_docs").collection
            #expect(shape.isOpen && shape.fields.isEmpty)

            let read = try await store.everything(in: "kv_store_full_docs")
            #expect(read.keys == [.text("doc-1")])
            guard case .bytes(let rows)? = read.rest?.values else { throw StoreError(.malformed, "no payload") }
            #expect(String(decoding: rows[0], as: UTF8.self).contains(#""content":"x""#))
        }
    }

    @Test func aWrongDimensionIsNamedAndCanBeAltered() async throws {
        try await Database.temporary { database in
            let store = try await filled(database, "w", ["a"])
            var wanted = Self.entities
            wanted.vectors[0].dimension = 3
            let existing = try await store.describe("vdb_entities").collection
            let verdict = store.fit(wanted, into: existing).verdicts.first { $0.subject == "vector embedding" }
            #expect(verdict?.grade == .impossible && verdict?.detail.contains("dimension 2, not 3") == true)
            try await store.altering?.alter(.vector(wanted.vectors[0]), of: "vdb_entities")
            #expect(try await store.describe("vdb_entities").collection.vectors[0].dimension == 3)
            #expect(
                try await database.sql("SELECT content_vector IS NULL, entity_name FROM lightrag_vdb_entity") == "t|a")
        }
    }

    @Test func aLayoutWithoutATableSaysWhereTheCollectionBelongs() async throws {
        try await Database.temporary { database in
            let store = try await database.store(["layout": "lightrag"])
            let graph = Collection(name: "graph_nodes", key: KeyField(type: .text(maxLength: nil)))
            let verdicts = store.fit(graph, into: nil).verdicts
            #expect(verdicts.first?.grade == .impossible && verdicts.first?.detail.contains("NetworkXStorage") == true)
            await refuses(.rejected) { try await store.create(graph) }
            await refuses(.rejected) { _ = try await database.store(["layout": "sideways"]) }
            await refuses(.rejected) { _ = try await database.store(["workspace": "w"]) }
        }
    }
}
