import Language
import Testing

@Suite struct UnfinishedTests {
    @Test(arguments: [
        ("", nil), ("print 1", nil), ("if true {", "{"), ("if true { print 1 }", nil), ("if a {\nb\n} else {", "{"),
        ("print [1,", "["), ("print (1 +", "("), ("with (\n a=1", "("), ("f([", "["), ("print '''abc", "'''"),
        ("print '''a\nb'''", nil), ("print 1 \\", "\\"), ("print 1 \\  ", "\\"), ("print 'a \\'", nil),
        ("print \"open", nil), ("print # {", nil), ("print '{'", nil), ("}", nil), ("print @ {", nil), ("a }{", "{"),
        ("if true {\n  print 1 # }\n", "{"), ("a\\\nb", nil),
    ])
    func reason(_ text: String, _ reason: String?) { #expect(Unfinished.reason(text) == reason) }
}

@Suite struct SuggestionTests {
    private let words = ["copy", "count", "connect", "peek", "put", "with", "where"]

    @Test(arguments: [
        ("cuont", "count"), ("conut", "count"), ("cont", "count"), ("wiht", "with"), ("COUNT", "count"),
        ("pek", "peek"),
        ("ptu", "put"), ("pt", "put"), ("wher", "where"), ("connnect", "connect"), ("xyz", nil), ("", nil), ("a", nil),
        ("describe", nil), ("größe", nil),
    ])
    func nearest(_ word: String, _ expected: String?) { #expect(Suggestion.nearest(to: word, in: words) == expected) }

    @Test func equalDistancesAreDecidedByName() {
        #expect(Suggestion.nearest(to: "bat", in: ["cat", "bar", "hat"]) == "bar")
    }
}

@Suite struct QuantityTests {
    @Test(arguments: [
        ("500ms", 0.5, Quantity.Kind.duration), ("30s", 30, .duration), ("5m", 300, .duration),
        ("5min", 300, .duration),
        ("1.5h", 5_400, .duration), ("2d", 172_800, .duration), ("1_000s", 1_000, .duration), ("-3s", -3, .duration),
        ("64MB", 64e6, .size), ("64mib", 67_108_864, .size), ("1GiB", 1_073_741_824, .size), ("1b", 1, .size),
        ("2TB", 2e12, .size), ("99%", 99, .percent), ("0.5%", 0.5, .percent),
    ])
    func reads(_ text: String, _ amount: Double, _ kind: Quantity.Kind) {
        let quantity = Quantity(text)
        #expect(quantity?.amount == amount)
        #expect(quantity?.kind == kind)
        #expect(quantity?.spelling == text)
    }

    @Test(arguments: ["", "s", "30", "30x", "3 s", "1__0s", "%", "infs", "0x1s", "1.s", "--3s", "٣s", "1e400s"])
    func refuses(_ text: String) { #expect(Quantity(text) == nil) }

    @Test(arguments: [("2048", 2048), ("1_000", 1000), ("-7", -7), ("0", 0), ("9223372036854775807", Int64.max)])
    func wholeNumbers(_ text: String, _ value: Int64) { #expect(NumberText.integer(text) == value) }

    @Test(arguments: ["", "1.0", "9223372036854775808", "1e3", "_1", "1_", "--1", "+1", "0x10", "١"])
    func noWholeNumbers(_ text: String) { #expect(NumberText.integer(text) == nil) }

    @Test(arguments: ["inf", "nan", "0x1p3", "1e400", "", ".5", "5.", "1__2", "1 "])
    func noDecimals(_ text: String) { #expect(NumberText.double(text) == nil) }
}
