import Foundation
import JSON
import Model
import TestSupport
import Testing

@testable import Stores

@Suite(.needs(.newest)) struct PostgreSQLIndexTests {
    @Test func indexesAreBuiltAndListedAsTheyAre() async throws {
        try await Database.temporary { database in
            let store = try await database.store()
            let shape = Sample.everyType("every")
            try await store.create(shape)
            try await store.write(
                Sample.batch(shape.vectors.isEmpty ? [] : Self.lines(50), of: shape), to: "every", .first)
            let indexes = [
                Index(
                    name: "graph", field: "v_float32", type: "hnsw", metric: .cosine,
                    params: ["m": 8, "ef_construction": 32]),
                Index(name: "halves", field: "v_float16", type: "hnsw", metric: .l2),
                Index(name: "lists", field: "v_float32", type: "ivfflat", metric: .l2, params: ["lists": 4]),
                Index(name: "bits", field: "v_binary", type: "hnsw", metric: .jaccard),
                Index(name: "sparse", field: "v_sparse", type: "hnsw", metric: .ip),
                Index(name: "words", field: "f_array_text", type: "gin"),
                Index(name: "inside", field: "f_json", type: "gin", params: ["ops": "jsonb_path_ops"]),
                Index(name: "more", field: "payload", type: "gin"),
                Index(name: "number", field: "f_int64", type: "btree", params: ["unique": true]),
                Index(name: "text", field: "f_text", type: "hash"),
            ]
            for index in indexes {
                try await store.indexing?.create(index, on: "every")
                try await store.indexing?.create(index, on: "every")
            }
            let description = try await store.describe("every")
            #expect(Set(description.collection.indexes) == Set(indexes))
            #expect(indexes.allSatisfy { description.states[$0.name]?.phase == .finished })
            #expect(description.collection.vectors == shape.vectors)
            #expect(store.fit(description.collection, into: nil).collection.indexes == description.collection.indexes)
            for index in indexes { try await store.indexing?.drop(index: index.name, on: "every") }
            #expect(try await store.describe("every").collection.indexes == [])
            await store.close()
        }
    }

    private static func lines(_ count: Int) -> [String] {
        (0..<count).map { row in
            let vector = (0..<8).map { String(($0 * 7 + row) % 11 + 1) }.joined(separator: ",")
            return
                #"{"key":"\#(row)","vectors":{"v_float32":[\#(vector)],"v_float16":[\#(vector)]},"fields":{"f_int64":\#(row)}}"#
        }
    }

    @Test func whatCannotBeBuiltIsSaid() async throws {
        try await Database.temporary { database in
            let store = try await database.store()
            try await store.create(Sample.plain("a", dimension: 2001, metric: .hamming))
            try await store.create(Sample.plain("b", dimension: 4001))
            try await store.create(Sample.plain("c"))
            let wrong: [(String, Index, StoreError.Code)] = [
                ("a", Index(name: "i", field: "v", type: "hnsw"), .unsupported),
                ("b", Index(name: "i", field: "v", type: "hnsw"), .unsupported),
                ("c", Index(name: "i", field: "v", type: "diskann"), .unsupported),
                ("c", Index(name: "i", field: "v", type: "hnsw", params: ["lists": 1]), .rejected),
                ("c", Index(name: "i", field: "v", type: "hnsw", params: ["m": 1]), .rejected),
                ("c", Index(name: "i", field: "page", type: "gin"), .rejected),
                ("c", Index(name: "i", field: "nothing", type: "btree"), .notFound),
            ]
            for (name, index, code) in wrong {
                await refuses(code) { try await store.indexing?.create(index, on: name) }
            }
            var shape = Sample.plain("b", dimension: 4001)
            shape.indexes = [
                Index(name: "i", field: "v", type: "HNSW", metric: .ip, params: ["M": 32, "efConstruction": 500])
            ]
            #expect(store.fit(shape, into: nil).verdicts.contains { $0.subject == "index i" && $0.grade == .lossy })
            shape.vectors[0].dimension = 2001
            let fit = store.fit(shape, into: nil)
            #expect(fit.collection.indexes[0].params == ["m": 32, "ef_construction": 500, "cast": "halfvec"])
            #expect(fit.verdicts.contains { $0.subject == "index i" && $0.detail.contains("halfvec(2001)") })
            await store.close()
        }
    }

    @Test func anIndexOverTooManyDimensionsStandsOnHalves() async throws {
        try await Database.temporary { database in
            // Else so few records are looked through without it.
            try await database.sql("ALTER DATABASE \"\(database.name)\" SET enable_seqscan = off")
            let store = try await database.store()
            try await store.create(Sample.plain("a", dimension: 3072))
            try await store.write(Sample.records(0..<200, dimension: 3072), to: "a", .first)
            let index = Index(name: "i", field: "v", type: "hnsw", metric: .l2, params: ["concurrently": true])
            try await store.indexing?.create(index, on: "a")
            var listed = index
            listed.params = ["cast": "halfvec"]
            #expect(try await store.describe("a").collection.indexes == [listed])
            var query: [UInt8] = []
            for place in 0..<3072 {
                query.append(littleEndian: Float(place == 0 ? 41.2 : place == 1 ? 1 : 0).bitPattern)
            }
            let hits = try await store.search?.nearest(
                Column(.dense(query)), count: 1, field: "v", in: "a", metric: nil, where: nil, limit: 3)
            #expect(hits?[0].map(\.key) == [.integer(41), .integer(42), .integer(40)])
            #expect(abs((hits?[0][0].score ?? 0) - 0.2) < 1e-3)
            // Its counters are seen when the connection has ended.
            await store.close()
            try await Task.sleep(for: .seconds(1))
            #expect(try await database.sql(Self.scans) == "1", "the index was used")
        }
    }

    private static let scans =
        "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'a_i'"

    @Test func searchIsByTheFieldsOfTheServer() async throws {
        try await Database.temporary { database in
            let store = try await database.store()
            let shape = Sample.everyType("every")
            try await store.create(shape)
            let lines = Sample.lines.filter { !$0.contains("\\u0000") }.map { $0.replacing("4294967295", with: "5") }
            let sent = try Sample.batch(lines, of: shape)
            try await store.write(sent, to: "every", .first)
            let memory = MemoryStore()
            try await memory.create(shape)
            try await memory.write(sent, to: "every", .first)
            let vectors: [(String, [Metric])] = [
                ("v_float32", [.l2, .ip, .cosine, .l1]), ("v_float16", [.l2, .l1]), ("v_int8", [.l2, .cosine]),
                ("v_binary", [.hamming, .jaccard]), ("v_sparse", [.ip, .l2, .cosine]), ("v_multi", [.cosine]),
            ]
            for (name, metrics) in vectors {
                guard let place = shape.vectors.firstIndex(where: { $0.name == name }) else { continue }
                let query = sent.rows([0]).vectors[place]
                for metric in metrics {
                    var answers: [[Hit]] = []
                    for store: any Store in [store, memory] {
                        answers +=
                            try await store.search?.nearest(
                                query, count: 1, field: name, in: "every", metric: metric, where: nil, limit: 2) ?? []
                    }
                    #expect(answers[0].map(\.key) == answers[1].map(\.key), "\(name) \(metric)")
                    #expect(
                        zip(answers[0], answers[1]).allSatisfy { abs($0.score - $1.score) < 1e-3 }, "\(name) \(metric)")
                }
            }
            await store.close()
        }
    }

    @Test func whatIsCalledAfterATableGoesWithIt() async throws {
        try await Database.temporary { database in
            let store = try await database.store()
            for name in ["docs", "docs_staging"] {
                try await database.sql(
                    """
                    CREATE TABLE \(name) (id serial PRIMARY KEY, n int CHECK (n > 0), v vector(2));
                    CREATE INDEX \(name)_v_idx ON \(name) USING hnsw (v vector_l2_ops); CREATE INDEX "else_\(name)" ON \(name) (n)
                    """)
            }
            let (old, new) = (
                try await store.describe("docs").identity, try await store.describe("docs_staging").identity
            )
            let move = Move(name: "docs", from: old, to: new, keepingOldAs: "docs_previous")
            try await store.generations?.swap([move])
            let names = try await database.sql(
                """
                SELECT indrelid::regclass || ' ' || indexrelid::regclass FROM pg_index WHERE indrelid::regclass::text LIKE 'docs%'
                UNION SELECT conrelid::regclass || ' ' || conname FROM pg_constraint WHERE conrelid::regclass::text LIKE 'docs%'
                UNION SELECT c.oid::regclass || ' ' || pg_get_serial_sequence(c.relname, 'id') FROM pg_class c
                    WHERE relname LIKE 'docs%' AND relkind = 'r' ORDER BY 1
                """)
            #expect(
                names == """
                    docs docs_id_not_null
                    docs docs_n_check
                    docs docs_pkey
                    docs docs_v_idx
                    docs else_docs_staging
                    docs public.docs_id_seq
                    docs_previous docs_previous_id_not_null
                    docs_previous docs_previous_n_check
                    docs_previous docs_previous_pkey
                    docs_previous docs_previous_v_idx
                    docs_previous else_docs
                    docs_previous public.docs_previous_id_seq
                    """)
            try await database.sql(
                "INSERT INTO docs (n) VALUES (1); INSERT INTO docs_previous (n) VALUES (1); DROP TABLE docs_previous")
            await store.close()
        }
    }
}
