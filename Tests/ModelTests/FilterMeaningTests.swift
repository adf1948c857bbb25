import Model
import TestSupport
import Testing

@Suite struct FilterMeaningTests {
    private static let shape = Collection(
        name: "c", key: KeyField(type: .text(maxLength: nil)),
        vectors: [VectorField(name: "v", dimension: 1, isNullable: true)],
        fields: [
            Field(name: "i", type: .int64), Field(name: "d", type: .double),
            Field(name: "t", type: .text(maxLength: nil)),
            Field(name: "b", type: .bool), Field(name: "j", type: .json), Field(name: "at", type: .timestamp),
        ], isOpen: true)

    /// Whether the filter holds for a record of these fields.
    private func holds(_ filter: Filter, _ fields: String, key: String = "k") throws -> Bool {
        let batch = try Sample.batch([#"{"key":"\#(key)","fields":{\#(fields)}}"#], of: Self.shape)
        return try BoundFilter(filter, Self.shape).holds(row: 0, of: batch)
    }

    private func compare(_ field: String, _ comparison: Filter.Comparison, _ value: Scalar) -> Filter {
        .compare(field: field, is: comparison, to: value)
    }

    @Test func integersAndDoublesAreComparedExactly() throws {
        let big: Int64 = 9_007_199_254_740_993
        #expect(try !holds(compare("i", .equal, .double(9_007_199_254_740_992)), "\"i\":\(big)"))
        #expect(try holds(compare("i", .greater, .double(9_007_199_254_740_992)), "\"i\":\(big)"))
        #expect(try holds(compare("i", .equal, .integer(big)), "\"i\":\(big)"))
        #expect(try holds(compare("i", .less, .double(0x1p63)), "\"i\":\(Int64.max)"))
        #expect(try !holds(compare("i", .equal, .double(0x1p63)), "\"i\":\(Int64.max)"))
        #expect(try holds(compare("i", .equal, .double(-0x1p63)), "\"i\":\(Int64.min)"))
        #expect(try holds(compare("i", .less, .natural(.max)), "\"i\":\(Int64.max)"))
        #expect(try holds(compare("i", .greater, .double(2.5)), "\"i\":3"))
        #expect(try holds(compare("i", .less, .double(-2.5)), "\"i\":-3"))
        #expect(try holds(compare("i", .greater, .double(-2.5)), "\"i\":-2"))
        #expect(try holds(compare("d", .equal, .integer(0)), "\"d\":-0.0"))
        #expect(try holds(compare("j.n", .equal, .natural(.max)), #""j":{"n":18446744073709551615}"#))
        #expect(try !holds(compare("j.n", .equal, .natural(.max - 1)), #""j":{"n":18446744073709551615}"#))
    }

    @Test func nullIsNotAbsentAndNeitherIsAnything() throws {
        for (fields, isThere) in [("\"i\":null", true), ("", false)] {
            #expect(try holds(.exists(field: "i"), fields) == isThere)
            #expect(try holds(compare("i", .equal, .null), fields))
            #expect(try !holds(compare("i", .unequal, .null), fields))
            #expect(try holds(compare("i", .unequal, .integer(1)), fields))
            for comparison in [Filter.Comparison.equal, .less, .lessOrEqual, .greater, .greaterOrEqual] {
                #expect(try !holds(compare("i", comparison, .integer(1)), fields))
            }
            #expect(try !holds(.within(field: "i", values: [.integer(1)]), fields))
            #expect(try holds(.not(of: compare("i", .equal, .integer(1))), fields))
        }
        #expect(try !holds(compare("i", .equal, .null), "\"i\":0"))
        #expect(try holds(compare("extra", .equal, .null), "\"extra\":null"))
        #expect(try !holds(.exists(field: "extra"), ""))
    }

    @Test func textsAreComparedAsBytes() throws {
        #expect(try !holds(compare("t", .equal, .text("é")), "\"t\":\"e\u{301}\""))
        #expect(try holds(compare("t", .greater, .text("Z")), "\"t\":\"a\""))
        #expect(try holds(compare("t", .equal, .text("")), "\"t\":\"\""))
        #expect(try holds(compare("key", .equal, .text("k")), ""))
        #expect(try holds(compare("id", .equal, .text("k")), ""))
    }

    @Test(arguments: [
        ("abc", "abc", true), ("abc", "ABC", false), ("a%", "abc", true), ("%c", "abc", true), ("%b%", "abc", true),
        ("%", "", true), ("%%", "", true), ("%%", "x", true), ("", "", true), ("", "x", false), ("a%", "a", true),
        ("%a", "ba", true), ("%ab", "b", false), ("_bc", "abc", false), ("%文%", "a文b", true),
    ])
    func patterns(_ pattern: String, _ text: String, _ fits: Bool) throws {
        #expect(try holds(.like(field: "t", pattern: Text(pattern)), "\"t\":\"\(text)\"") == fits)
    }

    @Test func pathsGoIntoDocuments() throws {
        let fields = #""j":{"a":{"b":1},"c.d":2,"l":[1]},"x":{"y":"z"},"p.q":5"#
        #expect(try holds(compare("j.a.b", .equal, .integer(1)), fields))
        #expect(try holds(compare("j.c.d", .equal, .integer(2)), fields))
        #expect(try holds(.exists(field: "j.l"), fields))
        #expect(try !holds(compare("j.l", .equal, .integer(1)), fields))
        #expect(try !holds(.exists(field: "j.a.z"), fields))
        #expect(try holds(compare("x.y", .equal, .text("z")), fields))
        #expect(try holds(compare("p.q", .equal, .integer(5)), fields))
    }

    @Test func timestampsAreComparedAsMoments() throws {
        let fields = #""at":"2025-01-01T01:00:00+01:00""#
        #expect(try holds(compare("at", .equal, .text("2025-01-01")), fields))
        #expect(try holds(compare("at", .less, .text("2025-01-01T00:00:00.000001Z")), fields))
        #expect(throws: StoreError.self) { try BoundFilter(self.compare("at", .equal, .text("soon")), Self.shape) }
    }

    @Test func whatCannotBeAskedIsRefused() {
        for filter in [
            compare("i", .equal, .text("1")), compare("t", .equal, .integer(1)), compare("b", .equal, .integer(1)),
            compare("v", .equal, .integer(1)), .like(field: "i", pattern: "1%"), .native(text: "x"),
        ] {
            #expect(throws: StoreError.self) { try BoundFilter(filter, Self.shape) }
        }
        var closed = Self.shape
        closed.isOpen = false
        #expect(throws: StoreError.self) { try BoundFilter(.exists(field: "nothing"), closed) }
    }

    @Test func combinations() throws {
        let yes = Filter.exists(field: "i"), no = Filter.exists(field: "t")
        let table: [(Filter, Bool)] = [
            (.all(of: []), true), (.any(of: []), false), (.all(of: [yes, no]), false), (.any(of: [yes, no]), true),
            (.not(of: .all(of: [yes, no])), true), (.not(of: no), true),
        ]
        for (filter, expected) in table { #expect(try holds(filter, "\"i\":1") == expected) }
        #expect(Filter.all(of: [yes, .all(of: [no, yes])]).conjuncts == [yes, no, yes])
        #expect(Filter(conjuncts: []) == nil && Filter(conjuncts: [no]) == no)
    }
}
