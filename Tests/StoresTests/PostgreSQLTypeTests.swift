import Foundation
import JSON
import Model
import TestSupport
import Testing

@testable import Stores

/// Tables that people have made, whatever is in them.
@Suite(.needs(.newest)) struct PostgreSQLTypeTests {
    @Test(arguments: [(#"Every "Type"#, everyType), ("rest", rareTypes)])
    func everyTypeGoesFromTableToTable(_ table: String, _ statements: String) async throws {
        try await Database.temporary { database in
            try await database.sql(statements)
            let store = try await database.store()
            var shape = try await store.describe(table).collection
            shape.name = "copy"
            let fit = store.fit(shape, into: nil)
            #expect(!fit.verdicts.contains { $0.grade > .converted }, "\(fit.verdicts)")
            try await store.create(fit.collection)
            let there = try await store.describe("copy").collection
            #expect(there.json.text == fit.collection.json.text)
            let batch = try await store.everything(in: table)
            try await store.write(batch, to: "copy", .first)
            try await store.write(batch, to: "copy", .again)
            // Columns may stand in another order.
            let names = try await database.sql(
                "SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = 'copy'::regclass AND attnum > 0")
            for name in names.split(separator: "\n") {
                let both = [#""\#(table.replacing("\"", with: "\"\""))""#, "copy"].map {
                    "SELECT t.id, \(name)::text FROM \($0) t ORDER BY t.id"
                }
                let (before, after) = (try await database.sql(both[0]), try await database.sql(both[1]))
                #expect(after == before, "\(name)")
            }
            await store.close()
        }
    }

    private static let everyType = """
        CREATE TYPE mood AS ENUM ('sad', 'it''s fine', 'Ärger');
        CREATE DOMAIN positive AS int CHECK (value > 0);
        CREATE TYPE pair AS (a int, b text);
        CREATE TABLE "Every ""Type" (
            id int PRIMARY KEY, b bool, i2 smallint, i4 int, i8 bigint, f4 real, f8 double precision, n numeric,
            n2 numeric(10,2), t text, v varchar(5), c char(3), nm name, by bytea, ts timestamp, tz timestamptz(3), d date,
            tm time, ttz timetz, iv interval, u uuid, ip inet, cd cidr, mc macaddr, r int4range, tr tstzrange,
            q tsvector, m mood, p positive, co pair, pt point, bx box, j json, jb jsonb, mo money, o oid, b1 bit(1),
            vb varbit, ia int[], ta text[], ua uuid[], na numeric[], tza timestamptz[], fa float8[], ba bool[],
            em mood[], em2 vector, half halfvec(3), sp sparsevec(9), bits bit(10), "MiXed ""q" text,
            abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk int
        );
        INSERT INTO "Every ""Type" VALUES (1, true, -32768, -2147483648, -9223372036854775808, 0.1, 0.1,
            123456789012345678901234567890.12345678901234567890, -0.10, 'Größe', 'äöüßé', 'ab', 'name', '\\x00ff27',
            '2024-02-29 12:34:56.789012', '2024-02-29 12:34:56.789+05:30', '0044-03-15 BC', '23:59:59.999999',
            '04:05:06.789-08', '1 year 2 mons -3 days 04:05:06.7', '550e8400-e29b-41d4-a716-446655440000', '::1/64',
            '10.0.0.0/8', '08:00:2b:01:02:03', '[1,10)', '[2024-01-01,)', '''a'':1 ''b'':2', 'it''s fine', 7,
            '(1,"x,""y")', '(1.5,-2)', '(1,1),(0,0)', '{"b": 1,  "a": 1.50, "a": 2}', '{"b": 1, "a": 1.50}',
            '12.34', 4294967295, B'1', B'10110', '{1,NULL,-3}', '{"a b","",NULL,"q\\"\\\\","NULL"}',
            '{550e8400-e29b-41d4-a716-446655440000}', '{1.10,NaN}', '{2024-01-01 00:00:00+00}', '{1.5,-0,1e300}',
            '{t,f,NULL}', '{sad,"it''s fine"}', '[1,2,3]', '[1,0.5,-2]', '{1:1.5,9:-2}/9', B'1010000011', 'q', 1);
        INSERT INTO "Every ""Type" (id) VALUES (2);
        INSERT INTO "Every ""Type" (id, t, v, c, by, ia, ta, j, jb, n, n2, f8, mo, em2) VALUES
            (3, '', '', '', '', '{}', '{}', '""', '[]', 'NaN', 99999999.99, 1e-320, '-0.01', '[0,-0,1e-40]');
        INSERT INTO "Every ""Type" (id, tz, ts, d, n, iv) VALUES
            (4, '294000-12-31 23:59:59.999', 'infinity', '-infinity', 'Infinity', '-1 year');
        """

    private static let rareTypes = """
        CREATE TABLE rest (
            id int PRIMARY KEY, ln line, ls lseg, pa path, po polygon, ci circle, m8 macaddr8, tq tsquery, jp jsonpath,
            mr int4multirange, dr daterange, nr numrange, pl pg_lsn, ch "char", bp bpchar, x8 xid8, xi xid, rc regclass,
            sn pg_snapshot, vb varbit(7), iva interval[], bya bytea[], jba jsonb[], bta bit(3)[], pta point[], da date[]
        );
        INSERT INTO rest VALUES (1, '{1,-1,0}', '[(0,0),(1,1)]', '((0,0),(1,2),(2,0))', '((0,0),(1,2),(2,0))',
            '<(1,2),3.5>', '08:00:2b:01:02:03:04:05', '''a'' & !''b''', '$.a[*]?(@.b > 1)', '{[1,3),[5,7)}',
            '[2024-01-01,2024-02-01)', '(1.5,)', '16/B374D848', 'x', 'ab ', '18446744073709551615', '7', 'pg_class',
            '10:20:10,14,15', B'101', ARRAY[interval '1 year 2 mons', NULL], ARRAY['\\x00ff'::bytea, ''],
            ARRAY['{"a": [1, 2]}'::jsonb], ARRAY[B'101', B'000'], ARRAY[point(1, 2)], ARRAY[date '2024-02-29', NULL]);
        INSERT INTO rest (id) VALUES (2);
        """

    @Test func whatCannotBeReadIsNamed() async throws {
        try await Database.temporary { database in
            try await database.sql(
                """
                CREATE TABLE a (id int PRIMARY KEY, tz timestamptz); INSERT INTO a VALUES (1, now()), (77, 'infinity');
                CREATE TABLE b (id int PRIMARY KEY, ia int[]); INSERT INTO b VALUES (77, '{{1,2},{3,4}}');
                CREATE TABLE c (id int PRIMARY KEY, ia int[]); INSERT INTO c VALUES (77, '[0:1]={1,2}');
                CREATE TABLE d (id int PRIMARY KEY, v vector); INSERT INTO d VALUES (1, '[1,2]'), (77, '[1,2,3]');
                CREATE TABLE e (id int PRIMARY KEY, payload jsonb); INSERT INTO e VALUES (77, '[1]');
                """)
            let store = try await database.store()
            for name in ["a", "b", "c", "d", "e"] {
                do {
                    _ = try await store.everything(in: name)
                    Issue.record("\(name) was read")
                } catch let error as StoreError {
                    #expect(error.code == .malformed && error.message.contains("record 77"), "\(error)")
                }
            }
            await store.close()
        }
    }

    @Test func keysAreWhatTheTableHas() async throws {
        try await Database.temporary { database in
            try await database.sql(
                """
                CREATE TABLE none (a int); INSERT INTO none VALUES (1), (1);
                CREATE TABLE uni (a text, b int NOT NULL UNIQUE, c int NOT NULL UNIQUE); INSERT INTO uni VALUES ('x', 1, 2);
                CREATE TABLE several (ws text, id int, t text, PRIMARY KEY (ws, id));
                INSERT INTO several VALUES ('a "b"', 1, 'x'), ('c', 2, 'y');
                CREATE TABLE always (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, t text,
                    twice text GENERATED ALWAYS AS (t || t) STORED);
                """)
            let store = try await database.store()
            #expect(try await store.collections() == ["always", "none", "several", "uni"])
            let none = try await store.read("none", at: nil)
            #expect(try await none.count(nil) == 2)
            await refuses(.unsupported) { _ = try await none.page(Scan()) }
            await none.close()
            #expect(try await store.describe("uni").collection.key.name == "b")
            let several = try await store.everything(in: "several")
            #expect(several.keys == [.text(#"["a \"b\"", "1"]"#), .text(#"["c", "2"]"#)])
            let reading = try await store.read("several", at: nil)
            #expect(try await reading.fetch([several.keys[0]], .all) == several.rows([0]))
            await reading.close()
            #expect(try await store.delete([several.keys[0]], from: "several") == 1)
            let shape = try await store.describe("always").collection
            let line = #"{"key":7,"vectors":{},"fields":{"t":"ab","twice":null}}"#
            for attempt: Attempt in [.first, .again] {
                try await store.write(Sample.batch([line], of: shape), to: "always", attempt)
            }
            #expect(try await database.sql("SELECT * FROM always") == "7|ab|abab")
            await store.close()
        }
    }

    @Test func aKeyOfSeveralColumnsIsWrittenWhereItsColumnsSayTheSame() async throws {
        try await Database.temporary { database in
            try await database.sql(
                """
                CREATE TABLE several (ws text, at date, id int, t text, v vector(2), n numeric, PRIMARY KEY (ws, at, id));
                INSERT INTO several VALUES ('a "b"', '2024-02-29', 1, 'x', '[1,2]', 1.50), ('', '0044-03-15 BC', 2, 'y', NULL, NULL)
                """)
            let rows = "SELECT string_agg(several::text, ' ' ORDER BY id) FROM several"
            let store = try await database.store()
            let shape = try await store.describe("several").collection
            #expect(shape.key.name == "ws+at+id")
            let all = try await store.everything(in: "several")
            let before = try await database.sql(rows)
            try await database.sql("DELETE FROM several")
            for attempt: Attempt in [.first, .again] {
                try await store.write(all, to: "several", attempt)
                #expect(try await database.sql(rows) == before)
            }
            @Sendable func record(_ key: String, _ fields: String) throws -> Batch {
                try Sample.batch([#"{"key":\#(key),"vectors":{"v":[0,1]},"fields":{\#(fields)}}"#], of: shape)
            }
            let key = ##""[\"c\", \"2024-01-01\", \"3\"]""##
            let wrong = [#""ws":"c","at":"2024-01-01","id":4"#, #""ws":"d","at":"2024-01-01","id":3"#]
            for fields in wrong {
                await refuses(.rejected) { try await store.write(record(key, fields), to: "several", .first) }
            }
            for text in ["p", "q"] {
                let fields = #""ws":"c","at":"2024-01-01","id":3,"t":"\#(text)""#
                try await store.write(record(key, fields), to: "several", .first)
            }
            #expect(try await database.sql("SELECT count(*), string_agg(t, ' ' ORDER BY id) FROM several") == "3|x y q")
            await store.close()
        }
    }

    @Test func namesAndSchemasAreFound() async throws {
        try await Database.temporary { database in
            try await database.sql(
                """
                CREATE SCHEMA "My Schema"; CREATE TABLE "My Schema"."T.a" (id int PRIMARY KEY);
                CREATE TABLE part (id int PRIMARY KEY) PARTITION BY RANGE (id);
                CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (50);
                CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (50) TO (100);
                INSERT INTO part SELECT generate_series(0, 99);
                """)
            let store = try await database.store()
            #expect(try await store.collections() == ["My Schema.T.a", "part"])
            #expect(try await store.everything(in: "part").count == 100)
            let reading = try await store.read("part", at: nil)
            var keys: [Key] = []
            for slice in try await reading.slices(atMost: 3) {
                for try await page in FilteredPages(reading, nil, slice: slice, budget: Budget(records: 7)) {
                    keys += page.batch.keys
                }
            }
            #expect(keys.sorted() == (0..<100).map { .integer($0) })
            await reading.close()
            try await store.create(Sample.plain("My Schema.docs"))
            try await store.write(Sample.records(0..<3), to: "My Schema.docs", .again)
            #expect(try await database.sql(#"SELECT count(*) FROM "My Schema".docs"#) == "3")
            try await store.renaming?.rename("My Schema.docs", to: "My Schema.docs2")
            await refuses(.unsupported) { try await store.renaming?.rename("My Schema.docs2", to: "docs2") }
            let long = String(repeating: "ä", count: 40)
            await refuses(.rejected) { try await store.create(Sample.plain(long)) }
            #expect(store.fit(Sample.plain(long), into: nil).verdicts.contains { $0.grade == .impossible })
            var shape = Sample.plain("long")
            shape.fields = ["x", "y"].map { Field(name: long + $0, type: .int64) }
            try await store.create(shape)
            #expect(try await store.describe("long").collection == shape)
            let other = try await database.store(["schema": "My Schema"])
            #expect(try await other.collections().contains("T.a"))
            await other.close()
            await store.close()
        }
    }

    @Test func aColumnOfTheNamePayloadIsOpen() async throws {
        try await Database.temporary { database in
            try await database.sql(
                """
                CREATE TABLE a (id text PRIMARY KEY, payload jsonb NOT NULL, v vector(2));
                COMMENT ON COLUMN a.v IS 'what people say of it'; INSERT INTO a VALUES ('x', '{"b": {"c d": "e  f"}}', '[1,2]')
                """)
            let store = try await database.store()
            let shape = try await store.describe("a").collection
            #expect(shape.isOpen && shape.fields.isEmpty && shape.vectors[0].metric == nil)
            let lines = [
                #"{"key":"x","vectors":{"v":[1,2]},"fields":{"b":{"c d":"e  f"}}}"#,
                #"{"key":"y","vectors":{"v":null},"fields":{}}"#,
            ]
            #expect(try await store.everything(in: "a").lines(of: shape) == [lines[0]])
            try await store.write(Sample.batch([lines[1]], of: shape), to: "a", .first)
            #expect(try await store.everything(in: "a").lines(of: shape) == lines)
            await store.close()
        }
    }

    @Test func filtersLookIntoTypesOfTheServer() async throws {
        try await Database.temporary { database in
            try await database.sql(
                """
                CREATE TABLE a (id uuid PRIMARY KEY, n numeric, c char(5), f float8, u uuid, d date);
                INSERT INTO a VALUES ('00000000-0000-0000-0000-000000000001', 1.10, 'ab', 'NaN', null, '2024-01-01'),
                    ('00000000-0000-0000-0000-000000000002', 2, 'ab ', 1.5, '550e8400-e29b-41d4-a716-446655440000', null)
                """)
            let store = try await database.store()
            let shape = try await store.describe("a").collection
            let batch = try await store.everything(in: "a")
            let reading = try await store.read("a", at: nil)
            for (field, value) in [
                ("n", Scalar.text("1.10")), ("n", .text("1.1")), ("c", .text("ab")), ("c", .text("ab ")),
                ("f", .double(1.5)), ("f", .integer(0)), ("u", .text("550e8400-e29b-41d4-a716-446655440000")),
                ("u", .text("550E8400-e29b-41d4-a716-446655440000")), ("d", .text("2024-01-01")),
                ("id", .text("00000000-0000-0000-0000-000000000001")), ("id", .null), ("n", .null),
            ] {
                for comparison: Filter.Comparison in [.equal, .unequal, .less, .greaterOrEqual] {
                    let filter = Filter.compare(field: field, is: comparison, to: value)
                    let expected = try BoundFilter(filter, shape).rows(of: batch).count
                    #expect(try await reading.count(matching: filter) == expected, "\(filter)")
                }
            }
            #expect(try await reading.count(matching: .native(text: "d < '2025-01-01' -- and so on")) == 1)
            for text in ["true); DROP TABLE a; SELECT (true", "1", "nothing = 1", "true) OR (true"] {
                await #expect(throws: StoreError.self) { _ = try await reading.count(matching: .native(text: text)) }
            }
            await reading.close()
            await store.close()
        }
    }
}
