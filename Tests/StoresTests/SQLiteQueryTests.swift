import Glibc
import Model
import TestSupport
import Testing

@testable import Stores

/// What SQLite answers itself: filters, indexes, nearest neighbours.
@Suite struct SQLiteQueryTests {
    private let folder = TemporaryFolder()
    private var path: String { folder.path("a.db") }

    @Test func filtersOnKeysOfEveryTypeMeanWhatTheReferenceMeans() async throws {
        let uuid = "550e8400-e29b-41d4-a716-446655440000"
        let keys: [(KeyType, [Key], [Scalar])] = [
            (.int64, [.integer(.min), .integer(0), .integer(.max)], [.integer(.max), .integer(-1), .natural(.max)]),
            (
                .uint64, [.integer(0), .integer(.max), .natural(1 << 63), .natural(.max)],
                [.integer(-1), .integer(.max), .natural(1 << 63), .natural(.max)]
            ),
            (.uuid, try #require(UUID(uuid.utf8)).keys, [.text(Text(uuid)), .text("6"), .text("550E")]),
            (
                .id, [.integer(7), .natural(.max)] + (try #require(UUID(uuid.utf8)).keys),
                [
                    .integer(7), .natural(.max), .text(Text(uuid)), .text("18446744073709551615"), .double(7),
                    .bool(true),
                ]
            ),
        ]
        let store = try await open(path)
        for (index, (type, keys, values)) in keys.enumerated() {
            let shape = Collection(name: "k\(index)", key: KeyField(type: type))
            try await store.create(shape)
            try await store.write(Batch(keys: keys), to: shape.name, .first)
            let filters = (values + [.null]).flatMap { value in
                Filter.Comparison.all.map { Filter.compare(field: "key", is: $0, to: value) }
            }
            try await check(filters + [.within(field: "id", values: values)], shape, Batch(keys: keys), store)
        }
    }

    @Test func likeAndTextCompareBytes() async throws {
        let shape = Collection(
            name: "t", key: KeyField(type: .int64), fields: [Field(name: "t", type: .text(maxLength: nil))])
        let texts: [[UInt8]?] = ["", "a", "A", "a\0b", "%", "é", "e\u{301}", "ab", "a%b", "文档"].map { Array($0.utf8) }
        var column = ColumnBuilder(.bytes)
        for text in texts { column.append(bytes: text ?? []) }
        column.append(missing: .null)
        column.append(missing: .absent)
        let batch = Batch(keys: (0..<Int64(texts.count + 2)).map(Key.integer), fields: [column.column()])
        let store = try await open(path)
        try await store.create(shape)
        try await store.write(batch, to: "t", .first)
        let patterns = [
            "", "%", "%%", "a%", "%b", "%\0%", "a\0%", "%\0b", "é", "e%", "%%%", "%a", "文%", "abc%", "%abc",
        ]
        let values: [Scalar] = ["", "a", "a\0", "é", "\u{10FFFF}"].map { .text($0) }
        var filters: [Filter] = patterns.map { .like(field: "t", pattern: Text($0)) }
        for value in values {
            filters += Filter.Comparison.all.map { Filter.compare(field: "t", is: $0, to: value) }
        }
        filters += [
            .exists(field: "t"), .within(field: "t", values: values + [.null]), .within(field: "t", values: []),
        ]
        filters += [.any(of: []), .all(of: []), .any(of: Array(repeating: filters[3], count: 3000))]
        filters += filters.map { .not(of: $0) }
        try await check(filters, shape, batch, store, isAnswered: true)
    }

    /// Every filter keeps the records that the reference keeps, page by page and when counted.
    private func check(
        _ filters: [Filter], _ shape: Collection, _ batch: Batch, _ store: any Store, isAnswered: Bool = false
    ) async throws {
        let reading = try await store.read(shape.name, at: nil)
        for (number, filter) in filters.enumerated() {
            guard let bound = try? BoundFilter(filter, shape) else {
                #expect(!reading.answers(filter), "\(filter) means nothing")
                continue
            }
            let expected = bound.rows(of: batch).map { batch.keys[$0] }.sorted()
            var found: [Key] = []
            for try await page in FilteredPages(reading, filter, budget: Budget(records: 2)) {
                found += page.batch.keys
            }
            #expect(found.sorted() == expected, "filter \(number)")
            #expect(try await reading.count(matching: filter) == expected.count, "filter \(number)")
            if isAnswered { #expect(reading.answers(filter), "filter \(number)") }
        }
        await reading.close()
    }

    @Test func onlyWhatIsExactIsAnswered() async throws {
        let store = try await open(path)
        try await store.create(Sample.everyType("every"))
        let reading = try await store.read("every", at: nil)
        let answered: [Filter] = [
            .compare(field: "f_int64", is: .less, to: .double(0.5)), .exists(field: "f_json"),
            .compare(field: "f_json", is: .equal, to: .null), .native(text: "f_int8 + 1 > 2"),
        ]
        let others: [Filter] = [
            .compare(field: "f_json.a", is: .equal, to: .integer(1)),
            .compare(field: "extra", is: .equal, to: .integer(1)),
            .compare(field: "f_json", is: .equal, to: .text("{}")),
            .compare(field: "f_int8", is: .equal, to: .text("1")),
            .compare(field: "f_double", is: .less, to: .natural(.max)),
            .any(of: [.exists(field: "f_int8"), .exists(field: "extra")]),
        ]
        for filter in answered { #expect(reading.answers(filter), "\(filter)") }
        for filter in others { #expect(!reading.answers(filter), "\(filter)") }
        await reading.close()
    }

    @Test func aNativeConditionIsSQLAndCannotLeaveItsBrackets() async throws {
        let store = try await open(path)
        try await filled(store)
        let reading = try await store.read("a", at: nil)
        #expect(try await reading.count(.native(text: "page % 2 = 0 -- even")) == 50)
        #expect(try await reading.count(.not(of: .native(text: "NULL"))) == 100)
        for text in [
            "1) OR (1", "1; DROP TABLE a", "\"no such column\" = 1", "1 LIMIT 1", "1 /*",
        ] {
            do {
                _ = try await reading.count(.native(text: text))
                Issue.record("counted by \(text)")
            } catch { #expect(error.code == .rejected, "\(error)") }
        }
        await reading.close()
    }

    @Test func aTaskThatIsCancelledStopsALongStatement() async throws {
        let store = try await open(path)
        try await filled(store)
        let reading = try await store.read("a", at: nil)
        let endless = "(WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n) > 0"
        let task = Task { try await reading.count(.native(text: endless)) }
        try await Task.sleep(for: .milliseconds(20))
        task.cancel()
        await refuses(.cancelled) { _ = try await task.value }
        #expect(try await reading.count(nil) == 100)
        await reading.close()
        await refuses(.expired) { _ = try await reading.count(nil) }
    }

    @Test func indexesAreRealAndUsed() async throws {
        let store = try await open(path)
        try await filled(store)
        let indexing = try #require(store.indexing)
        try await indexing.create(Index(name: "by page", field: "page", type: "btree"), on: "a")
        try await indexing.create(Index(name: "all", field: "v", type: "flat", metric: .l2), on: "a")
        await refuses(.unsupported) { try await indexing.create(Index(name: "h", field: "v", type: "hnsw"), on: "a") }
        await refuses(.rejected) { try await indexing.create(Index(name: "h", field: "v", type: "btree"), on: "a") }
        #expect(try await store.describe("a").states["by page"]?.indexed == 100)
        let file = try SQLiteFile(path: path).connect()
        func plan(_ sql: String) throws -> String {
            try file.rows("EXPLAIN QUERY PLAN " + sql) { $0.string(3) }.joined(separator: " ")
        }
        let table = try file.table("a")
        let equal = Filter.compare(field: "page", is: .equal, to: .integer(3))
        let less = Filter.compare(field: "page", is: .less, to: .integer(3))
        func sql(_ filter: Filter) throws -> String {
            let condition = try #require(SQLiteFilter(table, isOrdered: true).condition(filter))
            return "SELECT id, v FROM a WHERE id >= 0 AND id <= 50 AND \(condition.sql) ORDER BY id LIMIT 10"
        }
        #expect(try plan(sql(equal)).contains("a_by page") && !plan(sql(equal)).contains("TEMP B-TREE"))
        #expect(try !plan(sql(less)).contains("a_by page") && !plan(sql(less)).contains("TEMP B-TREE"))
        #expect(try plan("SELECT count(*) FROM a").contains("COVERING INDEX"))
        #expect(try plan("SELECT id FROM a WHERE id >= 5 ORDER BY id LIMIT 1 OFFSET 9").contains("COVERING INDEX"))
        try await store.renaming?.rename("a", to: "b")
        try await indexing.drop(index: "by page", on: "b")
        #expect(try file.number("SELECT count(*) FROM sqlite_schema WHERE name LIKE '%by page%'") == 0)
    }

    @Test func aFitKeepsTheIndexesThatCanBeBuilt() async throws {
        var shape = Sample.plain("a")
        shape.indexes = [
            Index(name: "p", field: "page", type: "btree"), Index(name: "h", field: "v", type: "hnsw", metric: .l2),
        ]
        let store = try await open(path)
        let fit = store.fit(shape, into: nil)
        #expect(fit.collection.indexes.map(\.name) == ["p"])
        #expect(fit.verdicts.filter { $0.grade == .lossy }.map(\.subject) == ["index h"])
        try await store.create(shape)
        try await store.create(shape)
        #expect(try await store.describe("a").collection == fit.collection)
    }

    @Test(arguments: [Metric.l2, .ip, .cosine, .l1])
    func nearestNeighboursAreThoseOfAnExactSearch(_ metric: Metric) async throws {
        var shape = Sample.plain("a", dimension: 3, metric: metric)
        shape.key.type = .id
        shape.vectors[0].isNullable = true
        var builder = BatchBuilder(shape)
        for number in 0..<300 {
            let values = [Float(number % 5), Float(number % 3), number % 7 == 0 ? 0 : 1]
            let key: Key =
                number % 3 == 0
                ? .integer(Int64(number)) : number % 3 == 1 ? .natural(.max - UInt64(number)) : .uuid(.random())
            builder.keys.append(key)
            builder.fields[0].append(Int64(number % 4))
            if number % 11 == 0 {
                builder.vectors[0].append(missing: .null)
            } else {
                builder.vectors[0].append(dense: values.flatMap { $0.bitPattern.littleEndianBytes })
            }
        }
        let store = try await open(path)
        try await store.create(shape)
        try await store.write(builder.batch(), to: "a", .first)
        let queries = Column(.dense([1, 0, 1].flatMap { Float($0).bitPattern.littleEndianBytes }))
        let reading = try await store.read("a", at: nil)
        for filter in [nil, Filter.compare(field: "page", is: .greater, to: .integer(1))] {
            let expected = try await ExactSearch(reading)
                .nearest(queries, count: 1, field: "v", metric: nil, where: filter, limit: 40)
            let found = try await store.search?.nearest(
                queries, count: 1, field: "v", in: "a", metric: nil, where: filter, limit: 40)
            #expect(found == expected && expected[0].count == 40)
        }
        await reading.close()
    }
}

extension Filter.Comparison {
    fileprivate static let all: [Filter.Comparison] = [
        .equal, .unequal, .less, .lessOrEqual, .greater, .greaterOrEqual,
    ]
}

extension UUID {
    /// This one and two that sort around it.
    fileprivate var keys: [Key] { [.uuid(self), .uuid(UUID(high: 0, low: 1))] }
}

extension UInt32 {
    fileprivate var littleEndianBytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: self)
        return bytes
    }
}
