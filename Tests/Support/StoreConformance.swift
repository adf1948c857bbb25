import Model
import Testing

/// One thing that every store must do, whatever database is behind it.
///
/// A rule gets an empty store and uses collections of its own.
package struct Conformance: Sendable, CustomTestStringConvertible {
    package var testDescription: String
    package var check: @Sendable (any Store) async throws -> Void

    init(_ rule: String, _ check: @escaping @Sendable (any Store) async throws -> Void) {
        testDescription = rule
        self.check = check
    }

    package static let all = shapes + records + reads + names + generations
}

// MARK: Shapes

extension Conformance {
    static let shapes = [
        Conformance("create is idempotent, and conflicts with another shape") { store in
            let first = try await store.create(Sample.plain("a"))
            #expect(try await store.create(Sample.plain("a")) == first)
            await refuses(.conflict) { try await store.create(Sample.plain("a", dimension: 3)) }
            #expect(try await store.describe("a").collection.vectors[0].dimension == 2)
        },
        Conformance("an altered vector has its new dimension, no value, and takes new ones") { store in
            guard let altering = store.altering else { return }
            try await store.create(Sample.plain("a"))
            try await store.write(Sample.records(0..<10), to: "a", .first)
            try await store.settle("a")
            let vector = VectorField(name: "v", dimension: 3, metric: .l2)
            try await altering.alter(.vector(vector), of: "a")
            let made = try await store.describe("a").collection.vectors[0]
            #expect(made.dimension == 3 && made.isNullable && made.metric == .l2)
            let records = try await store.everything(in: "a")
            #expect(records.count == 10)
            #expect((0..<10).allSatisfy { records.vectors[0].mark($0) != .value })
            try await store.write(Sample.records(0..<5, dimension: 3), to: "a", .again)
            try await store.settle("a")
            #expect(try await store.everything(in: "a").vectors[0].marks.count { $0 == .value } == 5)
            await refuses(.notFound) {
                try await altering.alter(.vector(VectorField(name: "nope", dimension: 3)), of: "a")
            }
        },
        Conformance("describe gives back what fit promised") { store in
            let shapes = [Sample.plain("a"), Sample.everyType("every"), Sample.plain("no metric", metric: nil)]
            for shape in shapes where store.holds(shape) {
                let fit = store.fit(shape, into: nil)
                #expect(store.fit(fit.collection, into: nil).collection == fit.collection)
                try await store.create(fit.collection)
                var made = try await store.describe(shape.name).collection
                // What its engine alone has may say more than was asked for.
                if fit.collection.native.isEmpty { made.native = [:] }
                #expect(made == fit.collection)
            }
        },
        Conformance("a vector and a field may share a name, and the key's name may be anyone's") { store in
            var shape = Sample.plain("a")
            shape.fields = [Field(name: "v", type: .text(maxLength: nil)), Field(name: "id", type: .int64)]
            guard store.holds(shape) else { return }
            try await store.create(shape)
            let line = #"{"key":1,"vectors":{"v":[1,2]},"fields":{"v":"text","id":7}}"#
            try await store.write(Sample.batch([line], of: shape), to: "a", .first)
            #expect(try await store.everything(in: "a").lines(of: shape) == [line])
        },
        Conformance("names are kept as they are written") { store in
            let names = ["a b", "Größe", "a\"b'c", "select", "A", "a", "文档", "a.b-c_d"]
            let held = names.filter { store.holds(Sample.plain($0)) }
            for name in held { try await store.create(Sample.plain(name)) }
            for name in names where !held.contains(name) {
                await refuses(.unsupported) { try await store.create(Sample.plain(name)) }
            }
            #expect(try await store.collections() == held.sorted { Text($0) < Text($1) })
            try await store.drop("a", being: nil)
            #expect(try await store.describe("A").collection.name == "A")
        },
        Conformance("collections without vectors, and with several") { store in
            var bare = Sample.plain("bare")
            bare.vectors = []
            guard store.holds(bare) else { return }
            try await store.create(bare)
            let line = #"{"key":1,"vectors":{},"fields":{"page":5}}"#
            try await store.write(Sample.batch([line], of: bare), to: "bare", .first)
            #expect(try await store.everything(in: "bare").lines(of: bare) == [line])
        },
        Conformance("dropped is gone; what is not there is not found") { store in
            let identity = try await store.create(Sample.plain("a"))
            await refuses(.conflict) { try await store.drop("a", being: Identity("another")) }
            try await store.drop("a", being: identity)
            try await store.drop("a", being: nil)
            #expect(try await store.collections() == [])
            await refuses(.notFound) { _ = try await store.describe("a") }
            await refuses(.notFound) { _ = try await store.read("a", at: nil) }
            await refuses(.notFound) { try await store.write(Sample.records(0..<1), to: "a", .first) }
            #expect(try await store.create(Sample.plain("a")) != identity)
        },
    ]
}

// MARK: Records

extension Conformance {
    static let records = [
        Conformance("every type comes back as it was sent: null, absent and empty told apart") { store in
            let shape = Sample.everyType("every")
            try await store.create(shape)
            let sent = try Sample.batch(Sample.heldLines, of: shape)
            try await store.write(sent, to: "every", .first)
            try await store.settle("every")
            let back = store.comparable(try await store.everything(in: "every").lines(of: shape), shape)
            let expected = store.comparable(store.kept(sent, shape).lines(of: shape), shape)
            #expect(back.count == expected.count)
            for (back, expected) in zip(back, expected) { #expect(back == expected) }
        },
        Conformance("keys of every type, canonically equal texts apart") { store in
            let spellings: [(KeyType, [String])] = [
                (.int64, ["-9223372036854775808", "0", "9223372036854775807"]),
                (.uint64, ["0", "9223372036854775808", "18446744073709551615"]),
                (.uuid, [#""550e8400-e29b-41d4-a716-446655440000""#]),
                (.id, ["7", "18446744073709551615", #""550e8400-e29b-41d4-a716-446655440000""#]),
                (.text(maxLength: nil), [#""""#, #""é""#, "\"e\u{301}\"", #""7""#, #""\u0000""#]),
            ]
            for (index, (type, keys)) in spellings.enumerated() {
                var shape = Sample.plain("keys\(index)")
                shape.key.type = type
                guard store.holds(shape) else {
                    await refuses(.unsupported) { [shape] in try await store.create(shape) }
                    continue
                }
                try await store.create(shape)
                let lines = keys.map { #"{"key":\#($0),"vectors":{"v":[1,2]},"fields":{"page":1}}"# }
                let batch = try Sample.batch(lines.compactMap(Sample.limits.held), of: shape)
                try await store.write(batch, to: shape.name, .first)
                #expect(try await store.everything(in: shape.name).lines(of: shape) == batch.lines(of: shape))
                let reading = try await store.read(shape.name, at: nil)
                #expect(Set(try await reading.fetch(batch.keys, .keys).keys) == Set(batch.keys))
                await reading.close()
                #expect(try await store.delete(batch.keys, from: shape.name) == batch.count)
            }
        },
        Conformance("writing twice is writing once") { store in
            try await store.create(Sample.plain("a"))
            try await store.write(Sample.records(0..<25), to: "a", .first)
            try await store.write(Sample.records(10..<30), to: "a", .again)
            try await store.write(Sample.records(10..<30), to: "a", .again)
            try await store.settle("a")
            let back = try await store.everything(in: "a")
            #expect(back.keys.sorted() == (0..<30).map { .integer(Int64($0)) })
            #expect(back.lines(of: Sample.plain("a")) == Sample.records(0..<30).lines(of: Sample.plain("a")))
        },
        Conformance("a record written again is replaced whole") { store in
            let shape = Sample.everyType("every")
            try await store.create(shape)
            let lines = [
                Sample.lines[0], #"{"key":"full","vectors":{"v_int8":[1,1,1,1,1,1,1,1]},"fields":{"f_int8":1}}"#,
            ].compactMap(Sample.limits.held)
            for line in lines { try await store.write(Sample.batch([line], of: shape), to: "every", .again) }
            let expected = store.kept(try Sample.batch([lines[1]], of: shape), shape).lines(of: shape)
            #expect(try await store.everything(in: "every").lines(of: shape) == expected)
        },
        Conformance("two records of one key in one batch: the last stays") { store in
            let shape = Sample.plain("a")
            try await store.create(shape)
            let lines = [1, 2].map { #"{"key":7,"vectors":{"v":[\#($0),0]},"fields":{"page":\#($0)}}"# }
            try await store.write(Sample.batch(lines, of: shape), to: "a", .again)
            #expect(try await store.everything(in: "a").lines(of: shape) == [lines[1]])
        },
        Conformance("a batch that is refused leaves nothing behind, and is named") { store in
            try await store.create(Sample.plain("a"))
            var notFinite = Sample.records(0..<3)
            notFinite.vectors[0] = Column(.dense([UInt8](repeating: 0xFF, count: 24)))
            await refuses(.rejected) { [notFinite] in try await store.write(notFinite, to: "a", .first) }
            await refuses(.rejected) { try await store.write(Sample.records(0..<3, dimension: 3), to: "a", .first) }
            var textKey = Sample.records(0..<3)
            textKey.keys[1] = .text("x")
            await refuses(.rejected) { [textKey] in try await store.write(textKey, to: "a", .first) }
            #expect(try await store.everything(in: "a").count == 0)
        },
        Conformance("what a store cannot hold it refuses, and names the record") { store in
            let shape = Sample.everyType("every")
            try await store.create(shape)
            for line in Sample.lines where Sample.limits.held(line) == nil {
                let batch = try Sample.batch([Sample.heldLines[1], line], of: shape)
                for attempt: Attempt in [.first, .again] {
                    do throws(StoreError) {
                        try await store.write(batch, to: "every", attempt)
                        Issue.record("written: \(line)")
                    } catch { #expect(error.code == .rejected && error.rows == [1], "\(error)") }
                }
            }
            #expect(try await store.everything(in: "every").count == 0)
        },
        Conformance("delete removes by key, and passes over what is not there") { store in
            try await store.create(Sample.plain("a"))
            try await store.write(Sample.records(0..<10), to: "a", .first)
            #expect(try await store.delete([.integer(3), .integer(99), .integer(4)], from: "a") == 2)
            try await store.settle("a")
            #expect(try await store.everything(in: "a").count == 8)
            try await store.write(Sample.records(3..<4), to: "a", .first)
            #expect(try await store.everything(in: "a").count == 9)
        },
    ]
}

// MARK: Reads

extension Conformance {
    static let reads = [
        Conformance("a scan resumes after any page that it handed out, whatever was asked in between") { store in
            try await filled(store)
            let reading = try await store.read("a", at: nil)
            var scan = Scan(budget: Budget(records: 7, bytes: .max))
            var pages: [(Cursor?, Page)] = []
            while let page = try await reading.page(scan) {
                pages.append((scan.slice.after, page))
                scan.slice.after = page.end
            }
            #expect(pages.flatMap(\.1.batch.keys).sorted() == (0..<100).map { .integer(Int64($0)) })
            for (after, page) in pages.shuffled() {
                scan.slice.after = after
                #expect(try await reading.page(scan) == page)
            }
            await reading.close()
        },
        Conformance("slices hold every record once") { store in
            try await filled(store)
            let reading = try await store.read("a", at: nil)
            for count in [1, 2, 3, 8, 1000] {
                var keys: [Key] = []
                let slices = try await reading.slices(atMost: count)
                #expect(slices.count <= count && slices.map(\.index) == Array(slices.indices))
                for slice in slices {
                    for try await page in FilteredPages(reading, nil, slice: slice, budget: Budget(records: 9)) {
                        keys += page.batch.keys
                    }
                }
                #expect(keys.sorted() == (0..<100).map { .integer(Int64($0)) })
            }
            await reading.close()
        },
        Conformance("a budget of bytes is kept; a record above it comes alone") { store in
            try await filled(store)
            let reading = try await store.read("a", at: nil)
            var scan = Scan(budget: Budget(records: .max, bytes: 1))
            var count = 0
            while let page = try await reading.page(scan) {
                #expect(page.batch.count <= 1)
                count += page.batch.count
                scan.slice.after = page.end
            }
            #expect(count == 100)
            await reading.close()
        },
        Conformance("a projection reads what it names and nothing else") { store in
            try await filled(store)
            let keys = try await store.everything(in: "a", wanted: .keys)
            #expect(keys.count == 100 && keys.vectors.isEmpty && keys.fields.isEmpty)
            let pages = try await store.everything(in: "a", wanted: Projection(vectors: [], fields: ["page"]))
            #expect(pages.vectors.isEmpty && pages.fields.count == 1)
        },
        Conformance("a reading does not see what is written after it was opened") { store in
            guard store.facts.moment != .none else { return }
            try await filled(store)
            let reading = try await store.read("a", at: nil)
            try await store.write(Sample.records(100..<120), to: "a", .first)
            try await store.delete([.integer(5)], from: "a")
            try await store.settle("a")
            #expect(try await reading.count(nil) == 100)
            var keys: [Key] = []
            for try await page in FilteredPages(reading, nil) { keys += page.batch.keys }
            #expect(keys.count == 100)
            await reading.close()
            #expect(try await store.everything(in: "a").count == 119)
        },
        Conformance("a revision, where there is one, tells contents apart that are equally many") { store in
            func revision() async throws -> String? {
                let reading = try await store.read("a", at: nil)
                await reading.close()
                return reading.revision
            }
            try await filled(store)
            guard let first = try await revision() else { return }
            #expect(try await revision() == first)
            try await store.delete([.integer(5)], from: "a")
            try await store.settle("a")
            let second = try await revision()
            try await store.write(Sample.records(5..<6), to: "a", .first)
            try await store.settle("a")
            let third = try await revision()
            #expect(Set([first, second, third]).count == 3)
            #expect(try await revision() == third)
        },
        Conformance("fetch finds by key, in any order, and leaves out what is not there") { store in
            try await filled(store)
            let reading = try await store.read("a", at: nil)
            let found = try await reading.fetch([.integer(50), .integer(999), .integer(3), .integer(50)], .all)
            #expect(
                found.lines(of: Sample.plain("a"))
                    == [3, 50].flatMap { Sample.records($0..<$0 + 1).lines(of: Sample.plain("a")) }.sorted())
            #expect(try await reading.fetch([], .all).count == 0)
            await reading.close()
        },
        Conformance("filters mean what the reference means") { store in
            let shape = Sample.everyType("every")
            try await store.create(shape)
            let sent = try Sample.batch(Sample.heldLines, of: shape)
            try await store.write(sent, to: "every", .first)
            try await store.settle("every")
            let batch = store.kept(sent, shape)
            let reading = try await store.read("every", at: nil)
            for filter in Sample.filters where reading.description.collection.compares(filter, like: shape) {
                let expected = try BoundFilter(filter, shape).rows(of: batch).map { batch.keys[$0] }
                var found: [Key] = []
                for try await page in FilteredPages(reading, filter, wanted: .keys) { found += page.batch.keys }
                #expect(found.sorted() == expected.sorted(), "\(filter)")
                #expect(try await reading.count(matching: filter) == expected.count, "\(filter)")
            }
            await reading.close()
        },
        Conformance("search finds the nearest, by metric and filter") { store in
            guard let search = store.search else { return }
            try await filled(store)
            try await store.settle("a")
            var query: [UInt8] = []
            for value: Float in [41.2, 1] { query.append(littleEndian: value.bitPattern) }
            let column = Column(.dense(query))
            let hits = try await search.nearest(
                column, count: 1, field: "v", in: "a", metric: nil, where: nil, limit: 3)
            #expect(hits[0].map(\.key) == [.integer(41), .integer(42), .integer(40)])
            #expect(abs(hits[0][0].score - 0.2) < 1e-3)
            let filtered = try await search.nearest(
                column, count: 1, field: "v", in: "a", metric: .ip,
                where: .compare(field: "page", is: .less, to: .integer(2)), limit: 2)
            #expect(filtered[0].map(\.key) == [.integer(19), .integer(18)])
            await refuses(.unsupported) { [query] in
                _ = try await search.nearest(
                    Column(.dense(query)), count: 1, field: "v", in: "a", metric: .hamming, where: nil, limit: 1)
            }
        },
    ]

    private static func filled(_ store: any Store) async throws {
        try await store.create(store.fit(Sample.plain("a"), into: nil).collection)
        try await store.write(Sample.records(0..<60), to: "a", .first)
        try await store.write(Sample.records(60..<100), to: "a", .first)
        try await store.settle("a")
    }
}
